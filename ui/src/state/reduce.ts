/** What each event of a stream makes of a thread. Pure: the same in, the same out. */

import type { ErrorEvent, Thread, ThreadItem, ThreadStreamEvent } from "../wire/types";
import { fromWire, isHidden, isVisible, updated } from "./items";
import type { Item, Notice, Progress, Stage, ThreadInfo } from "./model";

/** A thread as far as its items and its stream go. */
export interface ThreadState {
  readonly thread: ThreadInfo | null;
  /** Oldest first. */
  readonly items: readonly Item[];
  readonly progress: Progress | null;
  readonly notices: readonly Notice[];
  /** Whether the answer may be stopped. */
  readonly allowCancel: boolean;
  /** What the server said went wrong with the answer. */
  readonly error: ErrorEvent | null;
}

/** What an event asks for beside the state. */
export interface Effect {
  readonly kind: "effect" | "log";
  readonly name: string;
  readonly data: Record<string, unknown>;
}

export interface Step {
  readonly state: ThreadState;
  readonly effects: readonly Effect[];
}

export const EMPTY: ThreadState = {
  thread: null,
  items: [],
  progress: null,
  notices: [],
  allowCancel: true,
  error: null,
};

const NO_EFFECTS: readonly Effect[] = [];

/** The state after an event, and what else the event asks for. */
export function reduce(state: ThreadState, event: ThreadStreamEvent): Step {
  switch (event.type) {
    case "thread.created":
    case "thread.updated":
      return only({ ...state, thread: threadInfo(event.thread) });
    case "thread.item.added":
      return withItem(state, event.item, "open");
    case "thread.item.done":
    case "thread.item.replaced":
      return withItem(state, event.item, "done");
    case "thread.item.updated":
      return withUpdate(state, event);
    case "thread.item.removed":
      return only(
        withItems(
          state,
          state.items.filter(({ id }) => id !== event.item_id),
        ),
      );
    case "stream_options":
      return only({ ...state, allowCancel: event.stream_options.allow_cancel });
    case "progress_update":
      return only({ ...state, progress: progressOf(event) });
    case "client_effect":
      return { state, effects: [{ kind: "effect", name: event.name, data: event.data ?? {} }] };
    case "error":
      return only({ ...state, error: event });
    case "notice":
      return only({ ...state, notices: [...state.notices, notice(state, event)] });
    default:
      event satisfies never;
      return logged(state, "event.unknown", { type: (event as { type?: unknown }).type });
  }
}

/** What a client keeps of a thread: never its items, which come empty in events. */
export function threadInfo(thread: Thread): ThreadInfo {
  return {
    id: thread.id,
    title: thread.title ?? null,
    created_at: thread.created_at,
    status: thread.status ?? { type: "active" },
    allowed_image_domains: thread.allowed_image_domains ?? null,
  };
}

/** Where an item with an id is; the search begins at the end, where things happen. */
export function indexOf(items: readonly Item[], id: string): number {
  return items.findLastIndex((item) => item.id === id);
}

/** The state with other items. A notice whose item is not among them follows the one before it. */
export function withItems(state: ThreadState, items: readonly Item[]): ThreadState {
  const left = new Set(items.map(({ key }) => key));
  const isLeft = (after: string | null) => after === null || left.has(after);
  if (state.notices.every(({ after }) => isLeft(after))) return { ...state, items };
  const notices = state.notices.map((notice) => {
    if (isLeft(notice.after)) return notice;
    const index = state.items.findIndex(({ key }) => key === notice.after);
    const before = state.items.slice(0, index + 1).findLast(({ key }) => left.has(key));
    return { ...notice, after: before?.key ?? null };
  });
  return { ...state, items, notices };
}

function only(state: ThreadState): Step {
  return { state, effects: NO_EFFECTS };
}

function logged(state: ThreadState, name: string, data: Record<string, unknown>): Step {
  return { state, effects: [{ kind: "log", name, data }] };
}

function withItem(state: ThreadState, wire: ThreadItem, stage: Stage): Step {
  if (isHidden(wire)) return only(state);
  if (!isVisible(wire)) return logged(state, "item.unknown", { type: wire.type, id: wire.id });
  const index = placeOf(state.items, wire);
  const item = fromWire(wire, stage, state.items[index]);
  const placed = index < 0 ? [...state.items, item] : state.items.with(index, item);
  // A message that is here already, by its id, is on its way no more.
  const isSent = wire.type === "user_message";
  const items = isSent ? placed.filter((other) => other.stage !== "sending") : placed;
  const progress = wire.type === "user_message" ? state.progress : null;
  return only({ ...withItems(state, items), progress });
}

/** Where an item is already: by its id, or as the message that waits to be confirmed. */
function placeOf(items: readonly Item[], wire: ThreadItem): number {
  const index = indexOf(items, wire.id);
  if (index >= 0 || wire.type !== "user_message") return index;
  return items.findLastIndex((item) => item.stage === "sending");
}

function withUpdate(
  state: ThreadState,
  { item_id: id, update }: Extract<ThreadStreamEvent, { type: "thread.item.updated" }>,
): Step {
  const index = indexOf(state.items, id);
  const item = state.items[index];
  const next = item && updated(item, update);
  if (!next) return logged(state, "update.unmatched", { type: update.type, itemId: id });
  return only({ ...state, items: state.items.with(index, next), progress: null });
}

/** Nothing but text is text: it is shown where no item is to blame. */
function progressOf({ text, icon }: Extract<ThreadStreamEvent, { type: "progress_update" }>) {
  return { text: String(text), icon: typeof icon === "string" ? icon : null };
}

function notice(state: ThreadState, event: Extract<ThreadStreamEvent, { type: "notice" }>): Notice {
  return {
    id: (state.notices.at(-1)?.id ?? 0) + 1,
    level: event.level,
    title: event.title ?? null,
    message: event.message,
    after: state.items.at(-1)?.key ?? null,
  };
}
