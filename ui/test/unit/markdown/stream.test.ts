import { Lexer } from "marked";
import { describe, expect, test, vi } from "vitest";
import type { Block } from "../../../src/markdown/block";
import { MarkdownDocument } from "../../../src/markdown/stream";
import { corpus } from "./corpus";
import { large, small } from "./generate";
import { fresh, type Outline, shown, withoutAddresses } from "./outline";
import { chunks } from "./random";

const byCall = () => undefined;

function grown(...deltas: string[]): MarkdownDocument {
  const document = new MarkdownDocument("", byCall);
  for (const delta of deltas) {
    document.append(delta);
    document.flush();
  }
  return document;
}

/** The address of a definition is taken up when its line is complete. */
function isDefining(text: string): boolean {
  return /\]:[^\n]*(\n[^\n]*)?$/.test(text);
}

/** At every prefix the document shows what a fresh lexing of it does, and keeps what is sealed. */
function expectFaithful(deltas: string[]): MarkdownDocument {
  const document = new MarkdownDocument("", byCall);
  const normal = deltas.join("").includes("\r");
  let text = "";
  let sealed: readonly Block[] = [];
  for (const delta of deltas) {
    text += delta;
    document.append(delta);
    document.flush();
    const prefix = normal ? text.replace(/\r$/, "").replace(/\r\n?/g, "\n") : text;
    const view = (outline: Outline) => (isDefining(prefix) ? withoutAddresses(outline) : outline);
    expect(view(shown(document)), JSON.stringify(prefix.slice(-300))).toEqual(view(fresh(prefix)));
    sealed = expectKept(sealed, document);
  }
  return document;
}

function expectKept(before: readonly Block[], document: MarkdownDocument): readonly Block[] {
  const now = document.sealed.value;
  expect(now.length).toBeGreaterThanOrEqual(before.length);
  const isKept = (block: Block, i: number) => block === now[i] || block.source.includes("[");
  expect(before.every(isKept)).toBe(true);
  return now;
}

describe("at every prefix the text shown is that of a fresh lexing", () => {
  test.each(Object.entries(corpus))("%s, by character", (_, text) => {
    const step = text.length > 1500 ? 7 : 1;
    expectFaithful(text.match(new RegExp(`[^]{1,${step}}`, "gu"))!);
  });

  test.each(Object.entries(corpus))("%s, in pieces of any length", (_, text) => {
    for (const seed of [1, 2, 3]) expectFaithful(chunks(text, 20 * seed, seed));
  });

  test("small texts of all constructs", () => {
    for (let seed = 1; seed <= 150; seed++)
      expectFaithful(chunks(small(seed), 1 + (seed % 5), seed));
  });

  test("large blocks", { timeout: 30_000 }, () => {
    for (let seed = 1; seed <= 24; seed++) expectFaithful(chunks(large(seed), 300, seed));
  });

  test("all of the corpus in a row", { timeout: 30_000 }, () => {
    const short = Object.values(corpus).filter(
      (text) => text.length < 1500 && !text.includes("\r"),
    );
    expectFaithful(chunks(short.join("\n\n"), 120, 7));
  });
});

describe("sealing", () => {
  test("a block is sealed once the line after it is complete", () => {
    const document = grown("one\n\n", "two");
    expect(document.sealed.value).toHaveLength(0);
    document.append("\n");
    document.flush();
    expect(document.sealed.value.map(({ source }) => source)).toEqual(["one"]);
  });

  test("blocks keep their keys and objects from the tail into the sealed ones", () => {
    const document = grown("# one\n\ntwo\n\nthree");
    const [second, third] = document.tail.value.slice(-2);
    document.append("\n\nfour\n");
    document.flush();
    expect(document.sealed.value[second!.key]).toBe(second);
    expect(document.sealed.value[third!.key]!.key).toBe(2);
  });

  test("the items, rows and lines of a block that grows stay the same objects", () => {
    const parts = {
      list: ["- item\n", "items"],
      table: ["| a | b |\n", "rows"],
    } as const;
    for (const [line, name] of Object.values(parts)) {
      const document = grown(name === "rows" ? "| x | y |\n|---|---|\n" : "", line.repeat(10));
      const partsOf = () =>
        (document.tail.value[0]!.token as never as Record<string, object[]>)[name]!;
      const before = partsOf();
      document.append(line.repeat(5));
      document.flush();
      expect(partsOf()).toHaveLength(15);
      before.slice(0, 8).forEach((part, i) => expect(partsOf()[i]).toBe(part));
    }
  });

  test("what a delta costs does not grow with the block", () => {
    for (const [start, line] of [
      ["", "- an item\n"],
      ["| a |\n|---|\n", "| cell |\n"],
      ["```\n", "code\n"],
      ["", "Just some words, "],
    ] as const) {
      const short = grown(start, ...Array<string>(300).fill(line));
      const long = grown(start, ...Array<string>(3000).fill(line));
      expect(lexedBy(long, line)).toBeLessThan(lexedBy(short, line) * 2);
    }
  });

  test("a definition after its references replaces the blocks that refer to it, and no others", () => {
    const document = grown("see [a]\n\nplain\n\nalso [A]\n\nlast\n\n");
    const before = document.sealed.value;
    document.append("[a]: https://a.example\n");
    document.flush();
    const now = document.sealed.value;
    expect(before.map((block, i) => block === now[i])).toEqual([false, true, false]);
    expect(now.map(({ key }) => key)).toEqual([0, 1, 2, 3]);
  });
});

/** How much of its text a document lexes again for a delta. */
function lexedBy(document: MarkdownDocument, delta: string): number {
  const lexing = vi.spyOn(Lexer.prototype, "lex");
  document.append(delta);
  document.flush();
  const lengths = lexing.mock.calls.map(([text]) => text.length);
  lexing.mockRestore();
  return lengths.reduce((sum, length) => sum + length, 0);
}

describe("another text in place", () => {
  test("blocks that are in both texts stay the same objects", () => {
    const document = grown("one\n\ntwo\n\nthree\n");
    const [one, two] = [...document.sealed.value, ...document.tail.value];
    document.replace("one\n\ntoo\n\nthree, and more\n");
    const now = [...document.sealed.value, ...document.tail.value];
    expect(now[0]).toBe(one);
    expect(now[1]).not.toBe(two);
    expect(shown(document)).toEqual(fresh("one\n\ntoo\n\nthree, and more\n"));
  });

  test("finishing with the same text shows the same", () => {
    for (const text of Object.values(corpus)) {
      const document = grown(...chunks(text, 40, 1));
      const before = [...document.sealed.value, ...document.tail.value];
      document.finish();
      const now = [...document.sealed.value, ...document.tail.value];
      expect(now.map(({ key, start }) => [key, start])).toEqual(
        before.map(({ key, start }) => [key, start]),
      );
      expect(shown(document)).toEqual(fresh(document.text));
    }
  });

  test("finishing with the same text keeps the blocks", () => {
    const document = grown(
      ...chunks("one\n\n- two\n- *three*\n\n```js\nfour\n```\n\n> five\n", 3, 1),
    );
    const before = [...document.sealed.value, ...document.tail.value];
    document.finish();
    const now = [...document.sealed.value, ...document.tail.value];
    expect(now.map((block, i) => block === before[i])).toEqual([true, true, true, true]);
  });

  test.each([
    ["a list", "", "- an item with `code` and **weight**\n"],
    ["a table", "| a |\n|---|\n", "| a **cell** |\n"],
    ["a fence", "```\n", "code\n"],
  ])("finishing %s that was sealed in parts keeps the block", (_, start, line) => {
    const document = grown(start, ...Array<string>(300).fill(line));
    const before = document.tail.value;
    document.finish();
    expect(before).toHaveLength(1);
    expect([...document.sealed.value, ...document.tail.value]).toEqual(before);
    expect(document.tail.value[0]).toBe(before[0]);
  });

  test("a text goes on after it was replaced or finished", () => {
    const document = grown("- one\n- two\n");
    document.finish("- one\n- two\n- three\n");
    document.append("- four\n\nend");
    document.flush();
    expect(shown(document)).toEqual(fresh("- one\n- two\n- three\n- four\n\nend"));
  });
});

describe("a text that is complete and shown", () => {
  test("can be had again after it was released", () => {
    for (const text of Object.values(corpus)) {
      const document = grown(...chunks(text, 40, 1));
      document.finish();
      document.release();
      expect(shown(document)).toEqual(fresh(document.text));
    }
  });

  test("can be replaced, or go on, all the same", () => {
    const document = grown("- one\n\n[two]\n\n```\nthree\n");
    document.release();
    document.append("four\n```\n\n[two]: /two\n");
    document.flush();
    expect(shown(document)).toEqual(fresh(document.text));
    document.release();
    const [one] = document.sealed.value;
    document.finish(`${document.text}\nfive`);
    expect(document.sealed.value[0]).toBe(one);
    expect(shown(document)).toEqual(fresh(document.text));
  });
});

describe("what was added", () => {
  test("is asked to be shown for each delta, and shown when it is time", () => {
    let flush: (() => void) | undefined;
    const document = new MarkdownDocument("", (run) => (flush = run));
    document.append("on");
    document.append("e");
    expect(shown(document)).toEqual([]);
    expect(document.text).toBe("one");
    flush!();
    expect(shown(document)).toEqual([["p", "one"]]);
  });

  test("an empty delta asks for nothing", () => {
    const document = new MarkdownDocument("", () => expect.unreachable());
    document.append("");
  });
});
