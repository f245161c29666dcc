import type { Cite } from "./place";
import { type InlineToken, inlines } from "./tokens";

/** A citation's mark, among inline tokens. */
export interface CiteToken {
  type: "cite";
  cite: Cite;
}

/** An inline token; the ones that hold others may hold marks too. */
export type Marked = InlineToken | CiteToken;

/**
 * A run of inline tokens with the marks of citations in it. A mark within a link, a formula or
 * code goes behind it, one within a character of several code points behind that.
 *
 * @param cites Their places count from the start of the run's source; ascending.
 */
export function withMarks(run: readonly InlineToken[], cites: readonly Cite[]): Marked[] {
  const inserter = new Inserter(cites);
  const marked = inserter.run(run, 0);
  return [...marked, ...inserter.upTo(Infinity)];
}

class Inserter {
  readonly #waiting: Cite[];

  constructor(cites: readonly Cite[]) {
    this.#waiting = [...cites];
  }

  /** The marks up to a place, in order. */
  upTo(end: number): CiteToken[] {
    const count = this.#waiting.findIndex(({ at }) => at > end);
    const passed = this.#waiting.splice(0, count < 0 ? this.#waiting.length : count);
    return passed.map((cite) => ({ type: "cite", cite }));
  }

  run(tokens: readonly InlineToken[], start: number): Marked[] {
    const marked: Marked[] = [];
    let at = start;
    for (const token of tokens) {
      marked.push(...this.upTo(at), ...this.#token(token, at));
      at += token.raw.length;
    }
    return marked;
  }

  #token(token: InlineToken, start: number): Marked[] {
    const next = this.#waiting[0]?.at;
    if (next === undefined || next >= start + token.raw.length) return [token];
    if (token.type === "text") return this.#text(token.raw, start);
    if (token.type === "em" || token.type === "strong" || token.type === "del") {
      const inner = inlines(token);
      const length = inner.reduce((sum, { raw }) => sum + raw.length, 0);
      const delimiter = (token.raw.length - length) / 2;
      const tokens = this.run(inner, start + delimiter);
      // `marked` types what tokens hold loosely enough for ours
      return [{ ...token, tokens: [...tokens, ...this.upTo(start + delimiter + length)] as never }];
    }
    return [token, ...this.upTo(start + token.raw.length)];
  }

  #text(raw: string, start: number): Marked[] {
    const marked: Marked[] = [];
    let from = 0;
    while (this.#waiting[0] && this.#waiting[0].at < start + raw.length) {
      const to = wholeCharacters(raw, this.#waiting[0].at - start);
      marked.push(text(raw.slice(from, to)), ...this.upTo(start + to));
      from = to;
    }
    return from < raw.length ? [...marked, text(raw.slice(from))] : marked;
  }
}

function text(raw: string): InlineToken {
  return { type: "text", raw, text: raw, escaped: false };
}

const graphemes =
  "Segmenter" in Intl ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : undefined;
const REFERENCE = /&[#A-Za-z0-9]+;/g;

/** The first place from `at` on that is inside no character, nor a reference to one. */
function wholeCharacters(source: string, at: number): number {
  for (const { 0: reference, index } of source.matchAll(REFERENCE)) {
    if (index < at && at < index + reference.length) return index + reference.length;
  }
  const within = graphemes?.segment(source).containing(at);
  return within && within.index < at ? within.index + within.segment.length : at;
}
