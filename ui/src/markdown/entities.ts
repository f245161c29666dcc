/**
 * Character references. The names are the ones that people and models write; of the other two
 * thousand each stays as it was written.
 */

const NAMES =
  "amp:& lt:< gt:> quot:\" apos:' nbsp:\u00a0 ensp:\u2002 emsp:\u2003 thinsp:\u2009 shy:\u00ad " +
  "zwj:\u200d zwnj:\u200c lrm:\u200e rlm:\u200f " +
  "copy:© reg:® trade:™ hellip:… mdash:— ndash:– lsquo:‘ rsquo:’ sbquo:‚ ldquo:“ rdquo:” bdquo:„ " +
  "laquo:« raquo:» lsaquo:‹ rsaquo:› bull:• middot:· sect:§ para:¶ dagger:† Dagger:‡ permil:‰ " +
  "deg:° plusmn:± times:× divide:÷ minus:− frac12:½ frac14:¼ frac34:¾ sup1:¹ sup2:² sup3:³ " +
  "micro:µ cent:¢ pound:£ yen:¥ euro:€ curren:¤ iexcl:¡ iquest:¿ ordf:ª ordm:º not:¬ " +
  "larr:← uarr:↑ rarr:→ darr:↓ harr:↔ lArr:⇐ rArr:⇒ hArr:⇔ ne:≠ le:≤ ge:≥ asymp:≈ equiv:≡ " +
  "infin:∞ sum:∑ prod:∏ radic:√ int:∫ part:∂ nabla:∇ isin:∈ notin:∉ sub:⊂ sup:⊃ cap:∩ cup:∪ " +
  "empty:∅ forall:∀ exist:∃ and:∧ or:∨ alpha:α beta:β gamma:γ delta:δ epsilon:ε theta:θ lambda:λ " +
  "mu:μ pi:π rho:ρ sigma:σ tau:τ phi:φ omega:ω Delta:Δ Sigma:Σ Omega:Ω Pi:Π check:✓ star:☆ hearts:♥ " +
  "auml:ä ouml:ö uuml:ü Auml:Ä Ouml:Ö Uuml:Ü szlig:ß agrave:à aacute:á acirc:â aring:å aelig:æ " +
  "ccedil:ç egrave:è eacute:é ecirc:ê euml:ë iacute:í icirc:î iuml:ï ntilde:ñ oacute:ó ocirc:ô " +
  "oslash:ø uacute:ú ucirc:û num:# lpar:( rpar:) lbrack:[ rbrack:] lsqb:[ rsqb:] lcub:{ rcub:} " +
  "vert:| bsol:\\ sol:/ ast:* lowbar:_ grave:` tilde:˜ dollar:$ percnt:% commat:@ colon:: semi:; " +
  "comma:, period:. excl:! quest:? plus:+ equals:= hyphen:‐ Tab:\t NewLine:\n";

const CHARACTERS = new Map(
  NAMES.split(/ (?=[A-Za-z0-9]+:)/).map((entry): [string, string] => {
    const colon = entry.indexOf(":");
    return [entry.slice(0, colon), entry.slice(colon + 1)];
  }),
);

const REFERENCE = /&(?:#(\d{1,7})|#[Xx]([0-9A-Fa-f]{1,6})|([A-Za-z][A-Za-z0-9]*));/g;

/** The text with each reference replaced by the character that it names. */
export function decoded(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(REFERENCE, (reference, decimal?: string, hex?: string, name?: string) => {
    if (name) return CHARACTERS.get(name) ?? reference;
    return character(decimal ? Number.parseInt(decimal, 10) : Number.parseInt(hex!, 16));
  });
}

/** What no text may hold becomes a replacement character, as in CommonMark. */
function character(code: number): string {
  const isBad = code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff);
  return isBad ? "\ufffd" : String.fromCodePoint(code);
}
