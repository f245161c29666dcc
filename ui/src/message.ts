/** What a page gives to the element's methods, checked and made whole. */

import type { OpenAIChatKit } from "@openai/chatkit";

import type { Composer } from "./options";
import { isObject } from "./shape";
import type { ComposerValue, OutgoingMessage } from "./state";

export type Message = Parameters<OpenAIChatKit["sendUserMessage"]>[0];
export type GivenValue = Parameters<OpenAIChatKit["setComposerValue"]>[0];

/** The message that `sendUserMessage` is asked to send. Throws if there is nothing in it. */
export function outgoing(message: Message): OutgoingMessage {
  must(isObject(message), "sendUserMessage takes an object, such as { text }");
  mustBeText(message.text, "text");
  mustBeList(message.content, "content");
  mustBeList(message.attachments, "attachments");
  const { text, reply, attachments, newThread, toolChoice, model } = message;
  const content = message.content ?? (text?.trim() ? [{ type: "input_text", text }] : []);
  must(
    content.length > 0 || attachments?.length,
    "sendUserMessage needs text, content or attachments",
  );
  return {
    content,
    attachments: attachments ?? [],
    quotedText: reply ?? null,
    toolChoice: toolChoice ?? null,
    ...(model !== undefined && { model }), // else the one that is chosen in the composer
    newThread: newThread ?? false,
  };
}

/** What `setComposerValue` is to set: null clears. Throws if the composer can't hold it. */
export function composerValue(value: GivenValue, { tools, models }: Composer): ComposerValue {
  must(isObject(value), "setComposerValue takes an object, such as { text }");
  mustBeText(value.text, "text");
  for (const key of ["content", "attachments", "files"] as const) mustBeList(value[key], key);
  mustBeOneOf(value.selectedToolId, tools, "selectedToolId");
  const usable = models.filter(({ disabled }) => !disabled);
  mustBeOneOf(value.selectedModelId, usable, "selectedModelId");
  const { text, content, attachments, files, ...rest } = value;
  return {
    ...rest,
    ...(text !== undefined && { text: text ?? "" }),
    ...(content !== undefined && { content: content ?? [] }),
    ...(attachments !== undefined && { attachments: attachments ?? [] }),
    files: files ?? [],
  };
}

export function must(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

function mustBeText(value: unknown, name: string): void {
  must(value === undefined || value === null || typeof value === "string", `${name} is no string`);
}

function mustBeList(value: unknown, name: string): void {
  must(value === undefined || value === null || Array.isArray(value), `${name} is no list`);
}

function mustBeOneOf(
  id: string | null | undefined,
  choices: readonly { readonly id: string }[],
  name: string,
): void {
  const ids = choices.map((choice) => choice.id);
  const isThere = id === undefined || id === null || ids.includes(id);
  must(isThere, `${id} can't be ${name}: there is ${ids.join(", ") || "none"}`);
}
