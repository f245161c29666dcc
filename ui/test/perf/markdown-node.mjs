// What Markdown costs the main thread while an answer streams, without the DOM: each delta is
// shown at once, where a page shows at most one a frame.
//
//   node test/perf/markdown-node.mjs
//
// Prints milliseconds per 1,000 deltas of about four characters, over the whole answer and over
// its last 1,000, and beside it what lexing the whole text for each delta costs.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { SOURCES, TOKEN } from "./texts.mjs";

const ui = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** So many tokens of a kind of text. */
function text(kind, tokens) {
  const { head, body } = SOURCES[kind];
  const length = tokens * TOKEN;
  return head + body.repeat(Math.ceil(length / body.length)).slice(0, length);
}

const TEXTS = {
  "mixed, 1,000 tokens": text("mixed", 1_000),
  "mixed, 20,000 tokens": text("mixed", 20_000),
  "one fence, 20,000": text("fence", 20_000),
  "one list, 20,000": text("list", 20_000),
  "one table, 20,000": text("table", 20_000),
  "one paragraph, 20,000": text("paragraph", 20_000),
  "one item with a fence, 5,000": text("item", 5_000),
};

async function load() {
  const folder = await mkdtemp(join(ui, "node_modules/.markdown-perf-"));
  try {
    const contents =
      'export { MarkdownDocument } from "./src/markdown/stream"; export { lex } from "./src/markdown/lexer";';
    const { outputFiles } = await build({
      bundle: true,
      format: "esm",
      platform: "node",
      stdin: { contents, resolveDir: ui, loader: "ts" },
      write: false,
    });
    const file = join(folder, "markdown.mjs");
    await writeFile(file, outputFiles[0].contents);
    return await import(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const { MarkdownDocument, lex } = await load();

function deltas(text) {
  return text.match(/[^]{1,4}/g);
}

/** Milliseconds per 1,000 deltas: over all, over the last 1,000; of the final lexing; the longest. */
function stream(text) {
  const document = new MarkdownDocument("", () => {});
  const times = deltas(text).map((delta) => {
    const begin = performance.now();
    document.append(delta);
    document.flush();
    return performance.now() - begin;
  });
  const begin = performance.now();
  document.finish();
  const finish = performance.now() - begin;
  const sum = (list) => list.reduce((total, time) => total + time, 0);
  const last = times.slice(-1000);
  return {
    all: (sum(times) / times.length) * 1000,
    last: (sum(last) / last.length) * 1000,
    longest: Math.max(...times),
    finish,
  };
}

/** The same by lexing all of the text for each delta, from a sample of the deltas. */
function whole(text) {
  const samples = 20;
  let total = 0;
  for (let sample = 1; sample <= samples; sample++) {
    const prefix = text.slice(0, (text.length * sample) / samples);
    const begin = performance.now();
    lex(prefix);
    total += performance.now() - begin;
  }
  return (total / samples) * 1000;
}

stream(text("mixed", 5_000));
const number = (value) => value.toFixed(value < 10 ? 1 : 0).padStart(9);
console.log("ms per 1,000 deltas                all   last 1,000  longest   finish | whole text");
for (const [name, given] of Object.entries(TEXTS)) {
  const { all, last, longest, finish } = stream(given);
  const columns = [all, last, longest, finish, whole(given)].map(number).join(" ");
  console.log(`${name.padEnd(30)} ${columns}`);
}
