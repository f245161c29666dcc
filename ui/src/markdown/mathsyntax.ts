/**
 * Where LaTeX stands in Markdown: `$a$`, `\(a\)`, `$$a$$` and `\[a\]`, the last two also as
 * blocks of several lines.
 *
 * A single dollar is more often money than math. So `$a$` has no space just inside, stays on
 * one line, and neither follows nor precedes a letter or a digit.
 */

import type { MathToken } from "./tokens";

const SPANS = [
  /\$\$((?:\\[^]|[^\\$])+?)\$\$/,
  /\\\[([^]+?)\\\]/,
  /\\\(([^]+?)\\\)/,
  /\$(?![\s$])((?:\\.|[^\\$\n`])*?(?:\\.|[^\\$\s`]))\$(?![\p{L}\p{N}$])/u,
];
const SPAN = new RegExp(`^(?:${SPANS.map(({ source }) => source).join("|")})`, "u");
const SPAN_OR_ESCAPE = new RegExp(
  `\\\\[^(\\[]|${SPANS.map(({ source }) => source).join("|")}`,
  "gu",
);

/** A block's first line, if more may follow: nothing but the delimiter, or what looks like TeX. */
const OPENING =
  /^ {0,3}(?:\$\$(?:[ \t]*(?:\n|$)|(?:(?!\$\$).)*[\\=])|\\\[(?:[ \t]*(?:\n|$)|(?:(?!\\\]).)*[\\=]))/;
const CLOSED =
  /^ {0,3}(?:\$\$((?:(?!\$\$|\n[ \t]*\n)[^])+)\$\$|\\\[((?:(?!\\\]|\n[ \t]*\n)[^])+)\\\])[ \t]*(?:\n|$)/;
const UNCLOSED = /^ {0,3}(?:\$\$(?:(?!\$\$|\n[ \t]*\n)[^])*|\\\[(?:(?!\\\]|\n[ \t]*\n)[^])*)$/;
const WORD_END = /[\p{L}\p{N}$]$/u;

/** Could a text hold math at all? */
export function mayHoldMath(text: string): boolean {
  return text.includes("$") || text.includes("\\(") || text.includes("\\[");
}

/** The formula that a run of text begins with, when `before` is what stands before it. */
export function inlineMath(text: string, before: string): MathToken | undefined {
  const first = text[0];
  if (first !== "$" && first !== "\\") return undefined;
  const match = SPAN.exec(text);
  if (!match) return undefined;
  const [raw, dollars, brackets, parens, dollar] = match;
  if (dollar !== undefined && WORD_END.test(before)) return undefined;
  const display = dollars ?? brackets;
  const tex = (display ?? parens ?? dollar ?? "").trim();
  return { type: "math", raw, tex, display: display !== undefined, closed: true };
}

/** The formula on lines of its own that a text begins with; without its end, up to the text's. */
export function blockMath(text: string): MathToken | undefined {
  const opening = OPENING.test(text);
  const closed = CLOSED.exec(text);
  if (closed && (opening || !closed[0].trim().includes("\n"))) {
    const tex = (closed[1] ?? closed[2] ?? "").trim();
    return { type: "math", raw: closed[0], tex, display: true, closed: true };
  }
  if (!opening || !UNCLOSED.test(text)) return undefined;
  return {
    type: "math",
    raw: text,
    tex: text.trim().slice(2).trim(),
    display: true,
    closed: false,
  };
}

/** Where a paragraph may be interrupted by a formula, or -1. */
export function blockMathStart(text: string): number {
  const end = text.indexOf("\n\n");
  const paragraph = end < 0 ? text : text.slice(0, end);
  const at = paragraph.search(/\n {0,3}(?:\$\$|\\\[)/);
  return at < 0 ? at : at + 1;
}

/** The text with its formulas blotted out, so that no `*` or `_` in them is taken for emphasis. */
export function maskMath(text: string): string {
  return text.replace(SPAN_OR_ESCAPE, (match) =>
    /^\\[^([]/.test(match) ? match : "a".repeat(match.length),
  );
}
