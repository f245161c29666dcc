/**
 * Blocks that are sealed in parts while they still grow: a list by items, a table by rows, a
 * code block by runs of lines, a paragraph by words.
 *
 * What was sealed is taken out of the text that is lexed again. In its place stands a `head`,
 * by which the lexer reads the rest as it would read it in the whole: a table's first two
 * lines, a fence's first line, a word of a paragraph.
 */

import { settled } from "./inert";
import { CHUNK_LINES } from "./lexer";
import { addDefinitions } from "./references";
import {
  type BlockToken,
  blocks,
  type CodeToken,
  type InlineToken,
  inlines,
  type Links,
  type Tokens,
} from "./tokens";

export interface Growing {
  /** What the lexer must see before the rest of the block. */
  readonly head: string;
  /** The whole block, from a token of its rest; nothing when the rest no longer continues it. */
  join(token: BlockToken): BlockToken | undefined;
  /**
   * Seal what is settled in a token of the rest, and note the definitions in it; the length of
   * the text that it took.
   */
  take(token: BlockToken, text: string, links: Links): number;
}

/** How to seal a block in parts, if there is a way. */
export function growing(token: BlockToken): Growing | undefined {
  switch (token.type) {
    case "list":
      return new GrowingList(token);
    case "table":
      return new GrowingTable(token);
    case "code":
      return token.codeBlockStyle === "indented" ? undefined : new GrowingCode(token);
    case "paragraph":
      return new GrowingParagraph();
    default:
      return undefined;
  }
}

/** The last item can still change, and the one before it while the last is not surely one. */
const OPEN_ITEMS = 2;

class GrowingList implements Growing {
  readonly head = "";
  readonly #first: Tokens.List;
  readonly #items: Tokens.ListItem[] = [];
  #loose = false;

  constructor(first: Tokens.List) {
    this.#first = first;
  }

  join(token: BlockToken): Tokens.List | undefined {
    if (token.type !== "list" || marker(token) !== marker(this.#first)) return undefined;
    const items = [...this.#items, ...token.items];
    return { ...token, start: this.#first.start, loose: this.#loose || token.loose, items };
  }

  take(token: BlockToken, text: string, links: Links): number {
    if (token.type !== "list") return 0;
    const items = token.items.slice(0, -OPEN_ITEMS);
    const raw = items.map((item) => item.raw).join("");
    if (!text.startsWith(raw)) return 0;
    this.#items.push(...items);
    for (const item of items) addDefinitions(blocks(item), links);
    this.#loose ||= items.some(isLoose);
    return raw.length;
  }
}

function marker({ raw }: Tokens.List): string {
  return /^ *\d*(.)/.exec(raw)?.[1] ?? "";
}

/** Does an item that another follows make its list loose? The two rules of `marked`. */
function isLoose({ raw, tokens }: Tokens.ListItem): boolean {
  return (
    /\n[ \t]*\n[ \t]*$/.test(raw) ||
    tokens.some(({ type, raw }) => type === "space" && /\n.*\n/.test(raw))
  );
}

/** The last row can still grow. */
const OPEN_ROWS = 1;

class GrowingTable implements Growing {
  head = "";
  readonly #first: Tokens.Table;
  readonly #rows: Tokens.TableCell[][] = [];

  constructor(first: Tokens.Table) {
    this.#first = first;
  }

  join(token: BlockToken): Tokens.Table | undefined {
    if (token.type !== "table") return undefined;
    return { ...token, header: this.#first.header, rows: [...this.#rows, ...token.rows] };
  }

  take(token: BlockToken, text: string): number {
    if (token.type !== "table" || token.rows.length <= OPEN_ROWS) return 0;
    const rows = token.rows.slice(0, -OPEN_ROWS);
    const header = this.head ? 0 : afterLines(text, 2);
    this.head ||= text.slice(0, header);
    this.#rows.push(...rows);
    return afterLines(text, rows.length, header);
  }
}

class GrowingCode implements Growing {
  head = "";
  readonly #lang: string | undefined;
  readonly #chunks: string[] = [];

  constructor({ lang }: CodeToken) {
    this.#lang = lang;
  }

  join(token: BlockToken): CodeToken | undefined {
    if (token.type !== "code" || token.lang !== this.#lang) return undefined;
    return { ...token, chunks: [...this.#chunks, ...token.chunks] };
  }

  take(token: BlockToken, text: string): number {
    if (token.type !== "code") return 0;
    // A line that is the only one of its chunk may turn out to be the fence that closes the block
    const isOpen = !token.closed && !token.chunks.at(-1)!.includes("\n");
    const chunks = token.chunks.slice(0, isOpen ? -2 : -1);
    if (chunks.length === 0) return 0;
    const fence = this.head ? 0 : afterLines(text, 1);
    this.head ||= text.slice(0, fence);
    this.#chunks.push(...chunks);
    return afterLines(text, chunks.length * CHUNK_LINES, fence);
  }
}

/** A paragraph longer than this is sealed up to its last so many characters. */
const LONG_PARAGRAPH = 1500;
const OPEN_CHARACTERS = 500;

class GrowingParagraph implements Growing {
  head = "";
  readonly #tokens: InlineToken[] = [];

  join(token: BlockToken): Tokens.Paragraph | Tokens.Heading | undefined {
    if (token.type !== "paragraph" && token.type !== "heading") return undefined;
    const [first, ...rest] = inlines(token);
    if (first?.type !== "text" || !first.raw.startsWith(this.head)) return undefined;
    const raw = first.raw.slice(this.head.length);
    return { ...token, tokens: [...this.#tokens, { ...first, raw, text: raw }, ...rest] };
  }

  take(token: BlockToken, text: string): number {
    if (token.type !== "paragraph" || token.text.length < LONG_PARAGRAPH) return 0;
    if (!(this.head + text).startsWith(token.text)) return 0;
    const [first, ...others] = inlines(token);
    const raw = first?.raw.slice(this.head.length) ?? "";
    if (first?.type !== "text") return 0;
    const tokens = [{ ...first, raw, text: raw }, ...others];
    const { tokens: done, length } = settled(tokens, token.text.length - OPEN_CHARACTERS);
    if (length === 0) return 0;
    this.#tokens.push(...done);
    this.head = "x ";
    return length;
  }
}

/** The index after so many lines. */
function afterLines(text: string, count: number, from = 0): number {
  let at = from;
  for (let line = 0; line < count; line++) {
    const end = text.indexOf("\n", at);
    if (end < 0) return text.length;
    at = end + 1;
  }
  return at;
}
