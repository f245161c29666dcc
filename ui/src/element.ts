import type { OpenAIChatKit } from "@openai/chatkit";
import type { Signal } from "@preact/signals";
import { signal } from "@preact/signals";

import { Events } from "./events";
import hostCss from "./host.css";
import { composerValue, type GivenValue, type Message, must, outgoing } from "./message";
import { normalise, type Options } from "./options";
import { afterPaint } from "./paint";
import { clearDrafts, Session } from "./session";
import { isObject, type Problem } from "./shape";
import { sheet } from "./sheets";

type CustomAction = Parameters<OpenAIChatKit["sendCustomAction"]>[0];

/** Why a thing was not done, as far as a method can say. */
const WHY =
  "chatkit.error or chatkit.log says why, or an answer is under way, or the thread takes none";

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
    const userId = this.#options?.peek().api.userId;
    if (this.#options && userId !== options.api.userId) this.#leaveUser();
    if (this.#options) this.#options.value = options;
    else this.#options = signal(options);
    this.#begin();
  }

  async focusComposer(): Promise<void> {
    (await this.#begun()).view.focusComposer();
  }

  async setThreadId(threadId: string | null): Promise<void> {
    const isId = typeof threadId === "string" && threadId !== "";
    must(isId || threadId === null, "setThreadId takes an id or null");
    await (await this.#begun()).chat.openThread(threadId);
  }

  async sendUserMessage(given: Message): Promise<void> {
    const message = outgoing(given);
    const { chat } = await this.#begun();
    must(await chat.send(message), `The message was not sent: ${WHY}`);
  }

  async setComposerValue(given: GivenValue): Promise<void> {
    const { chat } = await this.#begun();
    const refused = chat.composer.set(composerValue(given, this.#options!.peek().composer));
    const reasons = refused.map(({ file, reason }) => `${file.name} (${reason})`);
    must(refused.length === 0, `Files that were not attached: ${reasons.join(", ")}`);
  }

  async sendCustomAction(action: CustomAction, itemId?: string): Promise<void> {
    must(isObject(action) && typeof action.type === "string", "an action needs a type");
    const { chat } = await this.#begun();
    const done = await chat.act({ ...action, handler: "server" }, itemId);
    must(done, `The action ${action.type} was not done: ${WHY}`);
  }

  async fetchUpdates(): Promise<void> {
    await (await this.#begun()).chat.fetchUpdates();
  }

  /** Empty the user's drafts, of all threads. An element that is not in a page can do it too. */
  async clearDrafts(): Promise<void> {
    must(this.#options, "There are no drafts to clear before setOptions");
    if (this.#session) this.#session.chat.clearDrafts();
    else clearDrafts(this.#options.peek());
  }

  async showHistory(): Promise<void> {
    const { chat } = await this.#begun();
    must(this.#options!.peek().history.enabled, "There is no history: history.enabled is false");
    await chat.history.show();
  }

  async hideHistory(): Promise<void> {
    (await this.#begun()).chat.history.hide();
  }

  /** Whatever is there is of one user, and the next begins anew. */
  #leaveUser(): void {
    const session = this.#session;
    if (session || this.#lastThreadId !== undefined) this.#lastThreadId = null;
    if (!session) return;
    this.#session = null;
    const threadId = session.leave();
    if (threadId !== null) this.#events.emit("chatkit.thread.change", { threadId: null });
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
