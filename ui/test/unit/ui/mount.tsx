import type { ChatKitOptions } from "@openai/chatkit";
import { signal } from "@preact/signals";
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, vi } from "vitest";

import { normalise, type Options } from "../../../src/options";
import { App } from "../../../src/ui/App";

import { fakeChat, type fakeConversation } from "./fake";

let mounted: ShadowRoot | null = null;

afterEach(() => {
  if (mounted) act(() => render(null, mounted!));
  mounted = null;
  document.body.replaceChildren();
});

/** The whole view in a shadow root, with a chat that notes what is asked of it. */
export function mount(
  given: Omit<Partial<ChatKitOptions>, "api"> = {},
  conversation?: ReturnType<typeof fakeConversation>,
) {
  const host = document.createElement("div");
  document.body.append(host);
  const root = host.attachShadow({ mode: "open" });
  mounted = root;
  const read = (more: typeof given) =>
    normalise({ api: { url: "/chatkit" }, locale: "en", ...more }).options!;
  const options = signal<Options>(read(given));
  const fake = fakeChat(conversation);
  const view = { focusComposer: () => {} };
  const emit = vi.fn();
  act(() => render(<App chat={fake.chat} options={options} view={view} emit={emit} />, root));
  return {
    ...fake,
    root,
    view,
    emit,
    setOptions: (next: typeof given) => act(() => void (options.value = read(next))),
    ...screen(root),
  };
}

/** Finds things as a user knows them, and does what a user does. */
function screen(root: ShadowRoot) {
  const all = (selector: string) => [...root.querySelectorAll<HTMLElement>(selector)];
  const named = (selector: string, name: string) => {
    const found = all(selector).find((each) => nameOf(each) === name);
    if (!found) throw new Error(`no ${selector} “${name}” among ${all(selector).map(nameOf)}`);
    return found;
  };
  return {
    all,
    button: (name: string) => named("button", name) as HTMLButtonElement,
    hasButton: (name: string) => all("button").some((each) => nameOf(each) === name),
    box: () => root.querySelector("textarea")!,
    text: (selector = ".app") => root.querySelector(selector)?.textContent ?? "",
    click: (name: string) => act(() => named("button", name).click()),
    type: (
      value: string,
      box: HTMLTextAreaElement | HTMLInputElement = root.querySelector("textarea")!,
    ) =>
      act(() => {
        box.value = value;
        box.dispatchEvent(new Event("input", { bubbles: true }));
      }),
    press: (target: HTMLElement, key: string, more: KeyboardEventInit = {}) =>
      act(() => {
        const event = new KeyboardEvent("keydown", {
          key,
          bubbles: true,
          cancelable: true,
          ...more,
        });
        target.dispatchEvent(event);
      }),
  };
}

export function nameOf(element: HTMLElement): string {
  return (element.getAttribute("aria-label") ?? element.textContent ?? "").trim();
}
