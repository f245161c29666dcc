import { describe, expect, test } from "vitest";
import { TextBuffer } from "../../../src/state";

describe("a text that grows", () => {
  test("is what was appended, and what it was stays what it was", () => {
    const a = TextBuffer.of("Hello");
    const b = a.append(", ");
    const c = b.append("world 🌧");
    expect([a, b, c].map(String)).toEqual(["Hello", "Hello, ", "Hello, world 🌧"]);
    expect([a, b, c].map(({ length }) => length)).toEqual([5, 7, 15]);
  });

  test("tells what came since any place in it", () => {
    let text = TextBuffer.of("");
    const pieces = ["ab", "", "cde", "f", "ghij"];
    for (const piece of pieces) text = text.append(piece);
    const whole = pieces.join("");
    for (let from = 0; from <= whole.length + 1; from += 1) {
      expect(text.since(from), `since ${from}`).toBe(whole.slice(from));
    }
    expect(text.toString()).toBe(whole); // which joins the pieces
    for (let from = 0; from <= whole.length; from += 1) {
      expect(text.since(from), `since ${from}, joined`).toBe(whole.slice(from));
    }
  });

  test("tells what came since, however far its text has grown meanwhile", () => {
    const a = TextBuffer.of("one ");
    const b = a.append("two ");
    b.append("three");
    expect(b.since(a.length)).toBe("two ");
    expect(b.toString()).toBe("one two ");
    expect(b.since(2)).toBe("e two ");
  });

  test("knows what it continues", () => {
    const a = TextBuffer.of("a");
    const b = a.append("b");
    expect(b.continues(a)).toBe(true);
    expect(b.continues(b)).toBe(true);
    expect(a.continues(b)).toBe(false);
    expect(TextBuffer.of("ab").continues(a)).toBe(false);
  });

  test("may grow in two ways from one place", () => {
    const a = TextBuffer.of("a");
    const b = a.append("b");
    const c = a.append("c");
    const d = b.append("d");
    expect([a, b, c, d].map(String)).toEqual(["a", "ab", "ac", "abd"]);
    expect(c.continues(a)).toBe(false);
    expect(d.continues(a)).toBe(true);
  });
});
