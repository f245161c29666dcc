import type { ReadonlySignal } from "@preact/signals";
import { effect, untracked } from "@preact/signals";
import { h, render } from "preact";

import type { Emit } from "./events";
import type { Options } from "./options";
import type { Chat, ChatEvents, ChatOptions } from "./state";
import { Controller, Drafts } from "./state";
import { App, type View } from "./ui/App";

const FORWARDED = [
  "error",
  "effect",
  "log",
  "response.start",
  "response.end",
  "history.open",
  "history.close",
  "thread.change",
  "thread.load.start",
  "thread.load.end",
  "tool.change",
] as const satisfies readonly (keyof ChatEvents)[];

/** The chat and its view, for as long as the element is in a page. */
export class Session {
  readonly chat: Chat;
  readonly view: View = { focusComposer: () => {} };
  readonly #root: ShadowRoot;
  readonly #stopFollowing: () => void;

  /** @param threadId The thread to show first; null for a new one. */
  constructor(
    root: ShadowRoot,
    options: ReadonlySignal<Options>,
    threadId: string | null,
    emit: Emit,
  ) {
    this.#root = root;
    this.chat = new Controller(chatOptions(options.peek()));
    forward(this.chat, emit);
    this.#stopFollowing = effect(() => this.#configure(options.value));
    render(h(App, { chat: this.chat, options, view: this.view, emit }), root);
    if (threadId !== null) void this.chat.openThread(threadId);
  }

  #configure(options: Options): void {
    this.chat.configure(chatOptions(options));
    if (!options.history.enabled) untracked(() => this.chat.history.hide());
  }

  /**
   * Give way to another user. The page is told that what was shown isn't any more.
   *
   * @returns The thread that was shown.
   */
  leave(): string | null {
    this.chat.history.hide();
    this.chat.composer.selectTool(null);
    return this.end();
  }

  /** @returns The thread that was shown. */
  end(): string | null {
    const threadId = this.chat.conversation.peek().threadId.peek();
    this.#stopFollowing();
    this.chat.dispose();
    render(null, this.#root);
    return threadId;
  }
}

/** Empty the drafts that a session with these options would have. */
export function clearDrafts(options: Options): void {
  Drafts.drop(chatOptions(options).api);
}

function forward(chat: Chat, emit: Emit): void {
  const tell = emit as (name: `chatkit.${keyof ChatEvents}`, detail: unknown) => void;
  for (const name of FORWARDED) chat.on(name, (detail) => tell(`chatkit.${name}`, detail));
}

function chatOptions(options: Options): ChatOptions {
  const { api, composer } = options;
  return {
    api: {
      url: new URL(api.url, document.baseURI).href,
      userId: api.userId ?? undefined,
      fetch: api.fetch ?? undefined,
      uploadStrategy: api.uploadStrategy ?? undefined,
    },
    locale: options.locale ?? navigator.language,
    onClientTool: options.onClientTool ?? undefined,
    onWidgetAction: options.widgets.onAction as ChatOptions["onWidgetAction"],
    attachments: { ...composer.attachments, accept: composer.attachments.accept ?? undefined },
    tools: composer.tools,
    models: composer.models,
  };
}
