/** The pieces of a text that grows, shared by every buffer of that text. */
interface Growth {
  pieces: string[];
  length: number;
}

/**
 * A text that grows by pieces, as an immutable value.
 *
 * `append` returns a new buffer and costs what the piece costs: buffers of one
 * text share their pieces, and each knows how far it reaches. A view that has
 * shown a buffer asks the next one only for what came `since`.
 */
export class TextBuffer {
  readonly #growth: Growth;
  /** In UTF-16 units, as JavaScript counts. */
  readonly length: number;

  private constructor(growth: Growth, length: number) {
    this.#growth = growth;
    this.length = length;
  }

  static of(text: string): TextBuffer {
    return new TextBuffer({ pieces: [text], length: text.length }, text.length);
  }

  append(piece: string): TextBuffer {
    const growth = this.#growth;
    // Another buffer may have grown from here already: then the two part.
    if (growth.length !== this.length) return TextBuffer.of(this.toString()).append(piece);
    growth.pieces.push(piece);
    growth.length += piece.length;
    return new TextBuffer(growth, growth.length);
  }

  /** Whether this is `earlier` grown further. Costs nothing, and may say no of equal texts. */
  continues(earlier: TextBuffer): boolean {
    return this.#growth === earlier.#growth && this.length >= earlier.length;
  }

  /** The text from an offset (in UTF-16 units) on. Costs what it returns. */
  since(offset: number): string {
    const { pieces } = this.#growth;
    let start = this.#growth.length;
    let first = pieces.length;
    while (first > 0 && start > offset) start -= pieces[--first]?.length ?? 0;
    return pieces
      .slice(first)
      .join("")
      .slice(Math.max(0, offset - start), this.length - start);
  }

  toString(): string {
    const growth = this.#growth;
    if (growth.pieces.length > 1) growth.pieces = [growth.pieces.join("")];
    return (growth.pieces[0] ?? "").slice(0, this.length);
  }
}
