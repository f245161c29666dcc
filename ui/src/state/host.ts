import type { ChatKitClient } from "../wire/client";
import type { Emitter } from "./emitter";
import type { ChatEvents, ChatOptions, OutgoingMessage, ThreadInfo } from "./model";

/** What a conversation needs of the element around it. Ask for each anew: options change. */
export interface Host {
  readonly client: ChatKitClient;
  readonly options: ChatOptions;
  readonly events: Emitter<ChatEvents>;
  /** Whether the server speaks Chatkeep's live streams: answers outlive their connection. */
  isLive: boolean | null;
  /** Whether a thread has been open here. */
  hasShown(threadId: string): boolean;
  /** A thread came to be, or its metadata changed. */
  onThread(thread: ThreadInfo, isNew: boolean): void;
  /**
   * A message could not be sent: its text must not be lost. Returns whether it may be kept: not
   * if the drafts were cleared since it was sent.
   */
  giveBack(threadId: string | null, message: OutgoingMessage): boolean;
  /** The server no longer knows who is asking. */
  onUnauthorized(): void;
  /** Send what is in the composer. */
  submit(): void;
}
