/** A ChatKit server behind `fetch`, which does what a test says. */

import { expect, vi } from "vitest";
import type { ChatEvents, ChatOptions, Item } from "../../../src/state";
import { Controller } from "../../../src/state";
import type { Params, Request, RequestType, Thread, ThreadItem } from "../../../src/wire/types";
import { Stream } from "../wire/answers";

type Answer = Response | Stream | Error | ((request: Request) => Response | Promise<Response>);

const TIME = "2026-01-02T03:04:05Z";
const EMPTY_PAGE = { data: [], has_more: false };

export class Server {
  readonly requests: Request[] = [];
  /** What the element has given up waiting for. */
  readonly abandoned: RequestType[] = [];
  readonly #answers = new Map<RequestType, Answer[]>();

  /** Answer the next requests of a type; the last answer that is a function stays. */
  on(type: RequestType, ...answers: Answer[]): this {
    this.#answers.set(type, [...(this.#answers.get(type) ?? []), ...answers]);
    return this;
  }

  /** Answer requests of a type so from now on, whatever was said before. */
  now(type: RequestType, ...answers: Answer[]): this {
    this.#answers.set(type, answers);
    return this;
  }

  /** Answer the next request of a type with a stream that the test writes. */
  stream(type: RequestType): Stream {
    const stream = new Stream();
    this.on(type, stream);
    return stream;
  }

  /** What a thread is and holds from now on. */
  thread(id: string, items: readonly ThreadItem[] = [], more: Partial<Thread> = {}): this {
    this.#answers.set("threads.get_by_id", [() => Response.json({ ...thread(id), ...more })]);
    const data = items.toReversed();
    this.#answers.set("items.list", [() => Response.json({ ...EMPTY_PAGE, data })]);
    return this;
  }

  asked<T extends RequestType>(type: T): Params<T>[] {
    return this.requests
      .filter((request) => request.type === type)
      .map(({ params }) => params) as Params<T>[];
  }

  types(): RequestType[] {
    return this.requests.map(({ type }) => type);
  }

  readonly fetch: typeof fetch = async (_url, init) => {
    const signal = init?.signal;
    signal?.throwIfAborted();
    const request = JSON.parse(String(init?.body)) as Request;
    this.requests.push(request);
    signal?.addEventListener("abort", () => this.abandoned.push(request.type));
    const answer = this.#next(request.type);
    if (answer instanceof Error) throw answer;
    if (answer instanceof Stream) return answer.response;
    if (answer instanceof Response) return answer;
    return Promise.race([Promise.resolve(answer(request)), aborted(signal)]);
  };

  #next(type: RequestType): Answer {
    const answers = this.#answers.get(type) ?? [];
    if (typeof answers[0] === "function" && answers.length === 1) return answers[0];
    const answer = answers.shift();
    if (answer) return answer;
    if (type.endsWith("list")) return Response.json(EMPTY_PAGE);
    if (type === "threads.stop" || type === "threads.delete" || type === "items.feedback") {
      return Response.json({});
    }
    throw new Error(`The test has no answer to ${type}.`);
  }
}

/** What never comes, until it is given up. */
export function aborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** An answer that never comes. */
export const never: Answer = () => new Promise(() => {});

/** An answer that comes when the test says. */
export function later(): { answer: Answer; give: (response: Response) => void } {
  let give!: (response: Response) => void;
  const response = new Promise<Response>((resolve) => (give = resolve));
  return { answer: () => response, give };
}

// Records and events

const own = (id: string) => ({ id, thread_id: "thr_1", created_at: TIME });

export function thread(id = "thr_1", more: Partial<Thread> = {}): Thread {
  const items = { data: [], has_more: false };
  return { id, created_at: TIME, status: { type: "active" }, metadata: {}, items, ...more };
}

export function user(id: string, text: string): ThreadItem {
  const content = [{ type: "input_text" as const, text }];
  return { ...own(id), type: "user_message", content, attachments: [], inference_options: {} };
}

export function assistant(id: string, text?: string): ThreadItem {
  const part = { type: "output_text" as const, text: text ?? "", annotations: [] };
  return { ...own(id), type: "assistant_message", content: text === undefined ? [] : [part] };
}

export function toolCall(id: string, name = "locate"): ThreadItem {
  const call = { call_id: "call_1", name, arguments: { precise: true } };
  return { ...own(id), type: "client_tool_call", status: "pending", ...call };
}

export function questions(id: string, status: "pending" | "answered" = "pending"): ThreadItem {
  const inputs = [{ type: "freeform" as const, id: "why", question: "Why?" }];
  return { ...own(id), type: "structured_input", status, inputs };
}

export function widget(id: string, value: string): ThreadItem {
  const children = [{ type: "Text", id: "text", value }];
  return { ...own(id), type: "widget", widget: { type: "Card", children } };
}

export const created = (id = "thr_1") => ({ type: "thread.created", thread: thread(id) });
export const updated = (more: Partial<Thread>) => ({
  type: "thread.updated",
  thread: thread("thr_1", more),
});
export const added = (item: ThreadItem) => ({ type: "thread.item.added", item });
export const done = (item: ThreadItem) => ({ type: "thread.item.done", item });
export const replaced = (item: ThreadItem) => ({ type: "thread.item.replaced", item });
export const delta = (itemId: string, text: string) => ({
  type: "thread.item.updated",
  item_id: itemId,
  update: { type: "assistant_message.content_part.text_delta", content_index: 0, delta: text },
});
export const failed = (reason: string, allowRetry = true) => ({
  type: "error",
  code: "custom",
  message: `Because of ${reason}.`,
  allow_retry: allowRetry,
  reason,
});

// The element's state over it

export interface Told {
  readonly name: keyof ChatEvents;
  readonly detail: unknown;
}

const EVENTS: readonly (keyof ChatEvents)[] = [
  "error",
  "effect",
  "log",
  "response.start",
  "response.end",
  "history.open",
  "history.close",
  "thread.change",
  "thread.load.start",
  "thread.load.end",
  "tool.change",
];

export const URL_ = "https://chat.test/api";

/** A controller of a server, and all that it tells the page. */
export function chatOf(server: Server, options: Partial<ChatOptions> = {}) {
  const chat = new Controller({ api: { url: URL_, fetch: server.fetch }, ...options });
  const told: Told[] = [];
  for (const name of EVENTS) chat.on(name, (detail) => told.push({ name, detail }));
  const names = () => told.map(({ name }) => name);
  return { chat, told, names };
}

/** A controller that shows a thread. */
export async function opened(
  items: readonly ThreadItem[] = [],
  options: Partial<ChatOptions> = {},
  more: Partial<Thread> = {},
) {
  const server = new Server().thread("thr_1", items, more);
  const made = chatOf(server, options);
  await made.chat.openThread("thr_1");
  made.told.length = 0;
  server.requests.length = 0;
  return { server, ...made };
}

/** The items that are shown. */
export function shown(chat: Controller): Item[] {
  return chat.conversation.value.items.value.map((item) => item.value);
}

/** The items that are shown, in short: whose, where in life, and what. */
export function brief(chat: Controller): string[] {
  return shown(chat).map((item) => `${who(item)} ${item.stage}: ${textOf(item)}`);
}

function who(item: Item): string {
  return item.type === "user_message"
    ? "user"
    : item.type === "assistant_message"
      ? "assistant"
      : item.type;
}

function textOf(item: Item): string {
  switch (item.type) {
    case "user_message":
      return item.content.map(({ text }) => text).join("");
    case "assistant_message":
      return item.parts.map(({ text }) => text.toString()).join("|");
    case "widget":
      return JSON.stringify(item.widget.children);
    case "client_tool_call":
    case "structured_input":
      return item.status;
    default:
      return "";
  }
}

/** Wait until a check holds. */
export function until(check: () => void): Promise<void> {
  return vi.waitFor(check, { interval: 2 });
}

/** Wait until what is shown is this. */
export function untilShown(chat: Controller, expected: readonly string[]): Promise<void> {
  return until(() => expect(brief(chat)).toEqual(expected));
}

export function untilIdle(chat: Controller): Promise<void> {
  return until(() => expect(chat.conversation.value.phase.value).toBe("idle"));
}

export const say = (text: string) => ({ content: [{ type: "input_text" as const, text }] });
