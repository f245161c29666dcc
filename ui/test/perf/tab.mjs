// A page of the browser with one subject in it, and what can be measured there.

import { chromium } from "playwright-core";

import FLAGS from "../browser-flags.json" with { type: "json" };

/** An X display to draw on; without one, Chromium draws for nobody. */
const DISPLAY = process.env.CHATKEEP_DISPLAY;
export const hasDisplay = Boolean(DISPLAY);
const POLL = 200; // ms
const SHOWN_WITHIN = 40_000; // ms
const METRICS = {
  total: "TaskDuration",
  script: "ScriptDuration",
  style: "RecalcStyleDuration",
  layout: "LayoutDuration",
};

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHATKEEP_BROWSER,
    args: FLAGS,
    headless: !hasDisplay,
    env: hasDisplay ? { ...process.env, DISPLAY } : process.env,
    chromiumSandbox: process.getuid?.() !== 0, // as root there is no sandbox
  });
}

/** Runs in the page before all else: notes long tasks and slow events. */
function observe() {
  const noted = { longtask: [], event: [] };
  const note = (list) => {
    for (const { entryType, startTime, duration, interactionId } of list.getEntries()) {
      noted[entryType].push({ startTime, duration, interactionId });
    }
  };
  const observer = new PerformanceObserver(note);
  observer.observe({ type: "longtask" });
  observer.observe({ type: "event", durationThreshold: 16 });
  globalThis.noted = (type, since) => {
    note({ getEntries: () => observer.takeRecords() });
    return noted[type].filter(({ startTime }) => startTime >= since);
  };
}

export class Tab {
  constructor(context, page, devtools) {
    Object.assign(this, { context, page, devtools });
  }

  /** @param subject "element", "inner" or "memoised" */
  static async open(browser, origin, subject) {
    const context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
    context.setDefaultTimeout(SHOWN_WITHIN);
    const page = await context.newPage();
    page.on("pageerror", (error) => process.stderr.write(`${subject}: ${error}\n`));
    await page.addInitScript(observe);
    const file = subject === "element" ? "element" : "baseline";
    await page.goto(`${origin}/${file}.html?subject=${subject}`);
    await page.evaluate(() => subject.ready);
    const devtools = await context.newCDPSession(page);
    for (const domain of ["Performance", "HeapProfiler", "Profiler"])
      await devtools.send(`${domain}.enable`);
    return new Tab(context, page, devtools);
  }

  close() {
    return this.context.close();
  }

  clear() {
    return this.page.evaluate(() => subject.clear());
  }

  send(text) {
    return this.page.evaluate((given) => subject.send(given), text);
  }

  now() {
    return this.page.evaluate(() => performance.now());
  }

  /** @param type "longtask" or "event" */
  noted(type, since) {
    return this.page.evaluate(([...given]) => globalThis.noted(...given), [type, since]);
  }

  /** Milliseconds of the main thread since the page began, in all and by kind. */
  async spent() {
    const { metrics } = await this.devtools.send("Performance.getMetrics");
    const value = (name) => metrics.find((metric) => metric.name === name).value * 1000;
    return Object.fromEntries(Object.entries(METRICS).map(([kind, name]) => [kind, value(name)]));
  }

  /** Megabytes of the page's JavaScript heap that are in use. */
  async heap() {
    await this.collect();
    const { usedSize } = await this.devtools.send("Runtime.getHeapUsage");
    return usedSize / 1e6;
  }

  async collect() {
    for (let times = 0; times < 2; times++) await this.devtools.send("HeapProfiler.collectGarbage");
  }

  /**
   * Do something while each frame is taken away: by the display, or else by us. Without a display
   * Chromium presents a finished frame only when the next one comes, which is no one's waiting.
   */
  async watched(work) {
    if (hasDisplay) return work();
    const take = ({ sessionId }) => {
      this.devtools.send("Page.screencastFrameAck", { sessionId }).catch(() => {}); // it has ended
    };
    this.devtools.on("Page.screencastFrame", take);
    await this.devtools.send("Page.startScreencast", { format: "jpeg", quality: 10 });
    try {
      return await work();
    } finally {
      await this.devtools.send("Page.stopScreencast");
      this.devtools.off("Page.screencastFrame", take);
    }
  }

  startProfile() {
    return this.devtools.send("Profiler.start");
  }

  /** What was run since `startProfile`, as devtools save it. */
  async profile() {
    return JSON.stringify((await this.devtools.send("Profiler.stop")).profile);
  }

  /** Wait until the last answer shows a text. */
  shows(text) {
    const isShown = (given) => subject.answer()?.textContent.includes(given);
    return this.page.waitForFunction(isShown, text, { polling: POLL });
  }

  /** Wait until the last answer doesn't change any more, and the main thread is free. */
  async settled() {
    const length = () => this.page.evaluate(() => subject.answer()?.textContent.length ?? 0);
    for (let before = -1, now = await length(); before !== now; ) {
      await this.page.waitForTimeout(2 * POLL);
      [before, now] = [now, await length()];
    }
  }
}
