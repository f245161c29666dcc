/** What the element itself does to a thread's state. Pure, like the events of a stream. */

import type { ItemPage, ThreadItem, UserMessageItem } from "../wire/types";
import { fromWire, isEmpty, isVisible, toWire } from "./items";
import type { Item, ThreadInfo } from "./model";
import type { ThreadState } from "./reduce";
import { indexOf, withItems } from "./reduce";

/** A new attempt begins: what was said of the last one goes. */
export function begun(state: ThreadState): ThreadState {
  return { ...state, notices: [], progress: null, error: null, allowCancel: true };
}

/** The stream has ended. What is still open stays as far as it came, unless there is nothing. */
export function ended(state: ThreadState): ThreadState {
  const items = state.items
    .filter((item) => item.stage !== "open" || !isEmpty(item))
    .map((item): Item => (item.stage === "open" ? { ...item, stage: "cut" } : item));
  return { ...withItems(state, same(state.items, items)), progress: null };
}

/** Show a message that is on its way. */
export function withSending(state: ThreadState, message: UserMessageItem): ThreadState {
  return { ...state, items: [...state.items, fromWire(message, "sending")] };
}

/** The message that was on its way is not there. */
export function withoutSending(state: ThreadState): ThreadState {
  return withItems(
    state,
    state.items.filter((item) => item.stage !== "sending"),
  );
}

/** What came after an item is gone. */
export function upTo(state: ThreadState, id: string): ThreadState {
  return { ...state, items: state.items.slice(0, indexOf(state.items, id) + 1) };
}

export function withThread(state: ThreadState, thread: ThreadInfo): ThreadState {
  return { ...state, thread };
}

/** Put older items before all others. `page` has the newest first. */
export function withOlder(state: ThreadState, page: readonly ThreadItem[]): ThreadState {
  const known = new Set(state.items.map((item) => item.id));
  const older = page
    .filter(isVisible)
    .filter((item) => !known.has(item.id))
    .map((item) => fromWire(item, "done"))
    .reverse();
  return { ...state, items: [...older, ...state.items] };
}

/**
 * Take the newest items from the server. What it doesn't have is gone, but for what
 * it can't have yet: items before the page, those that are still under way, and those
 * that came while it was asked. What was cut off, which it may never have, stays where
 * it is.
 *
 * @param page The newest first.
 * @param asked The items that were here when it was asked.
 */
export function withNewest(
  state: ThreadState,
  { data, has_more: hasMore }: ItemPage,
  asked: ReadonlySet<string>,
): ThreadState {
  const wire = data.filter(isVisible).reverse();
  const served = new Set(wire.map((item) => item.id));
  const known = new Map(state.items.map((item) => [item.id, item]));
  const newest = wire.map((item) => {
    const before = known.get(item.id);
    if (before?.stage === "open") return before; // its stream says more
    const now = fromWire(item, "done", before);
    return before && isSame(before, now) ? before : now;
  });
  const older = hasMore ? before(state.items, wire[0]?.id) : [];
  let items: readonly Item[] = [...older, ...newest];
  for (const item of state.items) {
    if (served.has(item.id) || (item.stage === "done" && asked.has(item.id))) continue;
    if (item.stage !== "cut" || !asked.has(item.id)) items = [...items, item];
    else items = putBack(items, item, state.items, hasMore);
  }
  return withItems(state, same(state.items, items));
}

/** Put an item behind those that it followed. Where they are beyond a gap, it is too. */
function putBack(
  items: readonly Item[],
  item: Item,
  old: readonly Item[],
  mayHaveGap: boolean,
): readonly Item[] {
  const followed = new Set(old.slice(0, old.indexOf(item)).map(({ id }) => id));
  const index = items.findLastIndex(({ id }) => followed.has(id));
  return index < 0 && mayHaveGap ? items : items.toSpliced(index + 1, 0, item);
}

/** The items before one; none if it isn't there, for then there is a gap between. */
function before(items: readonly Item[], id: string | undefined): readonly Item[] {
  const index = id === undefined ? -1 : indexOf(items, id);
  return items.slice(0, Math.max(0, index)).filter((item) => item.stage === "done");
}

function isSame(one: Item, other: Item): boolean {
  return one.stage === other.stage && JSON.stringify(toWire(one)) === JSON.stringify(toWire(other));
}

/** The old list if the new one has the same members, so that no view is told of nothing. */
function same(old: readonly Item[], now: readonly Item[]): readonly Item[] {
  return old.length === now.length && old.every((item, index) => item === now[index]) ? old : now;
}

/** A tool call has its output; others that waited are closed with it, as the server does. */
export function withToolOutput(state: ThreadState, id: string, output: unknown): ThreadState {
  const items = state.items.map((item): Item => {
    if (item.type !== "client_tool_call" || item.status !== "pending") return item;
    return { ...item, status: "completed", ...(item.id === id ? { output } : {}) };
  });
  return { ...state, items };
}

/** The server has the message that was on its way, though it didn't say so. */
export function confirmed(state: ThreadState): ThreadState {
  const items = state.items.map(
    (item): Item => (item.stage === "sending" ? { ...item, stage: "done" } : item),
  );
  return { ...state, items };
}
