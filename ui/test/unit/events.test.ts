// @vitest-environment happy-dom
import { beforeEach, describe, expect, test, vi } from "vitest";

import { Events } from "../../src/events";

let target: EventTarget;
let heard: unknown[];

function hear(event: Event): void {
  heard.push([event.type, (event as CustomEvent).detail]);
}

function listen(events: Events, name: string, options?: AddEventListenerOptions): void {
  target.addEventListener(name, hear, options);
  events.listened(name);
}

beforeEach(() => {
  vi.useFakeTimers();
  target = new EventTarget();
  heard = [];
});

const log = { name: "begun" };

test("what happens before the element is ready is told after that, in order", () => {
  const events = new Events(target, false);
  for (const name of ["ready", "log", "thread.change"]) listen(events, `chatkit.${name}`);

  events.emit("chatkit.thread.change", { threadId: "thr_1" });
  events.emit("chatkit.log", log);
  expect(heard).toEqual([]);

  events.ready();
  events.ready();
  expect(heard).toEqual([
    ["chatkit.ready", null],
    ["chatkit.thread.change", { threadId: "thr_1" }],
    ["chatkit.log", log],
  ]);
});

describe("of an element made once the tag was defined", () => {
  test("what nobody heard is told to the first who listens, and to nobody again", async () => {
    const events = new Events(target, false);
    events.emit("chatkit.log", log);
    events.ready();
    listen(events, "chatkit.log");
    await Promise.resolve();
    listen(events, "chatkit.ready");
    await Promise.resolve();
    expect(heard).toEqual([
      ["chatkit.log", log],
      ["chatkit.ready", null],
    ]);

    target.removeEventListener("chatkit.log", hear);
    listen(events, "chatkit.log");
    await Promise.resolve();
    expect(heard).toHaveLength(2);
  });

  test("a listener that is taken back at once leaves it to the next", async () => {
    const events = new Events(target, false);
    events.ready();
    const first = new AbortController();
    listen(events, "chatkit.ready", { signal: first.signal });
    first.abort();
    listen(events, "chatkit.ready");
    await Promise.resolve();
    expect(heard).toHaveLength(1);
  });

  test("what nobody wanted for a while is forgotten", async () => {
    const events = new Events(target, false);
    events.ready();
    vi.advanceTimersByTime(60_000);
    listen(events, "chatkit.ready");
    await Promise.resolve();
    expect(heard).toEqual([]);
  });
});

test("one that stood in the page before may have been heard: nothing is told twice", async () => {
  const events = new Events(target, true);
  target.addEventListener("chatkit.ready", hear); // before the upgrade: not seen
  events.ready();
  listen(events, "chatkit.ready");
  await Promise.resolve();
  expect(heard).toHaveLength(1);
});
