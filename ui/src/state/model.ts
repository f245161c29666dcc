/**
 * What the element shows and does, as the views see it: signals and methods.
 *
 * A view reads signals and calls methods; it holds no state of the conversation
 * itself. `Controller` implements `Chat`. Nothing here knows the DOM.
 */

import type { ReadonlySignal } from "@preact/signals-core";
import type {
  Action,
  ActionConfig,
  Annotation,
  AssistantMessageItem,
  Attachment,
  ClientToolCallItem,
  EndOfTurnItem,
  FeedbackKind,
  GeneratedImageItem,
  IconName,
  LooseContent,
  StructuredInputAnswerSubmission,
  StructuredInputItem,
  TaskItem,
  ThreadStatus,
  ToolChoice,
  UserMessageItem,
  WidgetItem,
  WidgetRoot,
  WorkflowItem,
} from "../wire/types";
import type { TextBuffer } from "./text";

// A thread and its items. All of these are immutable values: a change is a new object.

export interface ThreadInfo {
  readonly id: string;
  readonly title: string | null;
  readonly created_at: string;
  readonly status: ThreadStatus;
  /** Hosts that images may come from; null: not limited by the server. */
  readonly allowed_image_domains: readonly string[] | null;
}

/**
 * Where an item is in its life.
 *
 * - `sending`: the user's message, not confirmed by the server yet
 * - `open`: still changing
 * - `done`: as it will stay
 * - `cut`: its stream ended before it did; what came is kept
 */
export type Stage = "sending" | "open" | "done" | "cut";

interface Own {
  /** For the view's lists: unlike the id it stays when the server names the user's message. */
  readonly key: string;
  readonly stage: Stage;
}

/** One part of an assistant's message. */
export interface MessagePart {
  readonly text: TextBuffer;
  readonly annotations: readonly Annotation[];
  readonly done: boolean;
}

export type UserItem = UserMessageItem & Own;
export type AssistantItem = Omit<AssistantMessageItem, "content"> &
  Own & { readonly parts: readonly MessagePart[] };
export type ToolCallItem = ClientToolCallItem & Own;
export type WidgetEntry = WidgetItem & Own;
/** `progress` is 0 to 1 while the image is made, if the server says. */
export type ImageItem = GeneratedImageItem & Own & { readonly progress: number | null };
export type QuestionsItem = StructuredInputItem & Own;
export type WorkflowEntry = WorkflowItem & Own;
export type TaskEntry = TaskItem & Own;
type EndItem = EndOfTurnItem & Own;

/** An item of a thread; tell them apart by `type`. */
export type Item =
  | UserItem
  | AssistantItem
  | ToolCallItem
  | WidgetEntry
  | ImageItem
  | QuestionsItem
  | WorkflowEntry
  | TaskEntry
  | EndItem;

export interface Progress {
  readonly text: string;
  readonly icon: IconName | null;
}

export interface Notice {
  /** Unique in its conversation. */
  readonly id: number;
  readonly level: "info" | "warning" | "danger";
  readonly title: string | null;
  /** Markdown. */
  readonly message: string;
  /** The key of the item that it follows; null: it comes first. */
  readonly after: string | null;
}

/**
 * Something that a person can act on.
 *
 * - `network`: the server can't be reached
 * - `http`: it refused (`status`, `code`)
 * - `content_type`: what answers doesn't speak ChatKit
 * - `cut`: the stream ended before the answer did
 * - `turn`: the answer failed, says the server
 * - `tool`: the page's client tool failed
 * - `upload`: a file can't be sent: see `code`
 */
export interface Failure {
  readonly kind: "network" | "http" | "content_type" | "cut" | "turn" | "tool" | "upload";
  /** Stable: the server's code where it gives one, else the kind or `http.<status>`. */
  readonly code: string;
  /** Written for the user by the server, if it wrote anything. */
  readonly message: string | null;
  readonly status: number | null;
  /** Seconds to wait, if the server says (429, 503). */
  readonly retryAfter: number | null;
  /** Does it again; null: that would not help. */
  readonly retry: (() => void) | null;
}

// The conversation that is shown

/**
 * - `idle`: the user may write
 * - `sending`: a request is on its way
 * - `streaming`: the answer comes
 * - `tool`: the page's own client tool runs; the answer goes on after it
 * - `stopping`: the user has stopped the answer, which is about to end
 */
export type Phase = "idle" | "sending" | "streaming" | "tool" | "stopping";

/** - `failed`: see `failure`; `loadOlder` tries again. */
export type OlderItems = "none" | "more" | "loading" | "failed";

/** One thread, or the one that the next message begins. Its identity is the view's key. */
export interface Conversation {
  /** Unique; stays when a new thread gets its id. */
  readonly key: string;
  /** Null until the first message of a new thread is accepted, or while a thread loads. */
  readonly thread: ReadonlySignal<ThreadInfo | null>;
  readonly threadId: ReadonlySignal<string | null>;

  /** The items, oldest first. The list changes with its members; each signal with its item. */
  readonly items: ReadonlySignal<readonly ReadonlySignal<Item>[]>;
  /** Whether the newest items are being fetched for the first time. */
  readonly loading: ReadonlySignal<boolean>;
  readonly older: ReadonlySignal<OlderItems>;

  readonly phase: ReadonlySignal<Phase>;
  /** `phase` is not `idle`. */
  readonly responding: ReadonlySignal<boolean>;
  /** Whether a stop button has a meaning now. */
  readonly canStop: ReadonlySignal<boolean>;
  readonly progress: ReadonlySignal<Progress | null>;
  readonly notices: ReadonlySignal<readonly Notice[]>;
  /** The last thing that went wrong; a new attempt clears it. */
  readonly failure: ReadonlySignal<Failure | null>;
  /** Questions that take the composer's place. They stay while the answers are sent. */
  readonly questions: ReadonlySignal<QuestionsItem | null>;
  /** By item id: what the user said of it in this session. */
  readonly ratings: ReadonlySignal<ReadonlyMap<string, FeedbackKind>>;

  /** Fetch older items; does nothing unless there are `more`. */
  loadOlder(): Promise<void>;
  dismissNotice(id: number): void;
  dismissFailure(): void;
}

// The list of threads

export interface History {
  readonly isOpen: ReadonlySignal<boolean>;
  /** Newest first. */
  readonly threads: ReadonlySignal<readonly ThreadInfo[]>;
  readonly status: ReadonlySignal<"idle" | "loading" | "failed">;
  readonly hasMore: ReadonlySignal<boolean>;
  /** Why loading, renaming or deleting failed last. */
  readonly failure: ReadonlySignal<Failure | null>;
  /** Open the view, and fetch the list anew. */
  show(): Promise<void>;
  hide(): void;
  loadMore(): Promise<void>;
  /** Shown at once, taken back if the server refuses. Resolves to whether it was kept. */
  rename(threadId: string, title: string): Promise<boolean>;
  /** As `rename`. The thread that is open gives way to a new one. */
  remove(threadId: string): Promise<boolean>;
}

// The composer

export interface ComposerAttachment {
  /** For the view's lists. */
  readonly key: string;
  readonly name: string;
  readonly mimeType: string;
  /** Bytes; null for what the page attached by id. */
  readonly size: number | null;
  /** For a preview; null for what the page attached by id, or after a reload. */
  readonly file: File | null;
  readonly status: "uploading" | "ready" | "failed";
  /** 0 to 1; null while it can't be told. */
  readonly progress: number | null;
  readonly failure: Failure | null;
  /** Set once it is ready. */
  readonly attachment: Attachment | null;
}

/** A file that was not taken, and why. */
export interface Rejection {
  readonly file: File;
  readonly reason: "disabled" | "type" | "size" | "count";
  /** Bytes for `size`, files for `count`; else null. */
  readonly limit: number | null;
}

/** What `setComposerValue` takes. What is left out stays; null clears. */
export interface ComposerValue {
  text?: string | undefined;
  content?: readonly LooseContent[] | undefined;
  reply?: string | null | undefined;
  attachments?: readonly Attachment[] | undefined;
  files?: readonly File[] | undefined;
  selectedToolId?: string | null | undefined;
  selectedModelId?: string | undefined;
}

/** The draft of the conversation that is shown, and the tool and model for the next message. */
export interface Composer {
  readonly text: ReadonlySignal<string>;
  /** What the message replies to. */
  readonly quote: ReadonlySignal<string | null>;
  readonly attachments: ReadonlySignal<readonly ComposerAttachment[]>;
  readonly toolId: ReadonlySignal<string | null>;
  readonly modelId: ReadonlySignal<string | null>;
  /** Whether there is something to send, it is whole, and the conversation takes it. */
  readonly canSend: ReadonlySignal<boolean>;

  setText(text: string): void;
  setQuote(quote: string | null): void;
  selectTool(toolId: string | null): void;
  selectModel(modelId: string | null): void;
  set(value: ComposerValue): Rejection[];
  /** Check and upload files. Returns those that were not taken. */
  addFiles(files: readonly File[]): Rejection[];
  /** Upload a failed file again. */
  retryAttachment(key: string): void;
  /**
   * Take it away. Ends its upload, and tells the server of what was uploaded since the page was
   * loaded; what the page attached is the page's to delete.
   */
  removeAttachment(key: string): void;
  /** Send what is there. Resolves to whether the server took it; if not, it is back here. */
  submit(): Promise<boolean>;
}

// Everything

/** A message of the user. */
export interface OutgoingMessage {
  readonly content: readonly LooseContent[];
  readonly attachments?: readonly Attachment[];
  readonly quotedText?: string | null;
  readonly toolChoice?: ToolChoice | null;
  /** Left out: the composer's choice; null: none. */
  readonly model?: string | null;
  /** Begin a new thread with it. */
  readonly newThread?: boolean;
}

/** An action as a widget has it: what a server leaves out has the defaults of `ActionConfig`. */
export type WidgetAction = Action & Partial<Omit<ActionConfig, "type" | "payload">>;

/** Events for the page, by the official names without their prefix. */
export interface ChatEvents {
  error: { error: Error };
  effect: { name: string; data?: Record<string, unknown> };
  log: { name: string; data?: Record<string, unknown> };
  "response.start": undefined;
  "response.end": undefined;
  "history.open": undefined;
  "history.close": undefined;
  "thread.change": { threadId: string | null };
  "thread.load.start": { threadId: string };
  "thread.load.end": { threadId: string };
  "tool.change": { toolId: string | null };
}

/** What of the page's options concerns the state. Views read the others themselves. */
export interface ChatOptions {
  readonly api: {
    readonly url: string;
    /** Whose drafts are kept; without one, they are anyone's who uses the page. */
    readonly userId?: string | undefined;
    readonly fetch?: typeof fetch | undefined;
    readonly uploadStrategy?:
      | { readonly type: "two_phase" }
      | { readonly type: "direct"; readonly uploadUrl: string }
      | undefined;
  };
  /** One BCP 47 tag; goes into `Accept-Language`. */
  readonly locale?: string | undefined;
  readonly onClientTool?:
    | ((call: { name: string; params: Record<string, unknown> }) => unknown)
    | undefined;
  readonly onWidgetAction?:
    | ((
        action: { type: string; payload?: Record<string, unknown> },
        widgetItem: { id: string; widget: WidgetRoot },
      ) => unknown)
    | undefined;
  readonly attachments?:
    | {
        readonly enabled: boolean;
        readonly maxSize?: number | Readonly<Record<string, number>> | undefined;
        readonly maxCount?: number | undefined;
        readonly accept?: Readonly<Record<string, readonly string[]>> | undefined;
      }
    | undefined;
  readonly tools?: readonly { readonly id: string; readonly persistent?: boolean }[] | undefined;
  readonly models?:
    | readonly { readonly id: string; readonly default?: boolean; readonly disabled?: boolean }[]
    | undefined;
}

/** The whole state of one element, and all that can be done with it. */
export interface Chat {
  readonly conversation: ReadonlySignal<Conversation>;
  readonly history: History;
  readonly composer: Composer;
  /** Whether the thread is locked or closed, and why. */
  readonly restriction: ReadonlySignal<{
    readonly type: "locked" | "closed";
    readonly reason: string | null;
  } | null>;

  /** Listen to an event; returns what ends that. */
  on<K extends keyof ChatEvents>(name: K, listener: (detail: ChatEvents[K]) => void): () => void;

  /** Take new options. They replace the old; thread and draft stay. */
  configure(options: ChatOptions): void;

  /** Show a thread, or a new one for null. What the old one was answering goes on. */
  openThread(threadId: string | null): Promise<void>;

  /**
   * Send a message. Resolves, once the server has taken it, to true; to false if it can't be
   * sent, and then it is back in the composer. While an answer is under way, or in a thread
   * that is locked or closed, nothing is done with it, which is false too.
   */
  send(message: OutgoingMessage): Promise<boolean>;

  /** Stop the answer; what there is of it stays. */
  stop(): Promise<void>;

  /**
   * Answer a user's message again: the one that `itemId` is or that stands before it; the
   * last one without it. What came after it goes. Resolves when the answer has ended.
   */
  retry(itemId?: string): Promise<void>;

  /** Rate items. Shown at once, taken back if the server refuses. */
  rate(itemIds: readonly string[], kind: FeedbackKind): Promise<boolean>;

  /**
   * Do what a widget asks, by its handler: the page's, or the server's. Resolves when it is
   * done (views show their loading state till then), to whether it went well.
   */
  act(action: WidgetAction, itemId?: string): Promise<boolean>;

  /** Answer the questions of an item, by question id. Resolves when the answer has ended. */
  answer(
    itemId: string,
    answers: Readonly<Record<string, StructuredInputAnswerSubmission>>,
  ): Promise<void>;
  skip(itemId: string): Promise<void>;

  /** Fetch what changed on the server: the thread and its newest items. */
  fetchUpdates(): Promise<void>;

  /** Empty the user's drafts, of all threads, in memory and storage; ends their uploads. */
  clearDrafts(): void;

  /** End all that is under way. */
  dispose(): void;
}
