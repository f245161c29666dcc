import type { EventStream, StreamOptions } from "../wire/client";
import { WireError } from "../wire/errors";
import { messageInput, wholeContent } from "../wire/params";
import type { ThreadItem, UserMessageInput, UserMessageItem } from "../wire/types";
import type { AnswerEnd } from "./answering";
import { confirmed, withoutSending, withSending } from "./edits";
import { mayHaveArrived } from "./failure";
import type { Host } from "./host";
import type { Loading } from "./loading";
import type { OutgoingMessage } from "./model";
import type { ThreadStore } from "./store";

/** Threads among which one that has just begun is looked for. */
const NEWEST = 5;
/** How far a server's clock may be behind ours. */
const CLOCKS_DIFFER_MS = 2000;

/** A message on its way. */
interface Letter {
  readonly input: UserMessageInput;
  /** As it is shown until the server says that it has it. */
  readonly item: UserMessageItem;
  /** Null: it begins a thread. */
  readonly threadId: string | null;
  /** The items that were there before it. */
  readonly known: ReadonlySet<string>;
}

/**
 * What became of a message.
 *
 * - `taken`: the server has said that it has it
 * - `assumed`: it answered, so that it must have it
 * - `found`: the server has it, though its answer never said so
 * - `lost`: as far as can be told the server doesn't have it
 */
export type Fate = "taken" | "assumed" | "found" | "lost";

/** The messages of a conversation on their way, and what became of those that got no answer. */
export class Outbox {
  readonly #store: ThreadStore;
  readonly #pages: Loading;
  readonly #host: Host;
  #messages = 0;
  /** A message that may have begun a thread, though none was found. */
  #lost: UserMessageItem | null = null;
  /** The last message that turned out to have been sent before. */
  #found: Letter | null = null;

  constructor(store: ThreadStore, pages: Loading, host: Host) {
    this.#store = store;
    this.#pages = pages;
    this.#host = host;
  }

  /** Whether the server has yet to say that it has a message. */
  get isSending(): boolean {
    return this.#store.state.items.some((item) => item.stage === "sending");
  }

  /** Show a message as on its way. */
  add(message: OutgoingMessage, threadId: string | null): Letter {
    const { content, attachments = [], quotedText, toolChoice, model } = message;
    const attachmentIds = attachments.map(({ id }) => id);
    const input = messageInput({ content, attachmentIds, quotedText, toolChoice, model });
    const item: UserMessageItem = {
      id: `local:${++this.#messages}`,
      thread_id: threadId ?? "",
      created_at: new Date().toISOString(),
      type: "user_message",
      content: content.map(wholeContent),
      attachments,
      quoted_text: quotedText ?? null,
      inference_options: input.inference_options,
    };
    const known = new Set(this.#store.state.items.map(({ id }) => id));
    this.#store.change((state) => withSending(state, item));
    return { input, item, threadId, known };
  }

  /** Send a message, unless the server turns out to have had it all along. */
  async *send(letter: Letter, options: StreamOptions): EventStream {
    const { input, item, threadId } = letter;
    const { client } = this.#host;
    if (threadId !== null) return yield* client.addUserMessage(threadId, input, options);
    const lost = this.#lost;
    const begun = lost && (await this.#threadOf(lost, options.signal));
    if (begun !== null) await this.#pages.newest(begun, options);
    this.#lost = null;
    if (lost === null || begun === null) return yield* client.createThread(input, options);
    if (!isSameMessage(item, lost)) return yield* client.addUserMessage(begun, input, options);
    this.#store.change(withoutSending);
    this.#found = letter;
    throw new WireError("cut", "The answer broke off before it began.");
  }

  /**
   * Find out what became of a message. What is lost is not shown any more. Never rejects.
   *
   * @param end How its answer ended.
   * @param signal Ends it: what was not found by then is lost.
   */
  async fate(letter: Letter, end: AnswerEnd, signal: AbortSignal): Promise<Fate> {
    if (!this.isSending) return letter === this.#found ? "found" : "taken";
    // A server that answers has taken it, even if it didn't say so.
    const isAnswered = this.#store.state.items.at(-1)?.stage !== "sending";
    if (end.how === "finished" || isAnswered) {
      this.#store.change(confirmed);
      return "assumed";
    }
    const wasFound = isUncertain(end) && (await this.#find(letter, signal).catch(() => false));
    this.#store.change(withoutSending);
    if (wasFound && end.how === "stopped" && letter.threadId === null) this.#stop();
    return wasFound ? "found" : "lost";
  }

  async #find({ item: sent, known, threadId }: Letter, signal: AbortSignal): Promise<boolean> {
    const id = threadId ?? this.#store.state.thread?.id ?? (await this.#begun(sent, signal));
    if (id === null) return false;
    await this.#pages.newest(id, { signal });
    this.#lost = null;
    return this.#store.state.items.some(
      (item) => item.stage === "done" && !known.has(item.id) && isSameMessage(item, sent),
    );
  }

  /** The thread that a message began just now. One that isn't found is looked for later. */
  #begun(message: UserMessageItem, signal: AbortSignal): Promise<string | null> {
    this.#lost ??= message;
    return this.#threadOf(this.#lost, signal);
  }

  /**
   * The thread that a message began though no event said so, or null.
   *
   * A person may say the same thing twice: so it is none that was here before, and none older
   * than the message. Rejects with a `WireError`.
   */
  async #threadOf(
    message: UserMessageItem,
    signal: AbortSignal | undefined,
  ): Promise<string | null> {
    const { client } = this.#host;
    const earliest = Date.parse(message.created_at) - CLOCKS_DIFFER_MS;
    const { data: newest } = await client.listThreads({ limit: NEWEST }, { signal });
    for (const { id, created_at: time } of newest) {
      if (this.#host.hasShown(id) || Date.parse(time) < earliest) continue;
      const page = { limit: 1, order: "asc" } as const;
      const { data } = await client.listItems(id, page, { signal });
      if (data[0] && isSameMessage(data[0], message)) return id;
    }
    return null;
  }

  /** End an answer that the user stopped before anyone could say in which thread it is. */
  #stop(): void {
    const { id } = this.#store.state.thread ?? {};
    if (id !== undefined) this.#host.client.stop(id).catch(() => {});
  }
}

/** Whether a request may have done its work though its answer didn't say so. */
function isUncertain(end: AnswerEnd): boolean {
  if (end.how === "stopped") return true;
  return "error" in end && end.how !== "tool" && mayHaveArrived(end.error);
}

function isSameMessage(item: Pick<ThreadItem, "type">, message: UserMessageItem): boolean {
  return item.type === "user_message" && gist(item as UserMessageItem) === gist(message);
}

/** What is said in a message, in whatever order its fields came. */
function gist({ content, attachments, quoted_text: quote }: UserMessageItem): string {
  const parts = content.map((part) => [part.text, part.type === "input_tag" ? part.id : null]);
  return JSON.stringify([parts, attachments.map(({ id }) => id), quote ?? null]);
}
