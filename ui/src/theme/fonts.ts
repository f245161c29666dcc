import type { FontObject } from "@openai/chatkit";

const registered = new Set<string>();

/** Register web fonts with the document: a shadow root ignores `@font-face`. */
export function registerFonts(sources: readonly FontObject[]): void {
  for (const source of sources) {
    const key = JSON.stringify(source);
    if (registered.has(key) || typeof FontFace === "undefined") continue;
    registered.add(key);
    document.fonts.add(face(source));
  }
}

function face({ family, src, weight, style, display, unicodeRange }: FontObject): FontFace {
  return new FontFace(unquoted(family), `url(${JSON.stringify(src)})`, {
    ...(weight !== undefined && { weight: String(weight) }),
    ...(style && { style }),
    ...(display && { display }),
    ...(unicodeRange && { unicodeRange }),
  });
}

/** A family may be given as it stands in CSS, where a name with a space has quotes. */
function unquoted(family: string): string {
  return family.replace(/^(["'])(.*)\1$/, "$2");
}
