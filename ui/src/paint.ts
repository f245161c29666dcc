const LONGEST_WAIT_MS = 200;

/** Run once the browser has painted; in a hidden page, which never paints, after a while. */
export function afterPaint(run: () => void): void {
  const painted = () => {
    clearTimeout(timer);
    cancelAnimationFrame(frame);
    setTimeout(run);
  };
  const timer = setTimeout(painted, LONGEST_WAIT_MS);
  const frame = requestAnimationFrame(painted);
}
