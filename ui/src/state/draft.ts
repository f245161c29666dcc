import { batch, signal } from "@preact/signals-core";
import type { Attachment, LooseContent } from "../wire/types";
import type { ComposerAttachment, OutgoingMessage } from "./model";

/** What a person is about to say in one thread. */
export class Draft {
  readonly text = signal("");
  readonly quote = signal<string | null>(null);
  readonly attachments = signal<readonly ComposerAttachment[]>([]);
  /** What has left the composer, until it is known whether the server has it. */
  readonly sending = signal<OutgoingMessage | null>(null);
  /** What `text` stands for, if it is more than text: tags. Only as long as `text` is this. */
  #prepared: { readonly text: string; readonly content: readonly LooseContent[] } | null = null;

  get content(): readonly LooseContent[] {
    const written = this.text.peek();
    if (this.#prepared?.text === written) return this.#prepared.content;
    return written.trim() === "" ? [] : [{ type: "input_text", text: written.trim() }];
  }

  set content(parts: readonly LooseContent[]) {
    const text = parts.map((part) => part.text).join("");
    const hasTags = parts.some(({ type }) => type === "input_tag");
    this.#prepared = hasTags ? { text, content: parts } : null;
    this.text.value = text;
  }

  /** It is on its way, and something else may be written. */
  send(message: OutgoingMessage): void {
    batch(() => {
      this.clear();
      this.sending.value = message;
    });
  }

  /** Keep nothing of it. */
  clear(): void {
    batch(() => {
      this.sending.value = null;
      this.content = [];
      this.quote.value = null;
      this.attachments.value = [];
    });
  }

  /**
   * Put a message that was not sent before what has been written since.
   *
   * @param show How an attachment of it is shown.
   */
  takeBack(
    { content, quotedText, attachments = [] }: OutgoingMessage,
    show: (attachment: Attachment) => ComposerAttachment = attached,
  ): void {
    batch(() => {
      const since = this.text.peek();
      this.content = content;
      if (since) this.text.value = [this.text.peek(), since].filter(Boolean).join("\n\n");
      this.quote.value ??= quotedText ?? null;
      this.attachments.value = [...attachments.map(show), ...this.attachments.peek()];
    });
  }
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
