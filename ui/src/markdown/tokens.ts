/**
 * What a Markdown text is made of: the tokens of `marked`, and ours for math.
 */

import type { Links, Tokens } from "marked";

export type { Links, Tokens };

/** A formula. One that is not closed yet is shown as its source. */
export interface MathToken {
  type: "math";
  raw: string;
  tex: string;
  /** On lines of its own, or written as if it were. */
  display: boolean;
  closed: boolean;
}

/** A code block. */
export interface CodeToken extends Tokens.Code {
  /** Its text in runs of lines, of which only the last can grow. */
  chunks: readonly string[];
  /** Has its fence been closed? An indented block has none to wait for. */
  closed: boolean;
}

export type InlineToken =
  | MathToken
  | Tokens.Br
  | Tokens.Checkbox
  | Tokens.Codespan
  | Tokens.Del
  | Tokens.Em
  | Tokens.Escape
  | Tokens.Image
  | Tokens.Link
  | Tokens.Strong
  | Tokens.Tag
  | Tokens.Text;

export type BlockToken =
  | CodeToken
  | MathToken
  | Tokens.Blockquote
  | Tokens.Checkbox
  | Tokens.Def
  | Tokens.Heading
  | Tokens.Hr
  | Tokens.HTML
  | Tokens.List
  | Tokens.Paragraph
  | Tokens.Space
  | Tokens.Table
  | Tokens.Text;

/** Is a token something that is shown? */
export function isShown({ type }: BlockToken): boolean {
  return type !== "space" && type !== "def";
}

/** The inline tokens that a token holds. `marked` types them more loosely than it makes them. */
export function inlines(token: { tokens?: unknown[] }): InlineToken[] {
  return (token.tokens ?? []) as InlineToken[];
}

/** The block tokens that a token holds. */
export function blocks(token: { tokens?: unknown[] }): BlockToken[] {
  return (token.tokens ?? []) as BlockToken[];
}
