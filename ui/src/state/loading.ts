import { computed, signal } from "@preact/signals-core";
import type { ItemPage } from "../wire/types";
import { withNewest, withOlder, withThread } from "./edits";
import type { Host } from "./host";
import { isVisible } from "./items";
import type { OlderItems } from "./model";
import { indexOf, threadInfo } from "./reduce";
import type { ThreadStore } from "./store";

/** Items that are fetched at once. */
const PAGE_SIZE = 50;

interface NewestOptions {
  /** Asked when they are here: whether they may still be taken. */
  readonly isCurrent?: () => boolean;
  /** Ends it; without one it goes on until nothing more is to be fetched. */
  readonly signal?: AbortSignal | undefined;
}

/** Fetches a thread's metadata and items, the newest first and older ones on demand. */
export class Loading {
  readonly #older = signal<OlderItems>("none");
  readonly older = computed(() => this.#older.value);

  readonly #store: ThreadStore;
  readonly #host: Host;
  readonly #abort = new AbortController();
  /** After which item the older ones come. */
  #cursor: string | null = null;

  constructor(store: ThreadStore, host: Host) {
    this.#store = store;
    this.#host = host;
  }

  /**
   * Take the thread and its newest items from the server. Rejects with a `WireError`.
   * Resolves to whether they were taken.
   */
  async newest(
    threadId: string,
    { isCurrent = () => true, signal = this.#abort.signal }: NewestOptions = {},
  ): Promise<boolean> {
    const { client } = this.#host;
    const asked = new Set(this.#store.state.items.map(({ id }) => id));
    const [thread, page] = await Promise.all([
      client.getThread(threadId, { signal }),
      client.listItems(threadId, { limit: PAGE_SIZE }, { signal }),
    ]);
    if (!isCurrent()) return false;
    this.#store.change((state) => withNewest(withThread(state, threadInfo(thread)), page, asked));
    if (!page.has_more || !this.#keepsOlder(page)) this.#turn(page);
    return true;
  }

  /** Fetch the items before those that are here. Rejects with a `WireError`. */
  async before(threadId: string): Promise<void> {
    const state = this.#older.peek();
    if (state !== "more" && state !== "failed") return;
    this.#older.value = "loading";
    const after = this.#cursor;
    // Newer items may have come meanwhile, with a gap between them and what was asked for.
    const isCurrent = () => this.#cursor === after;
    try {
      const options = { limit: PAGE_SIZE, after };
      const { signal } = this.#abort;
      const page = await this.#host.client.listItems(threadId, options, { signal });
      if (!isCurrent()) return;
      this.#store.change((known) => withOlder(known, page.data));
      this.#turn(page);
    } catch (error) {
      if (isCurrent()) this.#older.value = "failed";
      throw error;
    }
  }

  /** Fetch nothing more. */
  end(): void {
    this.#abort.abort();
  }

  /** Whether items before a page are there still: they are, unless there is a gap. */
  #keepsOlder({ data }: ItemPage): boolean {
    const first = data.findLast(isVisible);
    return first !== undefined && indexOf(this.#store.state.items, first.id) > 0;
  }

  #turn(page: ItemPage): void {
    this.#cursor = page.after ?? page.data.at(-1)?.id ?? null;
    this.#older.value = page.has_more && this.#cursor !== null ? "more" : "none";
  }
}
