/**
 * Markdown to tokens: the lexer of `marked`, with math, and with its state kept from leaking
 * from one block into the next, since blocks are lexed apart from each other.
 */

import { type Hooks, Lexer, type MarkedOptions, Tokenizer, type TokensList } from "marked";

import { blockMath, blockMathStart, inlineMath, maskMath, mayHoldMath } from "./mathsyntax";
import type { BlockToken, CodeToken, Links, Tokens } from "./tokens";

/** A definition ends within so many lines: `[label]:`, the address and the title. */
const DEFINITION_LINES = 3;

/** Lines in a chunk of a code block. */
export const CHUNK_LINES = 40;

/** A fenced block with its closing fence. */
const FENCED = /^ {0,3}(`{3,}|~{3,})[^]*\n {0,3}\1[`~]* *\n*$/;

/** What is nested deeper is plain text: the stack has an end, and readers have one before it. */
const DEEPEST = 48;

class Grammar extends Tokenizer {
  #depth = 0;

  override blockquote(src: string): Tokens.Blockquote | undefined {
    return this.#nested(() => super.blockquote(src));
  }

  override list(src: string): Tokens.List | undefined {
    return this.#nested(() => super.list(src));
  }

  override emStrong(
    src: string,
    maskedSrc: string,
    prevChar?: string,
  ): Tokens.Em | Tokens.Strong | undefined {
    return this.#nested(() => super.emStrong(src, maskedSrc, prevChar));
  }

  override del(src: string, maskedSrc: string, prevChar?: string): Tokens.Del | undefined {
    return this.#nested(() => super.del(src, maskedSrc, prevChar));
  }

  /** Read something that may hold more of its kind. */
  #nested<T>(read: () => T | undefined): T | undefined {
    if (this.#depth === DEEPEST) return undefined;
    this.#depth += 1;
    try {
      return read();
    } finally {
      this.#depth -= 1;
    }
  }

  /** `marked` lets a title run on over blank lines, so that a late quote could swallow blocks. */
  override def(src: string): Tokens.Def | undefined {
    return /^ {0,3}\[/.test(src) ? super.def(firstLines(src, DEFINITION_LINES)) : undefined;
  }

  override code(src: string): CodeToken | undefined {
    return inChunks(super.code(src), true);
  }

  override fences(src: string): CodeToken | undefined {
    const token = super.fences(src);
    return inChunks(token, FENCED.test(token?.raw ?? ""));
  }

  /** Raw HTML is shown as text, so an `<a>` or a `<pre>` left open must change nothing after it. */
  override tag(src: string): Tokens.Tag | undefined {
    const { state } = this.lexer;
    const { inLink, inRawBlock } = state;
    const token = super.tag(src);
    Object.assign(state, { inLink, inRawBlock });
    return token;
  }

  /** Plain text ends where a formula may begin. */
  override inlineText(src: string): Tokens.Text | undefined {
    const token = super.inlineText(src);
    const dollar = token ? token.raw.indexOf("$", 1) : -1;
    if (!token || dollar < 0) return token;
    const raw = token.raw.slice(0, dollar);
    return { ...token, raw, text: raw };
  }
}

const plain: MarkedOptions = { gfm: true, tokenizer: new Grammar() };

const withMath: MarkedOptions = {
  gfm: true,
  tokenizer: new Grammar(),
  hooks: { emStrongMask: maskMath } as Hooks,
  extensions: {
    renderers: {},
    childTokens: {},
    block: [(src) => blockMath(src)],
    startBlock: [blockMathStart],
    inline: [(src, tokens) => inlineMath(src, tokens.at(-1)?.raw ?? "")],
  },
};

/** What a lexer made of a text, and the reference definitions that it knew or found. */
export interface Lexed {
  tokens: BlockToken[];
  links: Links;
}

/**
 * Lex a text, or a part of one that begins where a block does.
 *
 * `known` are definitions that stand elsewhere in the text. The first of a label wins.
 */
export function lex(text: string, known?: Links): Lexed {
  const lexer = new Lexer(mayHoldMath(text) ? withMath : plain);
  Object.assign(lexer.tokens.links, known);
  const tokens: TokensList = lexer.lex(text);
  return { tokens: [...tokens] as BlockToken[], links: tokens.links };
}

/** `marked` keeps the last newline only when a blank line stands before it: drop it always. */
function inChunks(token: Tokens.Code | undefined, closed: boolean): CodeToken | undefined {
  if (!token) return undefined;
  const lines = token.text.replace(/\n$/, "").split("\n");
  const chunks: string[] = [];
  for (let line = 0; line < lines.length; line += CHUNK_LINES) {
    chunks.push(lines.slice(line, line + CHUNK_LINES).join("\n"));
  }
  return { ...token, chunks, closed };
}

function firstLines(text: string, count: number): string {
  let end = -1;
  for (let line = 0; line < count; line++) {
    end = text.indexOf("\n", end + 1);
    if (end < 0) return text;
  }
  return text.slice(0, end + 1);
}
