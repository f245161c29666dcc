/** Random numbers that are the same in every run. */
export function seeded(seed: number) {
  let state = seed;
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const below = (limit: number) => Math.floor(next() * limit);
  return { next, below, pick: <T>(from: readonly T[]): T => from[below(from.length)]! };
}

/** A text cut into pieces of one to `longest` units. */
export function chunks(text: string, longest: number, seed: number): string[] {
  const random = seeded(seed);
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = at + 1 + random.below(longest);
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}
