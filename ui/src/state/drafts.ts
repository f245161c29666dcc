import { effect } from "@preact/signals-core";
import type { Attachment } from "../wire/types";
import { attached, Draft } from "./draft";
import type { OutgoingMessage } from "./model";

/** What is kept of a draft when the page goes. Uploads under way are not. */
interface Kept {
  readonly text: string;
  readonly quote: string | null;
  readonly attachments: readonly Attachment[];
  readonly sending: OutgoingMessage | null;
}

/** Whose drafts they are: of one user of one endpoint. */
interface Owner {
  readonly url: string;
  readonly userId?: string | null | undefined;
}

/** The drafts of this page's elements, by the place where they are kept. */
const live = new Map<string, Drafts>();

/** A draft for each thread, in memory and, for a reload of the page, in its session storage. */
export class Drafts {
  readonly #drafts = new Map<string, { draft: Draft; forget: () => void }>();
  readonly #prefix: string;
  readonly #onDropped: () => void;

  /** @param onDropped Called when all drafts are about to be emptied, by whichever element. */
  constructor(owner: Owner, onDropped: () => void = () => {}) {
    // Several elements of one endpoint find theirs again by their order.
    let count = 1;
    while (live.has(placeOf(owner, count))) count += 1;
    this.#prefix = placeOf(owner, count);
    this.#onDropped = onDropped;
    live.set(this.#prefix, this);
  }

  /** Leave the place to another: what is kept there stays. */
  end(): void {
    live.delete(this.#prefix);
    for (const { forget } of this.#drafts.values()) forget();
  }

  /** Empty all drafts of a user, here, in the page's other elements, and in storage. */
  static drop(owner: Owner): void {
    const folder = folderOf(owner);
    for (const [place, drafts] of live) if (place.startsWith(folder)) drafts.#empty();
    for (const key of storedKeys()) if (key.startsWith(folder)) forget(key);
  }

  #empty(): void {
    this.#onDropped();
    for (const { draft } of this.#drafts.values()) draft.clear();
  }

  /** The draft of a thread; null: of the thread that the next message begins. */
  of(threadId: string | null): Draft {
    const key = threadId ?? "";
    const known = this.#drafts.get(key);
    if (known) return known.draft;
    const draft = restored(this.#prefix + key);
    this.#add(key, draft);
    return draft;
  }

  /** The new thread has come to be: what is written next is written in it. */
  move(threadId: string): void {
    const draft = this.of(null);
    this.#remove("");
    this.#remove(threadId);
    this.#add(threadId, draft);
  }

  remove(threadId: string): void {
    this.#remove(threadId);
  }

  #add(key: string, draft: Draft): void {
    this.#drafts.set(key, { draft, forget: effect(() => keep(this.#prefix + key, draft)) });
  }

  #remove(key: string): void {
    this.#drafts.get(key)?.forget();
    this.#drafts.delete(key);
    forget(this.#prefix + key);
  }
}

/** As JSON, which says where it ends: an address and an id can hold any character. */
function folderOf({ url, userId = null }: Owner): string {
  return `chatkeep.draft:${JSON.stringify([url, userId])}:`;
}

function placeOf(owner: Owner, count: number): string {
  return `${folderOf(owner)}${count}:`;
}

/** A page may forbid storage, and it may be full: then drafts live as long as the page. */
function storage(): Storage | null {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null;
  }
}

function keep(key: string, draft: Draft): void {
  const { text, quote, attachments, sending } = draft;
  const ready = attachments.value.flatMap(({ attachment }) => attachment ?? []);
  const kept: Kept = {
    text: text.value,
    quote: quote.value,
    attachments: ready,
    sending: sending.value,
  };
  const isEmpty = !kept.text && kept.quote === null && !ready.length && !kept.sending;
  try {
    if (isEmpty) storage()?.removeItem(key);
    else storage()?.setItem(key, JSON.stringify(kept));
  } catch {
    // Full, or forbidden.
  }
}

function forget(key: string): void {
  try {
    storage()?.removeItem(key);
  } catch {
    // Forbidden.
  }
}

function storedKeys(): string[] {
  try {
    const kept = storage();
    return Array.from({ length: kept?.length ?? 0 }, (_, index) => kept!.key(index) ?? "");
  } catch {
    return []; // forbidden
  }
}

function restored(key: string): Draft {
  const draft = new Draft();
  try {
    const kept = JSON.parse(storage()?.getItem(key) ?? "null") as Partial<Kept> | null;
    if (typeof kept?.text === "string") draft.text.value = kept.text;
    if (typeof kept?.quote === "string") draft.quote.value = kept.quote;
    if (Array.isArray(kept?.attachments)) draft.attachments.value = kept.attachments.map(attached);
    if (kept?.sending) draft.takeBack(kept.sending);
  } catch {
    // Forbidden, or damaged.
  }
  return draft;
}
