import type { ChatKitEvents } from "@openai/chatkit";

export type EventName = keyof ChatKitEvents;
type Detail<K extends EventName> = ChatKitEvents[K]["detail"];
/** Raises an event of the element; one without a detail takes none. */
export type Emit = <K extends EventName>(
  name: K,
  ...detail: Detail<K> extends void ? [] : [detail: Detail<K>]
) => void;

const LATE_LISTENER_MS = 10_000;
const MOST_KEPT = 100;

/**
 * The events of one element, from its first moment on.
 *
 * What happens before the element is ready is told after `chatkit.ready`. For a while after
 * that, what nobody listened to is told again to the first who does: a page may load its own
 * code later than ours. That holds for elements made once the tag was defined; one that was in
 * the page before may have listeners that can't be seen from here, and is told everything once.
 */
export class Events {
  #waiting: CustomEvent[] | null = [];
  #unheard: CustomEvent[] | null;
  readonly #heard = new Set<string>();
  readonly #target: EventTarget;

  constructor(target: EventTarget, listenersUnseen: boolean) {
    this.#target = target;
    this.#unheard = listenersUnseen ? null : [];
  }

  /** Raise an event, once the element is ready. */
  readonly emit: Emit = (name, ...[detail]) => {
    if (this.#waiting) this.#waiting.push(new CustomEvent(name, { detail }));
    else this.#tell(new CustomEvent(name, { detail }));
  };

  /** Raise an event now: for an element that can't become ready. */
  readonly tell: Emit = (name, ...[detail]) => this.#tell(new CustomEvent(name, { detail }));

  /** Tell that the element is ready, and then all that came before. */
  ready(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    this.#waiting = null;
    this.emit("chatkit.ready");
    for (const event of waiting) this.#tell(event);
    setTimeout(() => (this.#unheard = null), LATE_LISTENER_MS);
  }

  /** Note that someone listens from now on. */
  listened(type: string): void {
    if (this.#heard.has(type)) return;
    this.#heard.add(type);
    const missed = this.#unheard?.filter((event) => event.type === type) ?? [];
    if (missed.length === 0) return;
    this.#unheard = this.#unheard!.filter((event) => event.type !== type);
    // A microtask later, so that a listener taken back at once (StrictMode) hears nothing.
    queueMicrotask(() => missed.forEach((event) => this.#dispatch(event)));
  }

  #tell(event: CustomEvent): void {
    if (this.#unheard && !this.#heard.has(event.type) && this.#unheard.length < MOST_KEPT) {
      this.#unheard.push(event);
    }
    this.#dispatch(event);
  }

  /** An event can be dispatched again, once it is made anew. */
  #dispatch({ type, detail }: CustomEvent): void {
    this.#target.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
