import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { paced } from "../../../src/markdown/pace";

const FRAME = 16;

/** Milliseconds that flushes took, on top of those that the timers passed. */
let spent = 0;

beforeEach(() => {
  spent = 0;
  vi.useFakeTimers();
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => setTimeout(run, FRAME));
  vi.stubGlobal("performance", { now: () => Date.now() + spent });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** How often a text is shown in two seconds, when that takes so many milliseconds. */
async function timesShown(cost: number): Promise<number> {
  const flush = vi.fn(() => void (spent += cost));
  const schedule = paced();
  for (let ms = 0; ms < 2000; ms += 4) {
    schedule(flush);
    await vi.advanceTimersByTimeAsync(4);
  }
  return flush.mock.calls.length;
}

test("deltas within a frame are shown at once", async () => {
  const flush = vi.fn();
  const schedule = paced();
  for (let delta = 0; delta < 50; delta++) schedule(flush);
  await vi.advanceTimersByTimeAsync(1000);
  expect(flush).toHaveBeenCalledOnce();
});

test("what costs nothing is shown at nearly every frame", async () => {
  expect(await timesShown(0)).toBeGreaterThan((2000 / FRAME) * 0.4);
});

test("what costs more is shown less often, and yet several times a second", async () => {
  const cheap = await timesShown(1);
  const dear = await timesShown(6);
  const dearest = await timesShown(500);
  expect(cheap).toBeGreaterThan(2 * dear);
  expect(dear).toBeGreaterThan(dearest);
  expect(dearest).toBeGreaterThanOrEqual(8);
});
