// What is measured. Each case takes a subject's tab and the server, and returns figures by name;
// a baseline gets fewer deltas where it would take minutes, and its figure is scaled.

import { Answer } from "./server.mjs";
import { answer, END } from "./texts.mjs";

export const PER_SECOND = 200; // deltas
const DELTAS = 1_000;
/** Deltas for a baseline at the end of a large answer, where each may take 100 ms. */
const SAMPLE = 30;
const KEYS = 25;
const KEY_PAUSE = 50; // ms
const SAMPLE_KEYS = 8;
/** The least that Event Timing reports; a faster event is not in its list. */
const FASTEST_EVENT = 16; // ms

/** Stream an answer, and measure its last deltas. */
async function stream(tab, server, { kind = "mixed", tokens, count, first, during }) {
  server.answer = new Answer({ ...answer(kind, tokens, count), perSecond: PER_SECOND });
  await tab.clear();
  await tab.send("Go on");
  await server.answer.held;
  await tab.settled();
  const prepared = await first?.();
  await tab.collect();
  const since = await tab.now();
  const before = await tab.spent();
  const [result] = await Promise.all([during?.(), server.answer.release()]);
  await tab.shows(END);
  const after = await tab.spent();
  const long = await tab.noted("longtask", since);
  await server.answer.finish();
  await tab.settled();
  const done = await tab.spent();
  return {
    spent: difference(before, after),
    long,
    finish: done.total - after.total,
    prepared,
    result,
  };
}

function difference(before, after) {
  const kinds = Object.keys(before);
  return Object.fromEntries(kinds.map((kind) => [kind, after[kind] - before[kind]]));
}

/** Milliseconds of main thread for 1,000 deltas, by kind, and the long tasks among them. */
async function cost(tab, server, name, { kind, tokens, count }) {
  const { spent, long, finish } = await stream(tab, server, { kind, tokens, count });
  const figures = { [`${name} finish`]: finish };
  for (const [part, ms] of Object.entries(spent)) {
    figures[part === "total" ? name : `${name} ${part}`] = (ms * DELTAS) / count;
  }
  figures[`${name} long tasks`] = (long.length * DELTAS) / count;
  figures[`${name} longest task`] = Math.max(0, ...long.map(({ duration }) => duration));
  return figures;
}

function costOf(name, kind, tokens) {
  return (tab, server, isBaseline) => {
    const count = isBaseline && tokens > DELTAS ? SAMPLE : DELTAS;
    return cost(tab, server, name, { kind, tokens, count });
  };
}

/** Pixels that the view moves by itself, and what is in it, for a reader who has scrolled up. */
async function scrolled(tab, server, isBaseline) {
  const watch = async () => {
    await tab.page.mouse.move(500, 300);
    await tab.page.mouse.wheel(0, -1500);
    await tab.page.waitForTimeout(300);
    await tab.page.evaluate(watchScroll);
  };
  await stream(tab, server, {
    tokens: 20_000,
    count: isBaseline ? SAMPLE : 500,
    first: watch,
  });
  const { scroll, content } = await tab.page.evaluate(() => globalThis.moved());
  return { movement: scroll, "movement of the text": content };
}

/** Runs in the page: samples each frame where the view is, and where a node of its text is. */
function watchScroll() {
  const scroller = subject.scroller();
  const middle = scroller.getBoundingClientRect().top + scroller.clientHeight / 2;
  const blocks = [...subject.answer().querySelectorAll("p, li, pre, h2, table")];
  const anchor = blocks.find((node) => node.getBoundingClientRect().top > middle) ?? blocks.at(-1);
  const place = () => [
    scroller.scrollTop,
    anchor.isConnected && anchor.getBoundingClientRect().top,
  ];
  const first = place();
  const most = [0, 0];
  let isOn = true;
  const sample = () => {
    place().forEach((at, i) => {
      if (at !== false) most[i] = Math.max(most[i], Math.abs(at - first[i]));
    });
    if (isOn) requestAnimationFrame(sample);
  };
  sample();
  globalThis.moved = () => {
    isOn = false;
    return { scroll: most[0], content: anchor.isConnected ? most[1] : null };
  };
}

/** Pixels that the view moves by itself while an answer comes that is not to be followed. */
async function unfollowed(tab, server, isBaseline) {
  if (isBaseline) return {};
  await tab.page.evaluate(() => subject.follow(false));
  const first = () => tab.page.evaluate(watchScroll);
  await stream(tab, server, { tokens: 2_000, count: 200, first });
  const { scroll } = await tab.page.evaluate(() => globalThis.moved());
  await tab.page.evaluate(() => subject.follow(true));
  return { "movement unfollowed": scroll };
}

/** What a key takes until its letter is painted, beside an answer that rests or streams. */
async function keys(tab, server, isBaseline) {
  const count = isBaseline ? SAMPLE_KEYS : KEYS;
  const type = async () => {
    await tab.page.evaluate(() => subject.focus());
    const since = await tab.now();
    for (let key = 0; key < count; key++) {
      await tab.page.keyboard.press("abcdefgh"[key % 8]);
      await tab.page.waitForTimeout(KEY_PAUSE);
    }
    const events = await tab.noted("event", since);
    return percentile(latencies(events, count), 0.95);
  };
  const press = () => tab.watched(type);
  const deltas = isBaseline ? SAMPLE : 500;
  const typed = { tokens: 20_000, count: deltas, first: press, during: press };
  const { prepared, result } = await stream(tab, server, typed);
  return { "keystroke at rest": prepared, keystroke: result };
}

/** The longest event of each key press; what was too fast to be noted counts as the least. */
function latencies(events, count) {
  const presses = new Map();
  for (const { interactionId, duration } of events) {
    if (!interactionId) continue;
    presses.set(interactionId, Math.max(duration, presses.get(interactionId) ?? 0));
  }
  const noted = [...presses.values()];
  return [...noted, ...Array(Math.max(0, count - noted.length)).fill(FASTEST_EVENT)];
}

function percentile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * share) - 1];
}

/** A thread of 500 messages: all in one page, which is the worst a server may do. */
async function open(tab, server, isBaseline) {
  await tab.clear();
  await tab.settled();
  const figures = { open: await opened(tab, "thr_500") };
  await tab.settled();
  figures.heap = await tab.heap();
  if (isBaseline) return figures;
  server.pageSize = 50;
  await tab.clear();
  figures["open in pages"] = await opened(tab, "thr_500_pages");
  server.pageSize = Infinity;
  return figures;
}

/** Milliseconds from the call until the last message is painted. */
function opened(tab, threadId) {
  const run = async ([id, end]) => {
    const begin = performance.now();
    subject.open(id);
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    while (!subject.answer()?.textContent.includes(end)) await frame();
    await frame().then(frame);
    return performance.now() - begin;
  };
  return tab.page.evaluate(run, [threadId, END]);
}

/** Those that a round runs, in this order, each in the same page as those before it. */
export const CASES = {
  open, // first, lest the heap holds what others leave
  short: costOf("short", "mixed", 1_000),
  long: costOf("long", "mixed", 20_000),
  fence: costOf("fence", "fence", 20_000),
  list: costOf("list", "list", 20_000),
  table: costOf("table", "table", 20_000),
  paragraph: costOf("paragraph", "paragraph", 20_000),
  scrolled,
  unfollowed,
  keys,
};

/** Those that mean something where nothing is shown. */
export const OF_READING = ["short", "long"];

/** Let the browser compile what all cases run, and load what they load once. */
export function warm(tab, server) {
  return stream(tab, server, { tokens: 500, count: 200 });
}
