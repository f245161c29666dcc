/**
 * A Markdown text that grows: what was shown stays as it is, and only the end is lexed again.
 *
 * Blocks are sealed at cuts that no later text can move (`seal`), and those that grow large are
 * sealed in parts (`growing`). So the cost of a delta depends on the size of the last block or
 * two, not on that of the text. At every moment the blocks are those of a fresh lexing of the
 * whole text: a definition that comes after its references has the blocks that refer to it
 * lexed again, and only those.
 */

import { batch, type ReadonlySignal, signal } from "@preact/signals";

import { Block } from "./block";
import { type Growing, growing } from "./growing";
import { lex } from "./lexer";
import { paced, type Schedule } from "./pace";
import { addDefinitions, changedLabels, noLinks, refersTo } from "./references";
import { same } from "./same";
import { lastCut, type Piece } from "./seal";
import { SourceText } from "./source";
import { type BlockToken, isShown, type Links } from "./tokens";

/** A block that is sealed in parts: where it began, and the text that was taken from it. */
interface Open {
  readonly growing: Growing;
  readonly start: number;
  source: string;
}

export class MarkdownDocument {
  readonly #sealed = signal<readonly Block[]>([]);
  readonly #tail = signal<readonly Block[]>([]);
  #schedule: Schedule | undefined;
  #source = new SourceText();
  #pending = "";
  /** The text from the last cut on, without what was taken from the open block. */
  #rest = "";
  #restStart = 0;
  #open: Open | undefined;
  /** The first block of the rest is not to be sealed in parts: it turned into something else. */
  #whole = false;
  /** The definitions before the rest, and all that the blocks were made with. */
  #sealedLinks = noLinks();
  #links = noLinks();

  /** `schedule` decides when deltas are shown; by default as often as the machine allows. */
  constructor(text = "", schedule?: Schedule) {
    this.#schedule = schedule;
    if (text) this.replace(text);
  }

  /**
   * Blocks that no later text changes. The list only grows, and its blocks stay the same
   * objects, but for those that refer to a definition which comes after them.
   */
  get sealed(): ReadonlySignal<readonly Block[]> {
    return this.#sealed;
  }

  /** The blocks after the sealed ones. */
  get tail(): ReadonlySignal<readonly Block[]> {
    return this.#tail;
  }

  /** The whole text, also what is not shown yet. */
  get text(): string {
    return this.#source.text;
  }

  /** The index in the text of the place after so many code points. */
  indexOf(point: number): number {
    return this.#source.indexOf(point);
  }

  /** Add to the end of the text, to be shown soon. */
  append(delta: string): void {
    this.#pending += this.#source.push(delta);
    if (!this.#pending) return;
    this.#schedule ??= paced();
    this.#schedule(() => this.flush());
  }

  /** Show what was added, now. */
  flush(): void {
    if (!this.#pending) return;
    this.#rest += this.#pending;
    this.#pending = "";
    batch(() => this.#advance());
  }

  /** Take another text in place of this one. Blocks that are in both stay the same objects. */
  replace(text: string): void {
    const before = this.#all();
    const kept = (block: Block) => {
      const old = before[block.key];
      return old && isAlike(old, block) && same(shown(old), shown(block)) ? old : block;
    };
    batch(() => {
      this.#reset(text);
      this.flush();
      this.#sealed.value = this.#sealed.peek().map(kept);
      this.#tail.value = this.#tail.peek().map(kept);
    });
  }

  /** The text is complete: lex it once more as a whole, lest anything differ. */
  finish(text = this.text): void {
    this.replace(text);
  }

  /** Forget what can be had again from the text: of a text that is complete, and shown. */
  release(): void {
    const blocks = this.#all();
    const text = this.text.slice(0, this.text.length - this.#pending.length);
    const restore = () => {
      const tokens = lex(text).tokens.filter(isShown);
      blocks.forEach((block, i) => block.restore(tokens[i]));
    };
    for (const block of blocks) block.release(restore);
  }

  #all(): Block[] {
    return [...this.#sealed.peek(), ...this.#tail.peek()];
  }

  #reset(text: string): void {
    this.#source = new SourceText();
    this.#pending = this.#source.push(text);
    this.#rest = "";
    this.#restStart = 0;
    this.#open = undefined;
    this.#whole = false;
    this.#sealedLinks = noLinks();
    this.#links = noLinks();
    this.#sealed.value = [];
    this.#tail.value = [];
  }

  /** Lex the rest, and seal what can be sealed of it. */
  #advance(): void {
    const head = this.#open?.growing.head ?? "";
    const { tokens, links } = lex(head + this.#rest, this.#sealedLinks);
    const pieces: Piece[] = tokens.map((token) => ({ token, length: token.raw.length }));
    const [first] = pieces;
    const joined = first && this.#open?.growing.join(first.token);
    if (this.#open && !joined) return this.#reopen({ whole: true });
    if (first) first.length -= head.length;

    const changed = this.#define(links, tokens.at(-1));
    if (changed.length) this.#relex(changed);
    if (this.#open && refersTo(this.#open.source, changed)) return this.#reopen({ whole: false });

    const blocks = this.#blocks(pieces, joined);
    const cut = lastCut(pieces, this.#rest);
    this.#seal(pieces.slice(0, cut.count), blocks, cut.length);
    this.#tail.value = blocks.slice(cut.count).filter((block) => block !== undefined);
    this.#take(pieces[cut.count]);
  }

  /** The blocks that the pieces are; those that are as they were stay the same objects. */
  #blocks(pieces: Piece[], joined: BlockToken | undefined) {
    const before = this.#tail.peek();
    let key = this.#sealed.peek().length;
    let at = 0;
    return pieces.map(({ token, length }, i): Block | undefined => {
      const open = i === 0 ? this.#open : undefined;
      const start = open?.start ?? this.#restStart + at;
      const source = (open?.source ?? "") + this.#rest.slice(at, (at += length));
      if (!isShown(token)) return undefined;
      const old = before.find((block) => block.key === key);
      const block = new Block(key++, start, source, open && joined ? joined : token);
      return old && !open && isSame(old, block) ? old : block;
    });
  }

  #seal(pieces: Piece[], blocks: (Block | undefined)[], length: number): void {
    if (pieces.length === 0) return;
    const sealed = blocks.slice(0, pieces.length).filter((block) => block !== undefined);
    const tokens = pieces.map(({ token }) => token);
    addDefinitions(tokens, this.#sealedLinks);
    if (sealed.length) this.#sealed.value = [...this.#sealed.peek(), ...sealed];
    this.#forward(length);
    this.#open = undefined;
    this.#whole = false;
  }

  /** Seal parts of the block that the rest begins with. */
  #take(first: Piece | undefined): void {
    if (!first || this.#whole) return;
    const part = this.#open?.growing ?? growing(first.token);
    const length = part?.take(first.token, this.#rest, this.#sealedLinks);
    if (!part || !length) return;
    this.#open ??= { growing: part, start: this.#restStart, source: "" };
    this.#open.source += this.#rest.slice(0, length);
    this.#forward(length);
  }

  #forward(length: number): void {
    this.#rest = this.#rest.slice(length);
    this.#restStart += length;
  }

  /** What was taken from the open block does not hold any more: lex all of the block again. */
  #reopen({ whole }: { whole: boolean }): void {
    this.#rest = this.#open!.source + this.#rest;
    this.#restStart = this.#open!.start;
    this.#open = undefined;
    this.#whole = whole;
    this.#advance();
  }

  /** Note the definitions, and return the labels that mean something else than before. */
  #define(links: Links, last: BlockToken | undefined): string[] {
    // An address that is still being written is not worth lexing anything again
    const written = last?.type === "def" && !this.#rest.endsWith("\n") ? last.tag : undefined;
    const old = written === undefined ? undefined : this.#links[written];
    if (written !== undefined && old && !this.#sealedLinks[written]) links[written] = old;
    const changed = changedLabels(this.#links, links);
    this.#links = links;
    return changed;
  }

  /** Lex the sealed blocks again that refer to these labels, and keep no block of the tail. */
  #relex(labels: string[]): void {
    this.#tail.value = [];
    this.#sealed.value = this.#sealed.peek().map((block) => {
      if (!refersTo(block.source, labels)) return block;
      // Another paragraph after it, since at the end of a text some blocks are read as unfinished
      const [token, ...after] = lex(`${block.source}\n\n.`, this.#links).tokens.filter(isShown);
      return token && after.length === 1 ? block.with(token) : block;
    });
  }
}

/** Do two lexings of a place show the same? What follows can change a token with the same source. */
function isSame(a: Block, b: Block): boolean {
  const text = ({ token }: Block) => ("text" in token ? token.text : "");
  return isAlike(a, b) && text(a) === text(b);
}

function isAlike(a: Block, b: Block): boolean {
  return a.start === b.start && a.source === b.source && a.token.type === b.token.type;
}

/** What is shown of a block; of one that was sealed in parts, `raw` and `text` are of the last. */
function shown({ token }: Block): unknown {
  const { raw: _raw, ...rest } = token;
  if (!growing(token)) return rest;
  return { ...rest, text: undefined };
}
