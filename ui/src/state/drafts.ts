import { effect, signal } from "@preact/signals-core";
import type { Attachment, LooseContent } from "../wire/types";
import type { ComposerAttachment } from "./model";

/** What is kept of a draft when the page goes. Uploads under way are not. */
interface Kept {
  readonly text: string;
  readonly quote: string | null;
  readonly attachments: readonly Attachment[];
}

/** What a person is about to say in one thread. */
export class Draft {
  readonly text = signal("");
  readonly quote = signal<string | null>(null);
  readonly attachments = signal<readonly ComposerAttachment[]>([]);
  /** What `text` stands for, if it is more than text: tags. Only as long as `text` is this. */
  prepared: { readonly text: string; readonly content: readonly LooseContent[] } | null = null;

  get isEmpty(): boolean {
    return !this.text.peek() && this.quote.peek() === null && !this.attachments.peek().length;
  }

  clear(): void {
    this.text.value = "";
    this.quote.value = null;
    this.attachments.value = [];
    this.prepared = null;
  }
}

/** A draft for each thread, in memory and, for a reload of the page, in its session storage. */
export class Drafts {
  readonly #drafts = new Map<string, { draft: Draft; forget: () => void }>();
  readonly #prefix: string;

  /** @param scope Tells this element's drafts from those of others: the endpoint's address. */
  constructor(scope: string) {
    this.#prefix = `chatkeep.draft:${scope}:`;
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

/** A page may forbid storage, and it may be full: then drafts live as long as the page. */
function storage(): Storage | null {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null;
  }
}

function keep(key: string, draft: Draft): void {
  const ready = draft.attachments.value.flatMap(({ attachment }) => attachment ?? []);
  const kept: Kept = { text: draft.text.value, quote: draft.quote.value, attachments: ready };
  const isEmpty = !kept.text && kept.quote === null && !ready.length;
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

function restored(key: string): Draft {
  const draft = new Draft();
  try {
    const kept = JSON.parse(storage()?.getItem(key) ?? "null") as Partial<Kept> | null;
    if (typeof kept?.text === "string") draft.text.value = kept.text;
    if (typeof kept?.quote === "string") draft.quote.value = kept.quote;
    if (Array.isArray(kept?.attachments)) draft.attachments.value = kept.attachments.map(attached);
  } catch {
    // Forbidden, or damaged.
  }
  return draft;
}

/** An attachment that the server has already, as the composer shows it. */
export function attached(attachment: Attachment): ComposerAttachment {
  return {
    key: attachment.id,
    name: attachment.name,
    mimeType: attachment.mime_type,
    size: null,
    file: null,
    status: "ready",
    progress: null,
    failure: null,
    attachment,
  };
}
