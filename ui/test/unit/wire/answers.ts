/** Answers of a server, for a fetch that is scripted. */

const encoder = new TextEncoder();

/** The frame of an event. */
export function frame(event: object, id?: number): string {
  return `${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(event)}\n\n`;
}

/** A stream of events that is written as a test goes on. */
export class Stream {
  readonly response: Response;
  /** Whether the reader has gone. */
  isCancelled = false;
  #controller!: ReadableStreamDefaultController<Uint8Array>;

  constructor(contentType = "text/event-stream") {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      cancel: () => void (this.isCancelled = true),
    });
    this.response = new Response(body, { headers: { "Content-Type": contentType } });
  }

  write(text: string | Uint8Array): this {
    this.#controller.enqueue(typeof text === "string" ? encoder.encode(text) : text);
    return this;
  }

  send(...events: object[]): this {
    return this.write(events.map((event) => frame(event)).join(""));
  }

  end(): this {
    this.#controller.close();
    return this;
  }

  /** Break off, as a lost connection does. */
  fail(): this {
    this.#controller.error(new TypeError("network error"));
    return this;
  }
}

/** A stream that is there at once, and whole. */
export function streamed(body: string, status = 200): Response {
  return new Response(body, { status, headers: { "Content-Type": "text/event-stream" } });
}

export function refusal(status: number, code: string, message: string, headers = {}): Response {
  return Response.json({ error: { code, message } }, { status, headers });
}
