import type { ReadonlySignal, Signal } from "@preact/signals-core";
import { batch, computed, signal } from "@preact/signals-core";
import { WireError } from "../wire/errors";
import type { Attachment } from "../wire/types";
import { upload } from "../wire/upload";
import type { Draft } from "./draft";
import { attached } from "./draft";
import { asWireError, wireFailure } from "./failure";
import type { Host } from "./host";
import { admit } from "./limits";
import type {
  Composer,
  ComposerAttachment,
  ComposerValue,
  OutgoingMessage,
  Rejection,
} from "./model";

let files = 0;

/** Why an upload is ended whose user has gone. */
const DROPPED = new DOMException("The drafts were cleared.", "AbortError");

/** What a person is about to send, and how. */
export class DraftComposer implements Composer {
  readonly #draft: Signal<Draft>;
  readonly #toolId = signal<string | null>(null);
  readonly #modelId = signal<string | null>(null);
  readonly #uploads = new Map<string, AbortController>();
  /** What was sent, as it was shown: to be shown so again if it comes back. */
  readonly #sent = new WeakMap<Attachment, ComposerAttachment>();
  readonly #host: Host;
  readonly #send: (message: OutgoingMessage) => Promise<boolean>;

  readonly text;
  readonly quote;
  readonly attachments;
  readonly toolId = computed(() => this.#toolId.value);
  readonly modelId = computed(() => this.#modelId.value);
  readonly canSend: ReadonlySignal<boolean>;

  /**
   * @param isOpen Whether the conversation takes messages now.
   * @param send Sends a message, and gives it back if that fails.
   */
  constructor(
    host: Host,
    draft: Draft,
    isOpen: ReadonlySignal<boolean>,
    send: (message: OutgoingMessage) => Promise<boolean>,
  ) {
    this.#host = host;
    this.#draft = signal(draft);
    this.#send = send;
    this.text = computed(() => this.#draft.value.text.value);
    this.quote = computed(() => this.#draft.value.quote.value);
    this.attachments = computed(() => this.#draft.value.attachments.value);
    this.canSend = computed(() => {
      const attachments = this.attachments.value;
      const isWhole = attachments.every(({ status }) => status === "ready");
      const hasAny = this.text.value.trim() !== "" || attachments.length > 0;
      return isOpen.value && isWhole && hasAny;
    });
    this.optionsChanged();
  }

  get #now(): Draft {
    return this.#draft.peek();
  }

  /** Show another draft. */
  show(draft: Draft): void {
    this.#draft.value = draft;
  }

  /** Choose what is there to be chosen. */
  optionsChanged(): void {
    const { tools = [], models = [] } = this.#host.options;
    const toolId = this.#toolId.peek();
    if (toolId !== null && !tools.some(({ id }) => id === toolId)) this.selectTool(null);
    const usable = models.filter(({ disabled }) => !disabled);
    if (usable.some(({ id }) => id === this.#modelId.peek())) return;
    this.#modelId.value = (usable.find((model) => model.default) ?? usable[0])?.id ?? null;
  }

  setText(text: string): void {
    this.#now.text.value = text;
  }

  setQuote(quote: string | null): void {
    this.#now.quote.value = quote;
  }

  selectTool(toolId: string | null): void {
    if (toolId === this.#toolId.peek()) return;
    this.#toolId.value = toolId;
    this.#host.events.emit("tool.change", { toolId });
  }

  selectModel(modelId: string | null): void {
    this.#modelId.value = modelId;
  }

  set(value: ComposerValue): Rejection[] {
    batch(() => {
      if (value.content !== undefined) this.#now.content = value.content;
      else if (value.text !== undefined) this.setText(value.text);
      if (value.reply !== undefined) this.setQuote(value.reply);
      if (value.attachments !== undefined) this.#setAttachments(value.attachments);
      if (value.selectedToolId !== undefined) this.selectTool(value.selectedToolId);
      if (value.selectedModelId !== undefined) this.selectModel(value.selectedModelId);
    });
    return this.addFiles(value.files ?? []);
  }

  // Attachments

  addFiles(given: readonly File[]): Rejection[] {
    const draft = this.#now;
    const count = draft.attachments.peek().length;
    const { taken, rejected } = admit(given, count, this.#host.options.attachments);
    const added = taken.map(uploading);
    draft.attachments.value = [...draft.attachments.peek(), ...added];
    for (const { key, file } of added) void this.#upload(draft, key, file);
    return rejected;
  }

  retryAttachment(key: string): void {
    const draft = this.#now;
    const failed = draft.attachments.peek().find((attachment) => attachment.key === key);
    if (failed?.status === "failed" && failed.file) void this.#upload(draft, key, failed.file);
  }

  removeAttachment(key: string): void {
    const draft = this.#now;
    const removed = draft.attachments.peek().find((attachment) => attachment.key === key);
    draft.attachments.value = draft.attachments.peek().filter((other) => other.key !== key);
    this.#uploads.get(key)?.abort();
    // What the page attached is the page's.
    if (removed?.attachment && removed.file) this.#forget(removed.attachment);
  }

  #setAttachments(attachments: readonly Attachment[]): void {
    for (const { key } of this.#now.attachments.peek()) this.removeAttachment(key);
    this.#now.attachments.value = attachments.map(attached);
  }

  async #upload(draft: Draft, key: string, file: File): Promise<void> {
    const abort = new AbortController();
    this.#uploads.set(key, abort);
    const tell = (change: Partial<ComposerAttachment>) => changeAttachment(draft, key, change);
    tell({ status: "uploading", progress: null, failure: null });
    try {
      const attachment = await this.#sendFile(file, abort.signal, (progress) => tell({ progress }));
      if (!abort.signal.aborted) tell({ status: "ready", progress: 1, attachment });
      else if (abort.signal.reason !== DROPPED) this.#forget(attachment);
    } catch (thrown) {
      const error = asWireError(thrown);
      const failure = wireFailure(error, () => this.retryAttachment(key));
      if (!failure) return;
      tell({ status: "failed", progress: null, failure: { ...failure, kind: "upload" } });
      this.#host.events.emit("error", { error });
    } finally {
      this.#uploads.delete(key);
    }
  }

  #sendFile(
    file: File,
    signal: AbortSignal,
    onProgress: (fraction: number) => void,
  ): Promise<Attachment> {
    const { client, options } = this.#host;
    const { url, fetch, uploadStrategy: strategy } = options.api;
    if (!strategy) throw new WireError("content_type", "Set api.uploadStrategy to attach files.");
    const onUnauthorized = () => this.#host.onUnauthorized();
    return upload(file, { client, strategy, url, fetch, signal, onProgress, onUnauthorized });
  }

  #forget({ id }: Attachment): void {
    this.#host.client.deleteAttachment(id).catch((error: unknown) => {
      this.#host.events.emit("error", { error: asWireError(error) });
    });
  }

  /** End all uploads; what has arrived of them is not ours to delete any more. */
  dropUploads(): void {
    for (const abort of this.#uploads.values()) abort.abort(DROPPED);
  }

  /** End all uploads. */
  end(): void {
    for (const abort of this.#uploads.values()) abort.abort();
  }

  // Sending

  async submit(): Promise<boolean> {
    if (!this.canSend.peek()) return false;
    const draft = this.#now;
    const toolId = this.#toolId.peek();
    const shown = draft.attachments.peek();
    for (const one of shown) if (one.attachment) this.#sent.set(one.attachment, one);
    const message: OutgoingMessage = {
      content: draft.content,
      attachments: shown.flatMap(({ attachment }) => attachment ?? []),
      quotedText: draft.quote.peek(),
      toolChoice: toolId === null ? null : { id: toolId },
    };
    draft.send(message);
    const tool = this.#host.options.tools?.find(({ id }) => id === toolId);
    if (!tool?.persistent) this.selectTool(null);
    const isSent = await this.#send(message);
    draft.sending.value = null;
    return isSent;
  }

  /** Put a message that was not sent before what has been written since. */
  giveBack(draft: Draft, message: OutgoingMessage): void {
    draft.takeBack(message, (sent) => this.#sent.get(sent) ?? attached(sent));
    const isShown = draft === this.#now;
    if (isShown && message.toolChoice && this.#toolId.peek() === null) {
      this.selectTool(message.toolChoice.id);
    }
  }
}

function uploading(file: File): ComposerAttachment & { file: File } {
  return {
    key: `file:${++files}`,
    name: file.name,
    mimeType: file.type,
    size: file.size,
    file,
    status: "uploading",
    progress: null,
    failure: null,
    attachment: null,
  };
}

function changeAttachment(draft: Draft, key: string, change: Partial<ComposerAttachment>): void {
  draft.attachments.value = draft.attachments
    .peek()
    .map((attachment) => (attachment.key === key ? { ...attachment, ...change } : attachment));
}
