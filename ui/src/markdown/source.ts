/**
 * A text as it arrives: its line ends made one kind, and its code points counted, since the
 * server counts in those and JavaScript in UTF-16 units.
 */

export class SourceText {
  #text = "";
  /** A `\r` at the end, of which the next delta says what it is. */
  #held = "";
  /** Units and surrogate pairs so far, as they arrived. */
  #units = 0;
  #pairs = 0;
  /** After each of these code points the index differs from the count by the shift beside it. */
  readonly #points: number[] = [];
  readonly #shifts: number[] = [];

  get text(): string {
    return this.#text;
  }

  /** Take in more of the text, and return it with its line ends made `\n`. */
  push(delta: string): string {
    const text = this.#held + delta;
    this.#held = text.endsWith("\r") ? "\r" : "";
    const whole = this.#held ? text.slice(0, -1) : text;
    this.#count(whole);
    const normal = whole.replace(/\r\n?/g, "\n");
    this.#text += normal;
    return normal;
  }

  /** The index in the text of the place after so many code points. */
  indexOf(point: number): number {
    let [low, high] = [0, this.#points.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#points[middle]! < point) low = middle + 1;
      else high = middle;
    }
    const index = point + (this.#shifts[low - 1] ?? 0);
    return Math.max(0, Math.min(index, this.#text.length));
  }

  #count(text: string): void {
    for (const { 0: match, index } of text.matchAll(/[\uD800-\uDBFF]|\r\n/g)) {
      const isPair = match !== "\r\n";
      this.#points.push(this.#units + index - this.#pairs);
      this.#shifts.push((this.#shifts.at(-1) ?? 0) + (isPair ? 1 : -1));
      if (isPair) this.#pairs += 1;
    }
    this.#units += text.length;
  }
}
