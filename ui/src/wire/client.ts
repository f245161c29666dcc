import { unlessAborted } from "./abort";
import { lost, notChatKit, refused, WireError } from "./errors";
import { liveAnswered, liveHeaders, refusesLive } from "./live";
import type { PageOptions } from "./params";
import { actionParams, mimeType, pageParams } from "./params";
import type { ServerSentEvent } from "./sse";
import { SseParser } from "./sse";
import type {
  Action,
  Attachment,
  FeedbackKind,
  ItemPage,
  Params,
  RequestType,
  StreamingRequestType,
  StructuredInputSubmission,
  SyncCustomActionResponse,
  Thread,
  ThreadPage,
  ThreadStreamEvent,
  UserMessageInput,
} from "./types";

export interface ClientOptions {
  readonly url: string;
  /** Used for every request, in place of the browser's. */
  readonly fetch?: typeof fetch | undefined;
  /** One BCP 47 tag. */
  readonly locale?: string | undefined;
  /** Called when the server answers 401, before the request is rejected. */
  readonly onUnauthorized?: (() => void) | undefined;
  /** Milliseconds before each further try of a request that is safe to repeat. */
  readonly pauses?: readonly number[];
}

/** An event and its id, which only a server that speaks Chatkeep's live streams gives. */
export interface StreamedEvent {
  readonly id: string | null;
  readonly event: ThreadStreamEvent;
}

interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface StreamOptions extends CallOptions {
  /** Called once the server has begun to answer. */
  readonly onOpen?: (() => void) | undefined;
  /** Called with an event that is no JSON object; the stream goes on. */
  readonly onBroken?: ((data: string) => void) | undefined;
}

type HeadersGiven = Readonly<Record<string, string>>;

export type EventStream = AsyncGenerator<StreamedEvent, void>;

/** What changes nothing on the server, so that asking twice is asking once. */
const SAFE_TO_REPEAT: ReadonlySet<RequestType> = new Set([
  "threads.get_by_id",
  "threads.list",
  "items.list",
  "threads.stop",
]);
/** A request that any server answers, and that changes nothing. */
const A_READ = JSON.stringify({ type: "threads.list", params: { limit: 1, order: "desc" } });
const MAY_PASS = new Set([502, 503, 504]);
const PAUSES = [300, 1500];

/**
 * The client of one ChatKit endpoint: a method for each request that the element makes.
 *
 * Every method rejects with a `WireError`. What changes something is sent once:
 * a request that may have arrived is never sent again on its own.
 */
export class ChatKitClient {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  // Answers that come as events

  createThread(input: UserMessageInput, options?: StreamOptions): EventStream {
    return this.stream("threads.create", { input }, options);
  }

  addUserMessage(threadId: string, input: UserMessageInput, options?: StreamOptions): EventStream {
    return this.stream("threads.add_user_message", { thread_id: threadId, input }, options);
  }

  /** `result` belongs to the pending call: there is one at most. */
  addToolOutput(threadId: string, result: unknown, options?: StreamOptions): EventStream {
    return this.stream("threads.add_client_tool_output", { thread_id: threadId, result }, options);
  }

  addStructuredInput(
    threadId: string,
    itemId: string,
    input: StructuredInputSubmission,
    options?: StreamOptions,
  ): EventStream {
    const params = { thread_id: threadId, item_id: itemId, input };
    return this.stream("threads.add_structured_input", params, options);
  }

  /** `itemId` is the user's message that is answered again. */
  retryAfter(threadId: string, itemId: string, options?: StreamOptions): EventStream {
    const params = { thread_id: threadId, item_id: itemId };
    return this.stream("threads.retry_after_item", params, options);
  }

  customAction(
    threadId: string,
    action: Action,
    itemId: string | null,
    options?: StreamOptions,
  ): EventStream {
    return this.stream("threads.custom_action", actionParams(threadId, action, itemId), options);
  }

  // Answers that are whole

  /** With the *oldest* items: take its metadata, and the items from `listItems`. */
  getThread(threadId: string, options?: CallOptions): Promise<Thread> {
    return this.call("threads.get_by_id", { thread_id: threadId }, options);
  }

  listThreads(page: PageOptions = {}, options?: CallOptions): Promise<ThreadPage> {
    return this.call("threads.list", pageParams(page), options);
  }

  listItems(threadId: string, page: PageOptions = {}, options?: CallOptions): Promise<ItemPage> {
    return this.call("items.list", { thread_id: threadId, ...pageParams(page) }, options);
  }

  renameThread(threadId: string, title: string, options?: CallOptions): Promise<Thread> {
    return this.call("threads.update", { thread_id: threadId, title }, options);
  }

  async deleteThread(threadId: string, options?: CallOptions): Promise<void> {
    await this.call("threads.delete", { thread_id: threadId }, options);
  }

  /** Stop the answer under way. Only Chatkeep knows this request. */
  async stop(threadId: string, options?: CallOptions): Promise<void> {
    await this.call("threads.stop", { thread_id: threadId }, options);
  }

  async sendFeedback(
    threadId: string,
    itemIds: readonly string[],
    kind: FeedbackKind,
    options?: CallOptions,
  ): Promise<void> {
    await this.call("items.feedback", { thread_id: threadId, item_ids: itemIds, kind }, options);
  }

  syncAction(
    threadId: string,
    action: Action,
    itemId: string | null,
    options?: CallOptions,
  ): Promise<SyncCustomActionResponse> {
    return this.call("threads.sync_custom_action", actionParams(threadId, action, itemId), options);
  }

  createAttachment(
    file: { readonly name: string; readonly size: number; readonly type: string },
    options?: CallOptions,
  ): Promise<Attachment> {
    const params = { name: file.name, size: file.size, mime_type: mimeType(file) };
    return this.call("attachments.create", params, options);
  }

  async deleteAttachment(attachmentId: string, options?: CallOptions): Promise<void> {
    await this.call("attachments.delete", { attachment_id: attachmentId }, options);
  }

  // The two ways in which a server answers

  /** Make a request that is answered with JSON, again if that is safe and may help. */
  async call<R>(type: RequestType, params: object, options: CallOptions = {}): Promise<R> {
    const pauses = SAFE_TO_REPEAT.has(type) ? (this.#options.pauses ?? PAUSES) : [];
    for (const pause of pauses) {
      try {
        return await this.#once<R>(type, params, options);
      } catch (error) {
        const failure = lost("network", options.signal, error);
        const mayPass = failure.kind === "network" || MAY_PASS.has(failure.status ?? 0);
        if (!mayPass) throw failure;
      }
      await sleep(pause, options.signal);
    }
    return this.#once<R>(type, params, options);
  }

  /** Make a request that is answered with events, once. Ending the iteration ends the request. */
  async *stream<T extends StreamingRequestType>(
    type: T,
    params: Params<T>,
    options: StreamOptions = {},
  ): EventStream {
    const response = await this.#post(type, params, "text/event-stream", options);
    const found = response.headers.get("Content-Type") ?? "";
    if (typeof response.body?.getReader !== "function") throw noStream();
    if (!found.toLowerCase().startsWith("text/event-stream")) {
      await response.body.cancel().catch(() => {});
      throw notChatKit(response);
    }
    options.onOpen?.();
    yield* readEvents(response.body.getReader(), options);
  }

  async #once<R>(type: RequestType, params: object, options: CallOptions): Promise<R> {
    const response = await this.#post(type, params, "application/json", options);
    const body = await unlessAborted(response.text(), options.signal).catch((error: unknown) => {
      throw lost("network", options.signal, error);
    });
    const value = body.trim() === "" ? {} : parsed(body);
    if (value === undefined) throw notChatKit(response);
    return value as R;
  }

  async #post(
    type: RequestType,
    params: object,
    accept: string,
    options: CallOptions,
  ): Promise<Response> {
    const { url } = this.#options;
    const body = JSON.stringify({ type, params });
    const send = () => this.#send(accept, body, liveHeaders(url), options);
    const response = await send().catch(async (error: unknown) => {
      const ask = (live: HeadersGiven) => this.#send("application/json", A_READ, live, options);
      const isLost = error instanceof WireError && error.kind === "network";
      if (!isLost || !(await refusesLive(url, ask))) throw error;
      return send();
    });
    liveAnswered(url);
    if (response.status === 401) this.#options.onUnauthorized?.();
    if (!response.ok) throw await refused(response);
    return response;
  }

  async #send(
    accept: string,
    body: string,
    live: HeadersGiven,
    options: CallOptions,
  ): Promise<Response> {
    const { url, fetch: send = globalThis.fetch, locale } = this.#options;
    const headers: Record<string, string> = {
      Accept: accept,
      "Content-Type": "application/json",
      ...live,
    };
    if (locale) headers["Accept-Language"] = locale;
    const init: RequestInit = { method: "POST", headers, body };
    if (options.signal) init.signal = options.signal;
    const answer = (async () => send(url, init))(); // what is thrown at once is a rejection too
    const response = await unlessAborted(answer, options.signal).catch((error: unknown) => {
      // The page's own fetch may not listen to the signal, and answer yet.
      void answer.then((late) => late.body?.cancel()).catch(() => {});
      throw lost("network", options.signal, error);
    });
    if (typeof response?.headers?.get !== "function") throw noStream();
    return response;
  }
}

/** The error for a fetch of the page's that gives something else than the browser's. */
function noStream(): WireError {
  return new WireError("content_type", "fetch gave no Response whose body is a ReadableStream.");
}

async function* readEvents(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  options: StreamOptions,
): EventStream {
  const { signal } = options;
  const parser = new SseParser();
  const cancel = () => void reader.cancel().catch(() => {});
  // The page's own fetch may not listen to the signal.
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (signal?.aborted) throw signal.reason;
      yield* events(done ? parser.end() : parser.feed(value), options);
      if (done) return;
    }
  } catch (error) {
    throw lost("cut", signal, error);
  } finally {
    signal?.removeEventListener("abort", cancel);
    cancel();
  }
}

function* events(
  received: readonly ServerSentEvent[],
  options: StreamOptions,
): Generator<StreamedEvent> {
  for (const { id, data } of received) {
    const event = parsed(data) as ThreadStreamEvent | undefined;
    if (event !== undefined) yield { id, event };
    else options.onBroken?.(data);
  }
}

/** The object that JSON holds, or undefined if it holds none. */
function parsed(json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      reject(lost("network", signal, signal?.reason));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", end);
      resolve();
    }, milliseconds);
    if (signal?.aborted) end();
    else signal?.addEventListener("abort", end, { once: true });
  });
}
