import type { Signal } from "@preact/signals-core";
import { computed, signal, untracked } from "@preact/signals-core";
import { ChatKitClient } from "../wire/client";
import type { FeedbackKind, StructuredInputAnswerSubmission } from "../wire/types";
import { DraftComposer } from "./composer";
import { ThreadConversation } from "./conversation";
import { Drafts } from "./drafts";
import { Emitter } from "./emitter";
import { ThreadHistory } from "./history";
import type { Host } from "./host";
import type {
  Chat,
  ChatEvents,
  ChatOptions,
  OutgoingMessage,
  ThreadInfo,
  WidgetAction,
} from "./model";

/** The state of one element, and all that can be done with it. No DOM. */
export class Controller implements Chat, Host {
  readonly events = new Emitter<ChatEvents>();
  readonly history: ThreadHistory;
  readonly composer: DraftComposer;
  readonly conversation;
  readonly restriction;
  options: ChatOptions;
  client: ChatKitClient;
  isLive: boolean | null = null;

  readonly #drafts: Drafts;
  readonly #owner: ChatOptions["api"];
  /** How often the drafts were cleared; by message, how often they had been when it was sent. */
  #clearings = 0;
  readonly #clearingsBefore = new WeakMap<OutgoingMessage, number>();
  readonly #current: Signal<ThreadConversation>;
  readonly #shown = new Set<string>();
  /** Conversations whose answer goes on while another is shown. */
  readonly #background = new Set<ThreadConversation>();

  constructor(options: ChatOptions) {
    this.options = options;
    this.client = this.#clientOf(options);
    this.#drafts = new Drafts(options.api, () => this.#draftsDropped());
    this.#owner = options.api;
    this.#current = signal(new ThreadConversation(this, null));
    this.conversation = computed(() => this.#current.value);
    this.restriction = computed(() => restrictionOf(this.#current.value.thread.value));
    this.history = new ThreadHistory(this, {
      renamed: (thread) => this.#renamed(thread),
      removed: (threadId) => this.#removed(threadId),
    });
    const isOpen = computed(() => {
      const { responding, loading, questions } = this.#current.value;
      return !responding.value && !loading.value && !questions.value && !this.restriction.value;
    });
    this.composer = new DraftComposer(this, this.#drafts.of(null), isOpen, (message) =>
      this.send(message),
    );
  }

  on<K extends keyof ChatEvents>(name: K, listener: (detail: ChatEvents[K]) => void): () => void {
    return this.events.on(name, listener);
  }

  configure(options: ChatOptions): void {
    // Whoever calls this in an effect must not be called again by what is read here.
    untracked(() => {
      const { api, locale } = this.options;
      this.options = options;
      const isSame =
        api.url === options.api.url && api.fetch === options.api.fetch && locale === options.locale;
      if (!isSame) this.client = this.#clientOf(options);
      if (api.url !== options.api.url) this.isLive = null;
      this.composer.optionsChanged();
    });
  }

  async openThread(threadId: string | null): Promise<void> {
    const shown = this.#current.peek();
    if (shown.threadId.peek() === threadId && (threadId !== null || !shown.responding.peek())) {
      return;
    }
    const running = [...this.#background].find((other) => other.threadId.peek() === threadId);
    const next = (threadId !== null && running) || new ThreadConversation(this, threadId);
    this.#show(next);
    this.events.emit("thread.change", { threadId });
    if (next !== running) await next.load();
  }

  async send(message: OutgoingMessage): Promise<boolean> {
    if (message.newThread) await this.openThread(null);
    if (this.restriction.peek()) return false;
    const model = message.model === undefined ? this.composer.modelId.peek() : message.model;
    const sent = { ...message, model };
    this.#clearingsBefore.set(sent, this.#clearings);
    return this.#current.peek().send(sent);
  }

  stop(): Promise<void> {
    return this.#current.peek().stop();
  }

  retry(itemId?: string): Promise<void> {
    return this.#current.peek().retry(itemId);
  }

  rate(itemIds: readonly string[], kind: FeedbackKind): Promise<boolean> {
    return this.#current.peek().rate(itemIds, kind);
  }

  act(action: WidgetAction, itemId?: string): Promise<boolean> {
    return this.#current.peek().act(action, itemId ?? null);
  }

  answer(
    itemId: string,
    answers: Readonly<Record<string, StructuredInputAnswerSubmission>>,
  ): Promise<void> {
    return this.#current.peek().submit(itemId, { status: "answered", answers });
  }

  skip(itemId: string): Promise<void> {
    return this.#current.peek().submit(itemId, { status: "skipped", answers: {} });
  }

  async fetchUpdates(): Promise<void> {
    const isListed = this.history.isOpen.peek();
    await Promise.all([
      this.#current.peek().refreshQuietly(),
      isListed ? this.history.reload() : undefined,
    ]);
  }

  clearDrafts(): void {
    Drafts.drop(this.#owner);
  }

  dispose(): void {
    for (const conversation of [this.#current.peek(), ...this.#background]) conversation.end();
    this.composer.end();
    this.#drafts.end();
  }

  // What conversations tell

  hasShown(threadId: string): boolean {
    return this.#shown.has(threadId);
  }

  onThread(thread: ThreadInfo, isNew: boolean): void {
    this.#shown.add(thread.id);
    if (!isNew) return this.history.update(thread);
    this.history.add(thread);
    if (this.#current.peek().threadId.peek() !== thread.id) return;
    this.#drafts.move(thread.id);
    this.events.emit("thread.change", { threadId: thread.id });
  }

  giveBack(threadId: string | null, message: OutgoingMessage): boolean {
    if (this.#clearingsBefore.get(message) !== this.#clearings) return false;
    this.composer.giveBack(this.#drafts.of(threadId), message);
    return true;
  }

  onUnauthorized(): void {
    this.clearDrafts();
  }

  submit(): void {
    void this.composer.submit();
  }

  #draftsDropped(): void {
    this.#clearings += 1;
    this.composer.dropUploads();
  }

  #clientOf({ api: { url, fetch }, locale }: ChatOptions): ChatKitClient {
    const onUnauthorized = () => this.onUnauthorized();
    return new ChatKitClient({ url, fetch, locale, onUnauthorized });
  }

  // Which conversation is shown

  #show(next: ThreadConversation): void {
    const left = this.#current.peek();
    this.#background.delete(next);
    if (left.responding.peek()) this.#keep(left);
    else left.end();
    this.#current.value = next;
    this.composer.show(this.#drafts.of(next.threadId.peek()));
  }

  /** Read an answer to its end though no one sees it. */
  #keep(conversation: ThreadConversation): void {
    this.#background.add(conversation);
    const unsubscribe = conversation.responding.subscribe((isResponding) => {
      if (isResponding) return;
      unsubscribe();
      if (this.#background.delete(conversation)) conversation.end();
    });
  }

  #renamed(thread: ThreadInfo): void {
    for (const conversation of [this.#current.peek(), ...this.#background]) {
      if (conversation.threadId.peek() === thread.id) conversation.renamed(thread);
    }
  }

  #removed(threadId: string): void {
    this.#drafts.remove(threadId);
    const isShown = this.#current.peek().threadId.peek() === threadId;
    if (isShown) void this.openThread(null);
  }
}

function restrictionOf(thread: ThreadInfo | null) {
  const status = thread?.status;
  if (status?.type !== "locked" && status?.type !== "closed") return null;
  return { type: status.type, reason: status.reason ?? null };
}
