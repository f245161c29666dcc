import { computed, signal } from "@preact/signals-core";
import { asWireError, wireFailure } from "./failure";
import type { Host } from "./host";
import type { Failure, History, ThreadInfo } from "./model";
import { threadInfo } from "./reduce";

/** Threads that are fetched at once. */
const PAGE_SIZE = 30;

/** Who else must know what is done to a thread here. */
interface Affected {
  renamed(thread: ThreadInfo): void;
  removed(threadId: string): void;
}

/** The list of the user's threads. */
export class ThreadHistory implements History {
  readonly #isOpen = signal(false);
  readonly #threads = signal<readonly ThreadInfo[]>([]);
  readonly #status = signal<"idle" | "loading" | "failed">("idle");
  readonly #cursor = signal<string | null>(null);
  readonly #failure = signal<Failure | null>(null);
  readonly #host: Host;
  readonly #affected: Affected;
  /** Which fetch counts: a list that is shown anew drops what an earlier one brings. */
  #fetches = 0;

  readonly isOpen = computed(() => this.#isOpen.value);
  readonly threads = computed(() => this.#threads.value);
  readonly status = computed(() => this.#status.value);
  readonly hasMore = computed(() => this.#cursor.value !== null);
  readonly failure = computed(() => this.#failure.value);

  constructor(host: Host, affected: Affected) {
    this.#host = host;
    this.#affected = affected;
  }

  async show(): Promise<void> {
    if (!this.#isOpen.peek()) {
      this.#isOpen.value = true;
      this.#host.events.emit("history.open", undefined);
    }
    await this.reload();
  }

  hide(): void {
    if (!this.#isOpen.peek()) return;
    this.#isOpen.value = false;
    this.#host.events.emit("history.close", undefined);
  }

  async reload(): Promise<void> {
    await this.#fetch(null);
  }

  async loadMore(): Promise<void> {
    const cursor = this.#cursor.peek();
    if (cursor !== null && this.#status.peek() !== "loading") await this.#fetch(cursor);
  }

  async rename(threadId: string, title: string): Promise<boolean> {
    this.#failure.value = null;
    const before = this.#threads.peek().find(({ id }) => id === threadId);
    if (before) this.update({ ...before, title });
    try {
      const thread = threadInfo(await this.#host.client.renameThread(threadId, title));
      this.update(thread);
      this.#affected.renamed(thread);
      return true;
    } catch (error) {
      if (before) this.update(before);
      this.#fail(error, () => void this.rename(threadId, title));
      return false;
    }
  }

  async remove(threadId: string): Promise<boolean> {
    this.#failure.value = null;
    const before = this.#threads.peek();
    this.#drop(threadId);
    try {
      await this.#host.client.deleteThread(threadId);
    } catch (thrown) {
      // One that is gone already is what was wanted.
      if (asWireError(thrown).status !== 404) {
        this.#threads.value = putBack(this.#threads.peek(), threadId, before);
        this.#fail(thrown, () => void this.remove(threadId));
        return false;
      }
    }
    this.#drop(threadId); // it may have been fetched again meanwhile
    this.#affected.removed(threadId);
    return true;
  }

  /** Take a thread's new metadata, if it is in the list. */
  update(thread: ThreadInfo): void {
    const threads = this.#threads.peek();
    const index = threads.findIndex(({ id }) => id === thread.id);
    if (index >= 0) this.#threads.value = threads.with(index, thread);
  }

  /** Put a new thread before all others. */
  add(thread: ThreadInfo): void {
    const others = this.#threads.peek().filter(({ id }) => id !== thread.id);
    this.#threads.value = [thread, ...others];
  }

  #drop(threadId: string): void {
    this.#threads.value = this.#threads.peek().filter(({ id }) => id !== threadId);
  }

  async #fetch(after: string | null): Promise<void> {
    const fetch = ++this.#fetches;
    this.#status.value = "loading";
    this.#failure.value = null;
    try {
      const page = await this.#host.client.listThreads({ limit: PAGE_SIZE, after });
      if (fetch !== this.#fetches) return;
      const fetched = page.data.map(threadInfo);
      const ids = new Set(fetched.map(({ id }) => id));
      const known = after === null ? [] : this.#threads.peek().filter(({ id }) => !ids.has(id));
      this.#threads.value = [...known, ...fetched];
      this.#cursor.value = page.has_more ? (page.after ?? fetched.at(-1)?.id ?? null) : null;
      this.#status.value = "idle";
    } catch (error) {
      if (fetch !== this.#fetches) return;
      this.#status.value = "failed";
      this.#fail(error, () => void this.#fetch(after));
    }
  }

  #fail(thrown: unknown, retry: () => void): void {
    const error = asWireError(thrown);
    this.#failure.value = wireFailure(error, retry);
    this.#host.events.emit("error", { error });
  }
}

/** Put a thread back where it was: behind one that it followed, or before one that followed it. */
function putBack(
  threads: readonly ThreadInfo[],
  threadId: string,
  old: readonly ThreadInfo[],
): readonly ThreadInfo[] {
  const place = ({ id }: ThreadInfo) => threads.findIndex((other) => other.id === id);
  const index = old.findIndex(({ id }) => id === threadId);
  const thread = old[index];
  if (!thread || place(thread) >= 0) return threads;
  const above = old.slice(0, index).findLast((other) => place(other) >= 0);
  const below = old.slice(index + 1).find((other) => place(other) >= 0);
  const at = above ? place(above) + 1 : below ? place(below) : threads.length;
  return threads.toSpliced(at, 0, thread);
}
