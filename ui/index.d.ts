import type * as Official from "@openai/chatkit";

export type * from "@openai/chatkit";

/** As the official one, but no domain needs a key. */
export type CustomApiConfig = Omit<Official.CustomApiConfig, "domainKey"> & {
  /** Accepted for the sake of pages written for the official element; not used. */
  domainKey?: string;
  /**
   * Whose drafts are kept, in this tab; it is not sent. Another one begins the chat anew, so that
   * nothing of one user is there for the next.
   */
  userId?: string | number | null;
};

/** Which images texts show by themselves; the others are links. */
export interface ImagesOption {
  /**
   * Hosts: `img.example`, `*.example` for those below it, `img.example:8443`, `*` for any. Of no
   * effect in threads that have `allowed_image_domains`.
   *
   * @default []
   */
  allowedDomains?: string[];
}

/** As the official ones, for a server of your own: `getClientSecret` is the hosted ChatKit's. */
export type ChatKitOptions = Omit<Official.ChatKitOptions, "api"> & {
  api: CustomApiConfig;
  images?: ImagesOption;
};

export interface OpenAIChatKit extends Official.OpenAIChatKit {
  /** Open: tests and assistive tools reach what it shows. */
  readonly shadowRoot: ShadowRoot;

  /**
   * Replaces the options, all of them; thread and draft stay. What is wrong with them is told in
   * the console; with no server to talk to, also by `chatkit.error` and in the element's place.
   * Options of the official types are taken too, so that one may stand for the other.
   */
  setOptions(options: ChatKitOptions | Official.ChatKitOptions): void;

  /**
   * Empties the user's drafts, of all threads, with their attachments. A page does this where it
   * logs out; a 401 from the server does it too.
   */
  clearDrafts(): Promise<void>;
}

/** The class of the element. */
export declare const ChatKitElement: { new (): OpenAIChatKit; prototype: OpenAIChatKit };

/** Registers `<openai-chatkit>`, unless there is an element of that name. Importing does it. */
export declare function define(): void;

/** The version of these files. */
export declare const version: string;

declare global {
  interface HTMLElementTagNameMap {
    "openai-chatkit": OpenAIChatKit;
  }
}
