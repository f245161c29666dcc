// Measures the element in Chromium beside two baselines, and prints what it found.
//
//   make bench-ui ARGS="[--quick] [--only CASE ...] [--profile FOLDER]"
//
// Five rounds, of which the medians count; `--quick` does one. The baselines are measured in the
// first round only, and no round begins after 400 seconds: in all it takes six minutes or seven, and
// on a busy machine there are fewer rounds. How many there were is printed.
// `--profile` writes the element's CPU profiles, one a case, which devtools open.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { build } from "esbuild";

import { CASES, OF_READING, PER_SECOND, warm } from "./cases.mjs";
import { breakdown, SUBJECTS, table } from "./report.mjs";
import { ChatServer } from "./server.mjs";
import { sizes } from "./sizes.mjs";
import { hasDisplay, launch, Tab } from "./tab.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const BUILT = join(HERE, "../../../src/chatkeep/web/static");
const ROUNDS = 5;
const LAST_ROUND_BEGINS = 400; // s
const STYLE = `
  html, body, main { height: 100%; margin: 0 }
  main { display: flex; flex-direction: column }
  openai-chatkit { flex: 1; min-height: 0 }
  .scroller { flex: 1; overflow: auto; font: 16px/1.5 sans-serif }
  article { max-width: 45rem; margin: 1rem auto }`;

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean" },
    only: { type: "string", multiple: true, default: Object.keys(CASES) },
    profile: { type: "string" },
  },
});

const page = (scripts) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>Bench</title>` +
  `<style>${STYLE}</style><main></main>${scripts}</html>`;

async function pages() {
  const { outputFiles } = await build({
    bundle: true,
    entryPoints: [join(HERE, "pages/baseline.js")],
    minify: true,
    write: false,
  });
  return new Map([
    ["/element.js", await readFile(join(HERE, "pages/element.js"))],
    ["/baseline.js", outputFiles[0].contents],
    [
      "/element.html",
      page(
        '<script src="/chatkit/ui/chatkit.js" async></script><script src="/element.js"></script>',
      ),
    ],
    ["/baseline.html", page('<script src="/baseline.js"></script>')],
  ]);
}

/** Run the cases on one subject, in a page of its own, and add to its figures. */
async function measure(browser, server, subject, figures) {
  const tab = await Tab.open(browser, server.origin, subject);
  await warm(tab, server);
  const names = Object.keys(CASES).filter((name) => flags.only.includes(name));
  for (const name of names) {
    if (subject === "reading" && !OF_READING.includes(name)) continue;
    process.stderr.write(`${subject}: ${name}\n`);
    const isProfiled = flags.profile && subject === "element";
    if (isProfiled) await tab.startProfile();
    const found = await CASES[name](tab, server, subject !== "element");
    if (isProfiled) await writeFile(join(flags.profile, `${name}.cpuprofile`), await tab.profile());
    for (const [figure, value] of Object.entries(found)) (figures[figure] ??= []).push(value);
    if (found.long && figures.short) (figures.ratio ??= []).push(found.long / figures.short.at(-1));
  }
  await tab.close();
}

async function main() {
  const begin = performance.now();
  const seconds = () => (performance.now() - begin) / 1000;
  if (flags.profile) await mkdir(flags.profile, { recursive: true });
  const figures = Object.fromEntries(Object.keys(SUBJECTS).map((subject) => [subject, {}]));
  for (const [name, kilobytes] of Object.entries(await sizes(BUILT))) {
    figures.element[name] = [kilobytes];
  }
  const server = await ChatServer.start(BUILT, await pages());
  const browser = await launch();
  let round = 0;
  for (; round < (flags.quick ? 1 : ROUNDS) && seconds() < LAST_ROUND_BEGINS; round++) {
    const subjects = round === 0 ? Object.keys(SUBJECTS) : ["element"];
    for (const subject of subjects) await measure(browser, server, subject, figures[subject]);
  }
  const version = browser.version();
  await browser.close();
  await server.stop();
  console.log(table(figures));
  console.log(`\n${breakdown(figures)}\n`);
  console.log(
    `Chromium ${version}, ${hasDisplay ? "on a display" : "without a display"}, ` +
      `${cpus().length} cores, ${PER_SECOND} deltas of one token a second; ` +
      `rounds: ${round} of the element, 1 of each baseline, whose figures at 20,000 tokens are ` +
      `scaled from 30 deltas; ${seconds().toFixed(0)} s in all.`,
  );
}

await main();
