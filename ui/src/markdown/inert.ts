/**
 * How far into a paragraph its inline tokens are settled: nothing that may follow changes them.
 *
 * They are settled up to a word that begins after a space when all delimiters before it have
 * found their partner, or can have none.
 */

import { type InlineToken, inlines } from "./tokens";

/** Could open or close something: code, a tag, a link, a formula, a table's cell, an escape. */
const OPEN_ENDED = /[`<\\$|[\]]/;
/** Brackets that name a reference nobody has defined; a later definition is seen to elsewhere. */
const REFERENCE = /\[[^\][\n]*\](?=[\s.,;!?])/g;
/** `2 * 3` and `snake_case` are no emphasis. */
const EMPHASIS = /(?<!\s)[*~]|[*~](?!\s)|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/u;
/** Between two words, or two characters of a script that is written without spaces. */
const CJK = "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}";
const WORD_START = new RegExp(
  `(?<=[\\p{L}\\p{N}.,;:!?)] )(?=[\\p{L}\\p{N}])|(?<=[${CJK}，。、；：！？])(?=[${CJK}])`,
  "gu",
);

export interface Settled {
  /** Settled tokens, the last of them perhaps a part of one. */
  tokens: InlineToken[];
  length: number;
}

/** The settled tokens within the first `limit` characters. */
export function settled(tokens: readonly InlineToken[], limit: number): Settled {
  let best: Settled = { tokens: [], length: 0 };
  let length = 0;
  for (const [i, token] of tokens.entries()) {
    if (length >= limit || !isInert(token)) break;
    const at = token.type === "text" ? lastWordStart(token.raw, limit - length) : 0;
    if (at) best = { tokens: [...tokens.slice(0, i), cutText(token, at)], length: length + at };
    length += token.raw.length;
  }
  return best;
}

function lastWordStart(text: string, limit: number): number {
  let last = 0;
  for (const { index } of text.matchAll(WORD_START)) {
    if (index > limit) break;
    last = index;
  }
  return last;
}

function cutText(token: InlineToken, at: number): InlineToken {
  const raw = token.raw.slice(0, at);
  return { type: "text", raw, text: raw, escaped: false };
}

function isInert(token: InlineToken): boolean {
  switch (token.type) {
    case "text":
      return isInertText(token.raw);
    case "em":
    case "strong":
    case "del":
      return inlines(token).every(isInert);
    case "link":
      return token.autolink
        ? !OPEN_ENDED.test(token.href)
        : !OPEN_ENDED.test(`${token.href}${token.title ?? ""}`) && inlines(token).every(isInert);
    case "codespan":
      return !/[$\\|]/.test(token.raw);
    case "escape":
      return !/[$|]/.test(token.raw);
    case "math":
      return !token.raw.includes("|");
    case "br":
      return true;
    default:
      return false;
  }
}

function isInertText(text: string): boolean {
  const rest = text.replace(REFERENCE, "");
  return !OPEN_ENDED.test(rest) && !EMPHASIS.test(rest);
}
