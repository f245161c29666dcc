/**
 * How often a growing text is shown: at most once a frame, and less often the longer that takes.
 */

import type { Schedule } from "./stream";

/** Showing a text takes at most one part in so many of the main thread's time. */
const SHARE = 16;
const LONGEST_WAIT = 200; // ms

/** A schedule that adapts to what each flush cost, the browser's layout and paint included. */
export function paced(): Schedule {
  let asked = false;
  let notBefore = 0;

  function measured(flush: () => void): void {
    asked = false;
    const begin = performance.now();
    flush();
    // Once the frame has been painted
    setTimeout(() => {
      const end = performance.now();
      notBefore = end + Math.min((end - begin) * SHARE, LONGEST_WAIT);
    });
  }

  return (flush) => {
    if (asked) return;
    asked = true;
    const wait = notBefore - performance.now();
    const frame = () => nextFrame(() => measured(flush));
    if (wait > 0) setTimeout(frame, wait);
    else frame();
  };
}

function nextFrame(run: () => void): void {
  if (typeof requestAnimationFrame === "function") requestAnimationFrame(run);
  else setTimeout(run, 16);
}
