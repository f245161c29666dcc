import { describe, expect, test } from "vitest";
import type { ServerSentEvent } from "../../../src/wire/sse";
import { SseParser } from "../../../src/wire/sse";

const encoder = new TextEncoder();

function parse(...chunks: (string | Uint8Array)[]): ServerSentEvent[] {
  const parser = new SseParser();
  const fed = chunks.flatMap((chunk) =>
    parser.feed(typeof chunk === "string" ? encoder.encode(chunk) : chunk),
  );
  return [...fed, ...parser.end()];
}

const data = (events: readonly ServerSentEvent[]) => events.map((event) => event.data);

describe("SseParser", () => {
  test("reads events, ids, comments and events of several lines", () => {
    const events = parse(
      'data: {"a":1}\n\n: a heartbeat\n\nid: 7\ndata: one\ndata: two\n\ndata: three\n\n',
    );
    expect(events).toEqual([
      { id: null, data: '{"a":1}' },
      { id: "7", data: "one\ntwo" },
      { id: "7", data: "three" },
    ]);
  });

  test("takes one space after the colon, and needs none", () => {
    expect(data(parse("data:bare\n\ndata:  two spaces\n\ndata\n\n"))).toEqual([
      "bare",
      " two spaces",
      "",
    ]);
  });

  test("leaves out events without data, and fields that it doesn't know", () => {
    expect(parse("event: ping\nid: 3\n\nretry: 10\nwhatever: x\ndata: here\n\n")).toEqual([
      { id: "3", data: "here" },
    ]);
  });

  test("does not take an id that holds a null", () => {
    expect(parse("id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n").map(({ id }) => id)).toEqual(["1", "1"]);
  });

  test("gives an event as soon as it is complete", () => {
    const parser = new SseParser();
    expect(parser.feed(encoder.encode("data: a\n"))).toEqual([]);
    expect(data(parser.feed(encoder.encode("\ndata: b")))).toEqual(["a"]);
    expect(data(parser.end())).toEqual(["b"]);
  });

  test("reads the last event of a stream that ends without an empty line", () => {
    expect(data(parse("data: a\n\ndata: b\n"))).toEqual(["a", "b"]);
    expect(data(parse("data: a\n\ndata: b"))).toEqual(["a", "b"]);
    expect(parse("")).toEqual([]);
  });

  test("leaves out a byte order mark", () => {
    expect(data(parse("\ufeffdata: a\n\n"))).toEqual(["a"]);
  });

  describe.each([
    ["\\n", "\n"],
    ["\\r\\n", "\r\n"],
    ["\\r", "\r"],
  ])("with lines that end in %s", (_name, end) => {
    const text = ["id: 5", "data: Grüße 🌧", "data: 👩‍👩‍👧", "", ": c", "", "data: x", "", ""].join(
      end,
    );
    const bytes = encoder.encode(text);
    const whole = parse(bytes);

    test("reads what is there", () => {
      expect(data(whole)).toEqual(["Grüße 🌧\n👩‍👩‍👧", "x"]);
    });

    test("reads the same wherever a chunk ends", () => {
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        expect(parse(bytes.slice(0, cut), bytes.slice(cut)), `cut at ${cut}`).toEqual(whole);
      }
    });

    test("reads the same byte by byte", () => {
      expect(parse(...[...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
    });
  });

  test("looks at each part of a long line once", () => {
    const parser = new SseParser();
    parser.feed(encoder.encode("data: "));
    const chunk = encoder.encode("x".repeat(1024));
    // At once quadratic, this would copy 16 GB.
    for (let count = 0; count < 5600; count += 1) parser.feed(chunk);
    expect(parser.end()[0]?.data.length).toBe(5600 * 1024);
  });
});
