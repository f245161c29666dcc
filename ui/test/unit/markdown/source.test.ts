import { expect, test } from "vitest";

import { SourceText } from "../../../src/markdown/source";
import { chunks } from "./random";

const texts = [
  "plain text",
  "👍 a 👩‍👩‍👧 b 🇩🇪",
  "e\u0301 مرحبا שלום",
  "a\r\nb\rc\n\r\nd 😀\r\n😀\r",
  "\r\n\r\n",
  "",
];

test.each(texts)("code points are found in %j, however it arrives", (text) => {
  for (const seed of [1, 2, 3]) {
    const source = new SourceText();
    for (const piece of chunks(text, seed, seed)) source.push(piece);
    const points = [...text];
    for (let point = 0; point <= points.length; point++) {
      const before = points.slice(0, point).join("");
      const normal = before.replace(/\r\n?/g, "\n");
      // Between a return and its newline there is no place of its own
      const isWithin = before.endsWith("\r") && points[point] === "\n";
      const expected = Math.min(isWithin ? normal.length - 1 : normal.length, source.text.length);
      expect(source.indexOf(point), `point ${point}`).toBe(expected);
    }
  }
});

test.each(texts)("line ends of %j become one kind", (text) => {
  const source = new SourceText();
  const normal = chunks(text, 2, 1)
    .map((piece) => source.push(piece))
    .join("");
  expect(normal).toBe(text.replace(/\r$/, "").replace(/\r\n?/g, "\n"));
  expect(source.text).toBe(normal);
});

test("a place beyond the text is its end, one before it its start", () => {
  const source = new SourceText();
  source.push("😀");
  expect([source.indexOf(-3), source.indexOf(99)]).toEqual([0, 2]);
});
