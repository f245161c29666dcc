import { computed, signal } from "@preact/signals";

import type {
  AssistantItem,
  Chat,
  ComposerAttachment,
  Conversation,
  Failure,
  Item,
  Notice,
  OlderItems,
  Phase,
  Progress,
  QuestionsItem,
  Rejection,
  ThreadInfo,
  UserItem,
} from "../../../src/state";
import { TextBuffer } from "../../../src/state";
import type { Annotation, FeedbackKind } from "../../../src/wire/types";

type Plain<T> = T extends unknown ? Omit<T, "thread_id" | "created_at" | "key" | "stage"> : never;
type Given<T> = Plain<T> & { stage?: Item["stage"] };

/** An item with what all items have. */
export function item<T extends Item>(given: Given<T>): T {
  const base = { thread_id: "thr_1", created_at: "2026-03-01T10:00:00Z", stage: "done" };
  return { ...base, key: given.id, ...given } as unknown as T;
}

export function userItem(id: string, text: string, more: Partial<UserItem> = {}): UserItem {
  return item<UserItem>({
    id,
    type: "user_message",
    content: [{ type: "input_text", text }],
    attachments: [],
    inference_options: {},
    ...more,
  });
}

export function assistantItem(
  id: string,
  text: string,
  annotations: readonly Annotation[] = [],
  stage: Item["stage"] = "done",
): AssistantItem {
  return item<AssistantItem>({
    id,
    type: "assistant_message",
    stage,
    parts: [{ text: TextBuffer.of(text), annotations, done: stage === "done" }],
  });
}

export function thread(id: string, title: string | null, created_at = "2026-03-01T10:00:00Z") {
  return {
    id,
    title,
    created_at,
    status: { type: "active" },
    allowed_image_domains: null,
  } satisfies ThreadInfo;
}

/** A conversation whose every signal can be set. */
export function fakeConversation(items: readonly Item[] = []) {
  const phase = signal<Phase>("idle");
  const conversation = {
    key: "conversation",
    thread: signal<ThreadInfo | null>(items.length ? thread("thr_1", "A thread") : null),
    threadId: signal<string | null>(items.length ? "thr_1" : null),
    items: signal(items.map((each) => signal(each))),
    loading: signal(false),
    older: signal<OlderItems>("none"),
    phase,
    responding: computed(() => phase.value !== "idle"),
    canStop: computed(() => phase.value === "streaming" || phase.value === "sending"),
    progress: signal<Progress | null>(null),
    notices: signal<readonly Notice[]>([]),
    failure: signal<Failure | null>(null),
    questions: signal<QuestionsItem | null>(null),
    ratings: signal<ReadonlyMap<string, FeedbackKind>>(new Map()),
    loadOlder: async () => {},
    dismissNotice: () => {},
    dismissFailure: () => {},
  };
  return conversation satisfies Conversation;
}

/** A chat without a server: it notes what is asked of it, as `name` or `name(json)`. */
export function fakeChat(conversation = fakeConversation()) {
  const calls: string[] = [];
  const note =
    <T>(name: string, result?: T) =>
    async (...args: unknown[]) => {
      calls.push(args.length ? `${name}(${JSON.stringify(args).slice(1, -1)})` : name);
      return result as T;
    };
  const text = signal("");
  const attachments = signal<readonly ComposerAttachment[]>([]);
  const quote = signal<string | null>(null);
  const toolId = signal<string | null>(null);
  const modelId = signal<string | null>(null);
  const isOpen = signal(false);
  const rejections: Rejection[] = [];
  const chat = {
    conversation: signal<Conversation>(conversation),
    restriction: signal<{ type: "locked" | "closed"; reason: string | null } | null>(null),
    history: {
      isOpen,
      threads: signal<readonly ThreadInfo[]>([]),
      status: signal<"idle" | "loading" | "failed">("idle"),
      hasMore: signal(false),
      failure: signal<Failure | null>(null),
      show: async () => void (isOpen.value = true),
      hide: () => void (isOpen.value = false),
      loadMore: note<void>("loadMore"),
      rename: note("rename", true),
      remove: note("remove", true),
    },
    composer: {
      text,
      quote,
      attachments,
      toolId,
      modelId,
      canSend: computed(() => text.value.trim() !== "" && !conversation.responding.value),
      setText: (value: string) => void (text.value = value),
      setQuote: (value: string | null) => void (quote.value = value),
      selectTool: (id: string | null) => void (toolId.value = id),
      selectModel: (id: string | null) => void (modelId.value = id),
      set: () => [],
      addFiles: (files: readonly File[]) => {
        calls.push(`addFiles(${files.map(({ name }) => name).join()})`);
        return rejections;
      },
      retryAttachment: (key: string) => void calls.push(`retryAttachment(${key})`),
      removeAttachment: (key: string) => void calls.push(`removeAttachment(${key})`),
      submit: async () => {
        calls.push(`submit(${text.peek()})`);
        text.value = "";
        return true;
      },
    },
    on: () => () => {},
    configure: () => {},
    openThread: note<void>("openThread"),
    send: note("send", true),
    stop: note<void>("stop"),
    retry: note<void>("retry"),
    rate: note("rate", true),
    act: note("act", true),
    answer: note<void>("answer"),
    skip: note<void>("skip"),
    fetchUpdates: note<void>("fetchUpdates"),
    clearDrafts: () => {},
    dispose: () => {},
  };
  return { chat: chat satisfies Chat, calls, rejections, conversation };
}
