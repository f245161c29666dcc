/**
 * Where citations stand among the tokens of a block.
 *
 * `marked` doesn't say where in the text a token stands, and takes markers and indentation out
 * of what it nests. But it keeps lines: the n-th line of a list item or a quote is the end of
 * the n-th line of its source. So each run of inline tokens is found by its lines.
 */

import type { Source } from "../wire/types";
import type { Block } from "./block";
import { type BlockToken, blocks, type InlineToken, inlines } from "./tokens";

/** A source that is cited, and where: an index into the text, or into a run of it. */
export interface Cite {
  readonly source: Source;
  /** Its number in the list of sources. */
  readonly number: number;
  readonly at: number;
}

/** Citations of a block: in runs of inline tokens, and after tokens that take none within. */
export interface Marks {
  /** By the run: offsets into its source. */
  readonly runs: ReadonlyMap<unknown, readonly Cite[]>;
  readonly after: ReadonlyMap<BlockToken, readonly Cite[]>;
}

export const NO_MARKS: Marks = { runs: new Map(), after: new Map() };

/** A place for citations: a line of a run of inline tokens, or a token that is passed whole. */
type Anchor = { start: number } & (
  | { run: readonly InlineToken[]; offset: number; length: number }
  | { token: BlockToken }
);

/** Place citations in the block that they belong to. Each stands after what precedes it. */
export function place(block: Block, cites: readonly Cite[]): Marks {
  if (cites.length === 0) return NO_MARKS;
  const anchors = new Anchors(block.source).of(block.token);
  const runs = new Map<unknown, Cite[]>();
  const after = new Map<BlockToken, Cite[]>();
  for (const cite of cites) {
    const index = cite.at - block.start;
    const anchor = anchors.findLast(({ start }) => start < index) ?? anchors[0];
    if (anchor && "run" in anchor) {
      const inLine = Math.max(0, Math.min(index - anchor.start, anchor.length));
      push(runs, anchor.run, { ...cite, at: anchor.offset + inLine });
    } else {
      push(after, anchor?.token ?? block.token, cite);
    }
  }
  return { runs, after };
}

function push<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

/** The anchors of a block, in the order of its source. */
class Anchors {
  readonly #lines: string[];
  readonly #starts: number[] = [];
  readonly #found: Anchor[] = [];

  constructor(source: string) {
    this.#lines = source.split("\n");
    let start = 0;
    for (const line of this.#lines) {
      this.#starts.push(start);
      start += line.length + 1;
    }
  }

  of(token: BlockToken): Anchor[] {
    this.#block(token, 0);
    return this.#found;
  }

  /** Visit a token that begins on a line. */
  #block(token: BlockToken, line: number): void {
    switch (token.type) {
      case "paragraph":
      case "heading":
      case "text":
        return this.#run(inlines(token), line);
      case "blockquote":
        return this.#blocks(blocks(token), line);
      case "list":
        for (const item of token.items) {
          this.#blocks(blocks(item), line);
          line += lineCount(item.raw);
        }
        return;
      case "table":
        [token.header, ...token.rows].forEach((cells, row) =>
          this.#row(cells.map(inlines), line + (row && row + 1)),
        );
        return;
      case "space":
      case "def":
      case "checkbox":
        return;
      default:
        this.#found.push({ start: this.#start(line), token });
    }
  }

  #blocks(tokens: readonly BlockToken[], first: number): void {
    let line = first;
    for (const token of tokens) {
      this.#block(token, line);
      line += lineCount(token.raw);
    }
  }

  #run(run: readonly InlineToken[], first: number): void {
    let offset = 0;
    for (const [i, text] of sourceOf(run).split("\n").entries()) {
      const column = (this.#lines[first + i] ?? "").lastIndexOf(text);
      const start = this.#start(first + i) + Math.max(0, column);
      this.#found.push({ start, run, offset, length: text.length });
      offset += text.length + 1;
    }
  }

  #row(cells: InlineToken[][], line: number): void {
    const source = this.#lines[line] ?? "";
    let column = /^\s*\|?/.exec(source)![0].length;
    for (const run of cells) {
      const text = sourceOf(run);
      const found = source.indexOf(text, column);
      if (found >= 0) column = found;
      const start = this.#start(line) + column;
      this.#found.push({ start, run, offset: 0, length: text.length });
      const end = source.indexOf("|", column + text.length);
      column = end < 0 ? source.length : end + 1;
    }
  }

  #start(line: number): number {
    return this.#starts[line] ?? this.#starts.at(-1)!;
  }
}

function lineCount(raw: string): number {
  return raw.split("\n").length - 1;
}

function sourceOf(run: readonly InlineToken[]): string {
  return run.map(({ raw }) => raw).join("");
}
