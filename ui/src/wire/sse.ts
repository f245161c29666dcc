/** One server-sent event: its data lines joined, and the last id that came with or before it. */
export interface ServerSentEvent {
  readonly id: string | null;
  readonly data: string;
}

const LINE_END = /\r\n?|\n/g;

/**
 * Server-sent events from bytes, as the HTML standard parses them, but that an
 * event which the end of the stream completes is an event too.
 *
 * Chunks may end anywhere: inside a character, a line end, a field. Each byte is
 * looked at once, so an event of many chunks costs no more than many events.
 */
export class SseParser {
  readonly #decoder = new TextDecoder();
  #line: string[] = [];
  #data: string[] = [];
  #id: string | null = null;
  #afterReturn = false;
  #events: ServerSentEvent[] = [];

  /** Take a chunk; return the events that it completes. */
  feed(chunk: Uint8Array): ServerSentEvent[] {
    this.#text(this.#decoder.decode(chunk, { stream: true }));
    return this.#take();
  }

  /** Return what the end of the stream completes. */
  end(): ServerSentEvent[] {
    this.#text(`${this.#decoder.decode()}\n\n`);
    return this.#take();
  }

  #text(text: string): void {
    if (text === "") return;
    // A line end may be split between its two characters.
    let start = this.#afterReturn && text.startsWith("\n") ? 1 : 0;
    this.#afterReturn = text.endsWith("\r");
    LINE_END.lastIndex = start;
    for (let end = LINE_END.exec(text); end; end = LINE_END.exec(text)) {
      this.#line.push(text.slice(start, end.index));
      this.#field(this.#line.join(""));
      this.#line = [];
      start = LINE_END.lastIndex;
    }
    if (start < text.length) this.#line.push(text.slice(start));
  }

  #field(line: string): void {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (name === "data") this.#data.push(value);
    else if (name === "id" && !value.includes("\0")) this.#id = value;
  }

  #dispatch(): void {
    if (this.#data.length === 0) return;
    this.#events.push({ id: this.#id, data: this.#data.join("\n") });
    this.#data = [];
  }

  #take(): ServerSentEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
