import type { ThreadStreamEvent } from "../../../src/wire/types";

interface Sent {
  type: string;
  params: Record<string, unknown>;
}

const NOW = "2026-01-01T00:00:00Z";

/** A ChatKit server behind `fetch`: it answers each message with `answer`, and notes requests. */
export class ScriptedServer {
  readonly requests: Sent[] = [];
  answer = "Hello back";
  /** What threads hold, the newest first. */
  items: object[] = [];
  /** What has been aborted. */
  readonly aborted: string[] = [];
  readonly #held = new Set<string>();

  readonly fetch: typeof fetch = async (_url, init) => {
    const request = JSON.parse(String(init?.body)) as Sent;
    this.requests.push(request);
    init?.signal?.addEventListener("abort", () => this.aborted.push(request.type));
    return this.#reply(request);
  };

  /** Answer requests of a type with a stream that doesn't end. */
  hold(type: string): void {
    this.#held.add(type);
  }

  types(): string[] {
    return this.requests.map(({ type }) => type);
  }

  #reply({ type, params }: Sent): Response {
    const id = String(params["thread_id"] ?? "thr_new");
    switch (type) {
      case "threads.create":
      case "threads.add_user_message":
      case "threads.custom_action":
        return this.#stream(id, type);
      case "items.list":
        return Response.json({ data: this.items, has_more: false, after: null });
      case "threads.get_by_id":
        return Response.json(thread(id));
      default:
        return Response.json({ data: [], has_more: false, after: null });
    }
  }

  #stream(id: string, type: string): Response {
    const item = { id: "msg_1", thread_id: id, created_at: NOW };
    const content = [{ type: "output_text", text: this.answer, annotations: [] }];
    const events = [
      ...(type === "threads.create" ? [{ type: "thread.created", thread: thread(id) }] : []),
      { type: "thread.item.done", item: { ...item, type: "assistant_message", content } },
    ] as ThreadStreamEvent[];
    const body = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
    const headers = { "content-type": "text/event-stream" };
    if (!this.#held.has(type)) return new Response(body, { headers });
    const begin = (controller: ReadableStreamDefaultController) =>
      controller.enqueue(new TextEncoder().encode(body));
    return new Response(new ReadableStream({ start: begin }), { headers });
  }
}

function thread(id: string) {
  const items = { data: [], has_more: false, after: null };
  const status = { type: "active" };
  return { id, title: "A thread", created_at: NOW, status, metadata: {}, items };
}
