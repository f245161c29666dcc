import type { ReadonlySignal, Signal } from "@preact/signals-core";
import { batch, signal } from "@preact/signals-core";
import type { ThreadStreamEvent } from "../wire/types";
import type { Item, Notice, Progress, QuestionsItem, ThreadInfo } from "./model";
import type { Effect, ThreadState } from "./reduce";
import { EMPTY, reduce } from "./reduce";

/** The state of a thread, as signals that change no more than they must. */
export class ThreadStore {
  readonly thread = signal<ThreadInfo | null>(null);
  readonly items = signal<readonly ReadonlySignal<Item>[]>([]);
  readonly progress = signal<Progress | null>(null);
  readonly notices = signal<readonly Notice[]>([]);
  readonly allowCancel = signal(true);
  /** Questions that wait for an answer: no one has said anything since. */
  readonly questions = signal<QuestionsItem | null>(null);

  #state: ThreadState = EMPTY;
  #byKey = new Map<string, Signal<Item>>();

  get state(): ThreadState {
    return this.#state;
  }

  /** Fold an event; return what else it asks for. */
  dispatch(event: ThreadStreamEvent): readonly Effect[] {
    const { state, effects } = reduce(this.#state, event);
    this.#publish(state);
    return effects;
  }

  /** Change the state. */
  change(edit: (state: ThreadState) => ThreadState): void {
    this.#publish(edit(this.#state));
  }

  #publish(next: ThreadState): void {
    const { items } = this.#state;
    this.#state = next;
    batch(() => {
      this.thread.value = next.thread;
      this.progress.value = next.progress;
      this.notices.value = next.notices;
      this.allowCancel.value = next.allowCancel;
      if (next.items !== items) this.#publishItems(items, next.items);
    });
  }

  /** Looks at every item for each delta of one: so nothing is made here unless it differs. */
  #publishItems(before: readonly Item[], items: readonly Item[]): void {
    let moved = items.length !== before.length;
    let mayAsk = moved;
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index] as Item;
      const old = before[index];
      if (item === old) continue;
      moved ||= item.key !== old?.key;
      mayAsk ||= item.type === "structured_input" || item.type !== old?.type;
      const known = this.#byKey.get(item.key);
      if (known) known.value = item;
      else this.#byKey.set(item.key, signal(item));
    }
    if (moved) this.#publishList(items);
    if (mayAsk) this.questions.value = questions(items);
  }

  #publishList(items: readonly Item[]): void {
    const byKey = new Map<string, Signal<Item>>();
    for (const item of items) byKey.set(item.key, this.#byKey.get(item.key) ?? signal(item));
    this.#byKey = byKey;
    this.items.value = [...byKey.values()];
  }
}

function questions(items: readonly Item[]): QuestionsItem | null {
  const spoke = items.findLastIndex((item) => item.type === "user_message");
  const asked = items.slice(spoke + 1).findLast((item) => item.type === "structured_input");
  return asked?.status === "pending" && asked.stage !== "open" ? asked : null;
}
