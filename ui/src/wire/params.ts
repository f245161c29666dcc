/** What requests say, with all that servers insist on. */

import type { Action, LooseContent, Params, UserMessageContent, UserMessageInput } from "./types";

export interface PageOptions {
  readonly limit?: number;
  readonly after?: string | null;
  readonly order?: "asc" | "desc";
}

/** A user's message as the server wants it, with all that it insists on. */
export function messageInput(message: {
  readonly content: readonly LooseContent[];
  readonly attachmentIds?: readonly string[];
  readonly quotedText?: string | null | undefined;
  readonly toolChoice?: { readonly id: string } | null | undefined;
  readonly model?: string | null | undefined;
}): UserMessageInput {
  return {
    content: message.content.map(wholeContent),
    attachments: message.attachmentIds ?? [],
    ...(message.quotedText ? { quoted_text: message.quotedText } : {}),
    inference_options: {
      ...(message.toolChoice ? { tool_choice: { id: message.toolChoice.id } } : {}),
      ...(message.model ? { model: message.model } : {}),
    },
  };
}

/** A part of a message with all that a server insists on. */
export function wholeContent(part: LooseContent): UserMessageContent {
  if (part.type === "input_text") return part;
  const { group, ...rest } = part;
  return {
    ...rest,
    data: part.data ?? {},
    interactive: part.interactive ?? false,
    ...(group === undefined ? {} : { group }),
  };
}

/** A file's type; browsers leave it empty for what they don't know. */
export function mimeType(file: { readonly type: string }): string {
  return file.type || "application/octet-stream";
}

/** What is asked of an action; of its configuration the server gets no more. */
export function actionParams(
  threadId: string,
  action: Action,
  itemId: string | null,
): Params<"threads.custom_action"> {
  const { type, payload } = action;
  return {
    thread_id: threadId,
    ...(itemId === null ? {} : { item_id: itemId }),
    action: payload === undefined ? { type } : { type, payload },
  };
}

/** What is asked of a list: the newest first, unless it is said otherwise. */
export function pageParams(page: PageOptions): Params<"threads.list"> {
  return {
    ...(page.limit === undefined ? {} : { limit: page.limit }),
    ...(page.after ? { after: page.after } : {}),
    order: page.order ?? "desc",
  };
}
