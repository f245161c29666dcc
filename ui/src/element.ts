import type { OpenAIChatKit, UserMessageContent } from "@openai/chatkit";
import type { Signal } from "@preact/signals";
import { signal } from "@preact/signals";

import { Events } from "./events";
import hostCss from "./host.css";
import { normalise, type Options } from "./options";
import { afterPaint } from "./paint";
import { Session } from "./session";
import { isObject, type Problem } from "./shape";
import { sheet } from "./sheets";

type Message = Parameters<OpenAIChatKit["sendUserMessage"]>[0];
type ComposerValue = Parameters<OpenAIChatKit["setComposerValue"]>[0];
type CustomAction = Parameters<OpenAIChatKit["sendCustomAction"]>[0];

/** Where there is no DOM, the module can be imported all the same: servers render pages with it. */
const Base = globalThis.HTMLElement ?? (class {} as unknown as typeof HTMLElement);

/**
 * The `<openai-chatkit>` element.
 *
 * It begins once it is in a page and has options, whichever comes last; its methods wait for
 * that. What is shown is the `Session`'s. New options replace the old below a session that
 * goes on, so that thread and draft stay.
 */
export class ChatKitElement extends Base implements Omit<OpenAIChatKit, keyof HTMLElement> {
  readonly #root: ShadowRoot;
  readonly #events: Events;
  readonly #said = new Set<string>();
  readonly #ready: Promise<void>;
  #markReady!: () => void;
  #options: Signal<Options> | null = null;
  #session: Session | null = null;
  /** What was shown when the element was last taken out of a page. */
  #lastThreadId: string | null | undefined;

  constructor() {
    super();
    // One that is in a page already is being upgraded: others could listen to it before.
    this.#events = new Events(this, this.isConnected);
    this.#ready = new Promise((resolve) => (this.#markReady = resolve));
    this.#root = this.attachShadow({ mode: "open" });
    this.#root.adoptedStyleSheets = [sheet(hostCss)];
  }

  connectedCallback(): void {
    this.#begin();
  }

  /** A moment later, for it may only be on its way to another place. */
  disconnectedCallback(): void {
    setTimeout(() => {
      if (this.isConnected || !this.#session) return;
      this.#lastThreadId = this.#session.end();
      this.#session = null;
    });
  }

  /** With this, `moveBefore` takes the element elsewhere as it is. */
  connectedMoveCallback(): void {}

  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener, options);
    this.#events.listened(type);
  }

  /** Replace the options, all of them. What is wrong with them is told in the console. */
  setOptions(given: unknown): void {
    const { options, problems } = normalise(given);
    problems.forEach((problem) => this.#say(problem));
    if (!options) return this.#refuse(problems);
    if (this.#options) this.#options.value = options;
    else this.#options = signal(options);
    this.#begin();
  }

  async focusComposer(): Promise<void> {
    (await this.#begun()).view.focusComposer();
  }

  async setThreadId(threadId: string | null): Promise<void> {
    must(threadId === null || typeof threadId === "string", "setThreadId takes an id or null");
    await (await this.#begun()).chat.openThread(threadId);
  }

  async sendUserMessage(message: Message): Promise<void> {
    must(isObject(message), "sendUserMessage takes an object, such as { text }");
    const { text, content, reply, attachments, newThread, toolChoice, model } = message;
    must(text ?? content ?? attachments, "sendUserMessage needs text, content or attachments");
    const { chat } = await this.#begun();
    const sent = await chat.send({
      content: content ? wired(content) : text ? [{ type: "input_text", text }] : [],
      attachments: attachments ?? [],
      quotedText: reply ?? null,
      toolChoice: toolChoice ?? null,
      ...(model !== undefined && { model }), // else the one that is chosen in the composer
      newThread: newThread ?? false,
    });
    must(sent, "The message was not sent: chatkit.error says why, or an answer is under way");
  }

  async setComposerValue(value: ComposerValue): Promise<void> {
    must(isObject(value), "setComposerValue takes an object, such as { text }");
    const { content, ...rest } = value;
    const { chat } = await this.#begun();
    const refused = chat.composer.set({ ...rest, ...(content && { content: wired(content) }) });
    const reasons = refused.map(({ file, reason }) => `${file.name} (${reason})`);
    must(refused.length === 0, `Files that were not attached: ${reasons.join(", ")}`);
  }

  async sendCustomAction(action: CustomAction, itemId?: string): Promise<void> {
    must(isObject(action) && typeof action.type === "string", "an action needs a type");
    const { chat } = await this.#begun();
    const done = await chat.act({ ...action, handler: "server" }, itemId);
    must(done, `The action ${action.type} failed: chatkit.error says why`);
  }

  async fetchUpdates(): Promise<void> {
    await (await this.#begun()).chat.fetchUpdates();
  }

  async showHistory(): Promise<void> {
    await (await this.#begun()).chat.history.show();
  }

  async hideHistory(): Promise<void> {
    (await this.#begun()).chat.history.hide();
  }

  #begin(): void {
    if (!this.isConnected || !this.#options || this.#session) return;
    const threadId =
      this.#lastThreadId === undefined ? this.#options.peek().initialThread : this.#lastThreadId;
    this.#root.replaceChildren();
    this.#session = new Session(this.#root, this.#options, threadId, this.#events.emit);
    // React tells a wrapper that its element is there, and lets it listen, only after a paint.
    afterPaint(() => {
      if (!this.#session) return;
      this.#markReady();
      this.#events.ready();
    });
  }

  async #begun(): Promise<Session> {
    await this.#ready;
    must(this.#session, "The element is not in a page");
    return this.#session;
  }

  /** Once each: React sets options again and again. */
  #say({ level, message }: Problem): void {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    const say = level === "error" ? console.error : console.warn;
    say(`<openai-chatkit> ${message}.`);
  }

  /** With nothing to fall back on, say it where the chat would be. */
  #refuse(problems: Problem[]): void {
    const message = problems.find(({ level }) => level === "error")!.message;
    const error = new Error(`${message}.`);
    afterPaint(() => this.#events.tell("chatkit.error", { error }));
    if (this.#session) return;
    const shown = document.createElement("p");
    shown.className = "refused";
    shown.role = "alert";
    shown.textContent = `<openai-chatkit> ${message}.`;
    this.#root.replaceChildren(shown);
  }
}

/** On the wire, a tag is whole. */
function wired(content: UserMessageContent[]) {
  return content.map((part) =>
    part.type === "input_tag"
      ? { ...part, data: part.data ?? {}, interactive: part.interactive ?? false }
      : part,
  );
}

function must(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}
