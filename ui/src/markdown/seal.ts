/**
 * Where a growing text can be cut so that what stands before the cut never changes again.
 *
 * A cut between two blocks is safe when no later text can move it: the text before it must
 * read the same, and the text after it must read the same on its own. A blank line settles the
 * first for everything but a list, and the line after the blank one, once complete, settles that
 * too. Without a blank line a paragraph could still become a setext heading that swallows what
 * follows, so one of the two blocks must be of a kind that no heading runs across.
 */

import type { BlockToken } from "./tokens";

/** A block token, and how many characters of the text it took. */
export interface Piece {
  token: BlockToken;
  length: number;
}

/** How many of the pieces to seal, and the length of the text that they take. */
export interface Cut {
  count: number;
  length: number;
}

/** The last safe cut in a text that was lexed to these pieces. */
export function lastCut(pieces: readonly Piece[], text: string): Cut {
  let cut = { count: 0, length: 0 };
  let length = 0;
  for (let count = 1; count < pieces.length; count++) {
    const [before, after] = [pieces[count - 1]!, pieces[count]!];
    length += before.length;
    if (!isFaithful(before, text, length)) break;
    if (isSafe(before.token, after.token, text, length)) cut = { count, length };
  }
  return cut;
}

/** Did the token take just what it says? `marked` adds a newline to some that it puts together. */
function isFaithful({ token, length }: Piece, text: string, end: number): boolean {
  return text.endsWith(token.raw.slice(token.raw.length - length), end);
}

function isSafe(before: BlockToken, after: BlockToken, text: string, at: number): boolean {
  if (after.type === "space") return false;
  if (before.type === "space") return hasLines(text, at, 1);
  return (isBarrier(before) || isBarrier(after)) && hasLines(text, at, 2);
}

/** No setext heading runs across the first lines of such a block: see `lheading` in `marked`. */
function isBarrier({ type, raw }: BlockToken): boolean {
  switch (type) {
    case "blockquote":
    case "hr":
      return true;
    case "heading":
      return /^ {0,3}#/.test(raw);
    case "list":
      return /^ {0,3}(?:[*+-]|\d{1,9}[.)]) /.test(raw);
    case "code":
      return /^ {0,3}(?:`{3}|~{3})/.test(raw);
    case "table":
      return /^ *[^<\s].*\n.*\|/.test(raw); // a tag alone on a line is read by what stands before it
    default:
      return false;
  }
}

/** Are so many lines complete, from `at` on? */
function hasLines(text: string, at: number, count: number): boolean {
  let end = at - 1;
  for (let line = 0; line < count; line++) {
    end = text.indexOf("\n", end + 1);
    if (end < 0) return false;
  }
  return true;
}
