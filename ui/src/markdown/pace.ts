/**
 * How often a growing text is shown: at most once a frame, and less often the longer that takes.
 */

/** Calls a function soon, once for all calls in between. */
export type Schedule = (flush: () => void) => void;

/** Between two flushes passes so many times the time that one takes, layout and paint included. */
const PAUSE = 20;
const LONGEST_PAUSE = 200; // ms

/** A schedule that adapts to what each flush costs. */
export function paced(): Schedule {
  let wanted: (() => void) | undefined;
  let isBusy = false;

  async function work(): Promise<void> {
    isBusy = true;
    try {
      while (wanted) await showNext();
    } finally {
      isBusy = false;
    }
  }

  async function showNext(): Promise<void> {
    await nextFrame();
    const begin = performance.now();
    const flush = wanted;
    wanted = undefined;
    flush?.();
    await delay(0); // until the frame has been painted
    await delay(Math.min((performance.now() - begin) * PAUSE, LONGEST_PAUSE));
  }

  return (flush) => {
    wanted = flush;
    if (!isBusy) void work();
  };
}

function nextFrame(): Promise<unknown> {
  if (typeof requestAnimationFrame !== "function") return delay(16);
  return new Promise(requestAnimationFrame);
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
