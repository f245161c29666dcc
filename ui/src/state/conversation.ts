import type { ReadonlySignal } from "@preact/signals-core";
import { computed, signal } from "@preact/signals-core";
import { WireError } from "../wire/errors";
import type { Action, FeedbackKind, StructuredInputSubmission } from "../wire/types";
import type { AnswerEnd, Beginning, Course } from "./answering";
import { Answering } from "./answering";
import { upTo, withThread } from "./edits";
import { asError, asWireError, TurnError, toolFailure, turnFailure, wireFailure } from "./failure";
import type { Host } from "./host";
import { Loading } from "./loading";
import type { Conversation, Failure, OutgoingMessage, ThreadInfo, WidgetAction } from "./model";
import type { Fate } from "./outbox";
import { Outbox } from "./outbox";
import { indexOf } from "./reduce";
import { ThreadStore } from "./store";

let conversations = 0;

/** A thread, or one to be: its state, its answer under way, and what its user does. */
export class ThreadConversation implements Conversation {
  readonly key = `conversation:${++conversations}`;
  readonly threadId: ReadonlySignal<string | null>;
  readonly #threadId = signal<string | null>(null);
  readonly #loading = signal(false);
  readonly #failure = signal<Failure | null>(null);
  readonly #ratings = signal<ReadonlyMap<string, FeedbackKind>>(new Map());
  readonly #dismissed = signal<ReadonlySet<number>>(new Set());

  readonly #host: Host;
  readonly #store = new ThreadStore();
  readonly #answering: Answering;
  readonly #pages: Loading;
  readonly #outbox: Outbox;
  /** How many answers began: what was fetched before one is of no use after it. */
  #answers = 0;
  #isStale = false;

  readonly thread = this.#store.thread;
  readonly items = this.#store.items;
  readonly progress = this.#store.progress;
  readonly questions = this.#store.questions;
  readonly loading = computed(() => this.#loading.value);
  readonly failure = computed(() => this.#failure.value);
  readonly ratings = computed(() => this.#ratings.value);
  readonly notices = computed(() => {
    const dismissed = this.#dismissed.value;
    return this.#store.notices.value.filter((notice) => !dismissed.has(notice.id));
  });
  readonly older;
  readonly phase;
  readonly responding;
  readonly canStop;

  /** @param threadId Null: the thread that the first message begins. */
  constructor(host: Host, threadId: string | null) {
    this.#host = host;
    this.#threadId.value = threadId;
    this.threadId = computed(() => this.#threadId.value);
    this.#answering = new Answering(this.#store, host);
    this.#pages = new Loading(this.#store, host);
    this.#outbox = new Outbox(this.#store, this.#pages, host);
    this.older = this.#pages.older;
    this.phase = this.#answering.phase;
    this.responding = this.#answering.responding;
    this.canStop = computed(
      () =>
        this.responding.value && this.phase.value !== "stopping" && this.#store.allowCancel.value,
    );
    this.#store.thread.subscribe((thread) => {
      if (!thread) return;
      const isNew = this.#threadId.peek() === null;
      this.#threadId.value = thread.id;
      host.onThread(thread, isNew);
    });
  }

  // Fetching

  /** Show what the server has of the thread. */
  async load(): Promise<void> {
    const threadId = this.#threadId.peek();
    if (threadId === null || this.#loading.peek()) return;
    this.#loading.value = true;
    this.#failure.value = null;
    this.#host.events.emit("thread.load.start", { threadId });
    try {
      await this.#pages.newest(threadId);
    } catch (error) {
      this.#fail(error, () => void this.load());
    }
    this.#loading.value = false;
    this.#host.events.emit("thread.load.end", { threadId });
  }

  async loadOlder(): Promise<void> {
    const threadId = this.#threadId.peek();
    if (threadId === null) return;
    try {
      await this.#pages.before(threadId);
    } catch (error) {
      this.#fail(error, () => void this.loadOlder());
    }
  }

  /** Fetch what has changed; while an answer is under way, after it. Rejects with a `WireError`. */
  async refresh(): Promise<void> {
    const threadId = this.#threadId.peek();
    if (threadId === null) return;
    this.#isStale = this.responding.peek();
    if (this.#isStale) return;
    const answers = this.#answers;
    const wasTaken = await this.#pages.newest(threadId, {
      isCurrent: () => this.#answers === answers,
    });
    if (!wasTaken) await this.refresh();
  }

  /** As `refresh`; what fails is told to the page, and no one else. */
  async refreshQuietly(): Promise<void> {
    await this.refresh().catch((error: unknown) => this.#tell(asWireError(error)));
  }

  /** The thread has another title. */
  renamed(thread: ThreadInfo): void {
    this.#store.change((state) => withThread(state, thread));
  }

  // Answers

  /** Send a message; resolves to whether the server took it. */
  async send(message: OutgoingMessage): Promise<boolean> {
    if (this.responding.peek()) return false;
    const letter = this.#outbox.add(message, this.#threadId.peek());
    return new Promise((resolve) => {
      let fate: Fate = "taken";
      const settle = async (end: AnswerEnd, signal: AbortSignal) =>
        void (fate = await this.#outbox.fate(letter, end, signal));
      const onEvent = () => {
        if (!this.#outbox.isSending) resolve(true);
      };
      const open: Beginning = (options) => this.#outbox.send(letter, options);
      void this.#answer(open, () => void this.retry(), { onEvent, settle }).then(() => {
        if (fate === "assumed") void this.refreshQuietly();
        if (fate === "lost") this.#giveBack(message);
        if (fate === "found") this.#retryWith(() => void this.#stopped(() => void this.retry()));
        resolve(fate !== "lost");
      });
    });
  }

  stop(): Promise<void> {
    return this.#answering.stop();
  }

  async retry(itemId?: string): Promise<void> {
    const { items } = this.#store.state;
    const index = itemId === undefined ? items.length - 1 : indexOf(items, itemId);
    const message = items.slice(0, index + 1).findLast((item) => item.type === "user_message");
    const threadId = this.#threadId.peek();
    if (!message || threadId === null || this.responding.peek()) return;
    this.#store.change((state) => upTo(state, message.id));
    const end = await this.#answer(
      (options) => this.#host.client.retryAfter(threadId, message.id, options),
      () => void this.retry(message.id),
    );
    // The server keeps the old answer until there is something new; so do we.
    if (end.how === "refused") this.#store.change((state) => ({ ...state, items }));
    else if (end.how !== "finished") await this.refreshQuietly();
  }

  async submit(itemId: string, submission: StructuredInputSubmission): Promise<void> {
    const threadId = this.#threadId.peek();
    if (threadId === null || this.responding.peek()) return;
    const isPending = () => this.questions.peek()?.id === itemId;
    await this.#answer(
      (options) => this.#host.client.addStructuredInput(threadId, itemId, submission, options),
      () => void (isPending() ? this.submit(itemId, submission) : this.retry()),
    );
  }

  // Actions

  /** Do what a widget asks; resolves to whether it was done. */
  async act(action: WidgetAction, itemId: string | null): Promise<boolean> {
    if (action.handler === "client") return this.#actInPage(action, itemId);
    const threadId = this.#threadId.peek();
    if (threadId === null) return this.#refuse("action.no_thread", action);
    if (action.streaming === false) return this.#actAtOnce(threadId, action, itemId);
    if (this.responding.peek()) return this.#refuse("action.busy", action);
    const again = () => void this.act(action, itemId);
    const end = await this.#answer(
      (options) => this.#host.client.customAction(threadId, action, itemId, options),
      again,
    );
    return end.how === "finished";
  }

  async #actInPage(action: Action, itemId: string | null): Promise<boolean> {
    const handler = this.#host.options.onWidgetAction;
    const item = this.#store.state.items[indexOf(this.#store.state.items, itemId ?? "")];
    if (!handler || item?.type !== "widget") return this.#refuse("action.no_handler", action);
    try {
      const { type, payload } = action;
      const given =
        payload == null ? { type } : { type, payload: payload as Record<string, unknown> };
      await handler(given, { id: item.id, widget: item.widget });
      return true;
    } catch (error) {
      this.#tell(asError(error));
      return false;
    }
  }

  async #actAtOnce(threadId: string, action: Action, itemId: string | null): Promise<boolean> {
    try {
      const { updated_item: item } = await this.#host.client.syncAction(threadId, action, itemId);
      if (item) this.#store.dispatch({ type: "thread.item.replaced", item });
      return true;
    } catch (error) {
      this.#fail(error, () => void this.#actAtOnce(threadId, action, itemId));
      return false;
    }
  }

  #refuse(name: string, action: Action): boolean {
    this.#host.events.emit("log", { name, data: { type: action.type } });
    return false;
  }

  // What the user says of it

  async rate(itemIds: readonly string[], kind: FeedbackKind): Promise<boolean> {
    const threadId = this.#threadId.peek();
    if (threadId === null) return false;
    const before = this.#ratings.peek();
    this.#setRatings(itemIds, () => kind);
    try {
      await this.#host.client.sendFeedback(threadId, itemIds, kind);
      return true;
    } catch (error) {
      this.#setRatings(itemIds, (id) => before.get(id));
      this.#tell(asWireError(error));
      return false;
    }
  }

  #setRatings(itemIds: readonly string[], of: (id: string) => FeedbackKind | undefined): void {
    const ratings = new Map(this.#ratings.peek());
    for (const id of itemIds) {
      const kind = of(id);
      if (kind) ratings.set(id, kind);
      else ratings.delete(id);
    }
    this.#ratings.value = ratings;
  }

  dismissNotice(id: number): void {
    this.#dismissed.value = new Set([...this.#dismissed.peek(), id]);
  }

  dismissFailure(): void {
    this.#failure.value = null;
  }

  /** Fetch and read no more. */
  end(): void {
    this.#pages.end();
    this.#answering.leave();
  }

  // How an answer goes

  async #answer(first: Beginning, restart: () => void, course?: Course): Promise<AnswerEnd> {
    this.#answers += 1;
    this.#failure.value = null;
    this.#dismissed.value = new Set();
    const { end, last } = await this.#answering.run(first, course);
    const resend = last === first ? restart : () => void this.#answer(last, restart);
    this.#failure.value = this.#failureOf(end, resend, restart);
    if (end.how === "cut" || this.#isStale) void this.refreshQuietly();
    return end;
  }

  /** What went wrong, and what would help. The page is told too. */
  #failureOf(end: AnswerEnd, resend: () => void, restart: () => void): Failure | null {
    const { error } = this.#store.state;
    if (end.how === "failed" && error) {
      this.#tell(new TurnError(error));
      return turnFailure(error, restart);
    }
    if (!("error" in end)) return null;
    this.#tell(end.error);
    if (end.how === "tool") {
      return toolFailure(end.code, () => void this.#answer(end.call, restart));
    }
    const retry = end.how === "refused" ? resend : () => void this.#stopped(restart);
    return wireFailure(end.error, retry);
  }

  /** Whoever went on answering a stream that was cut must end before it is tried again. */
  async #stopped(restart: () => void): Promise<void> {
    const threadId = this.#threadId.peek();
    const { isLive, client } = this.#host;
    if (isLive !== false && threadId !== null) await client.stop(threadId).catch(() => {});
    restart();
  }

  #fail(thrown: unknown, retry: () => void): void {
    const error = asWireError(thrown);
    this.#failure.value = wireFailure(error, retry) ?? this.#failure.peek();
    this.#tell(error);
  }

  #tell(error: Error): void {
    const isOurs = error instanceof WireError && error.kind === "aborted";
    if (!isOurs) this.#host.events.emit("error", { error });
  }

  #giveBack(message: OutgoingMessage): void {
    const isBack = this.#host.giveBack(this.#threadId.peek(), message);
    this.#retryWith(isBack ? () => this.#host.submit() : null);
  }

  #retryWith(retry: (() => void) | null): void {
    const failure = this.#failure.peek();
    if (failure?.retry) this.#failure.value = { ...failure, retry };
  }
}
