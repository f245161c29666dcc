import type { BlockToken } from "./tokens";

/** A block at the top of a text. */
export class Block {
  /** Its place among the blocks: it stays the same while the text grows. */
  readonly key: number;
  /** Where it begins in the text, in UTF-16 units. */
  readonly start: number;
  readonly source: string;
  #token: BlockToken | undefined;
  #restore: (() => void) | undefined;

  constructor(key: number, start: number, source: string, token: BlockToken) {
    this.key = key;
    this.start = start;
    this.source = source;
    this.#token = token;
  }

  get token(): BlockToken {
    if (!this.#token) this.#restore!();
    return this.#token!;
  }

  /** The same block, made of another token. */
  with(token: BlockToken): Block {
    return new Block(this.key, this.start, this.source, token);
  }

  /** Forget the token, which is many times as large as its source, until `restore` is needed. */
  release(restore: () => void): void {
    this.#token = undefined;
    this.#restore = restore;
  }

  restore(token: BlockToken | undefined): void {
    this.#token ??= token ?? plain(this.source);
  }
}

/** A paragraph of a text as it is. */
function plain(text: string): BlockToken {
  return { type: "paragraph", raw: text, text, tokens: [{ type: "text", raw: text, text }] };
}
