// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { act } from "preact/test-utils";
import { afterEach, expect, test, vi } from "vitest";

import type { Item } from "../../../src/state";

import { assistantItem, fakeConversation, userItem } from "./fake";
import { mount } from "./mount";

afterEach(() => vi.restoreAllMocks());

/** A thread of so many turns that was there before it was shown. */
function earlier(turns: number) {
  const items = Array.from({ length: turns }, (_, at) => [
    userItem(`u${at}`, "hi"),
    assistantItem(`a${at}`, "Hello"),
  ]);
  return fakeConversation(items.flat());
}

test("a reader who leaves the end of a thread is offered the way back", () => {
  const { hasButton, root } = mount({}, earlier(3));
  const view = root.querySelector<HTMLElement>(".scroller")!;
  const sizes = { scrollHeight: 2000, clientHeight: 500, scrollTop: 100 };
  for (const [name, value] of Object.entries(sizes)) Object.defineProperty(view, name, { value });
  act(() => void view.dispatchEvent(new Event("scroll")));
  expect(hasButton("Jump to latest")).toBe(true);
});

test("what comes at the end has nothing above it measured", () => {
  const conversation = earlier(20);
  mount({}, conversation);
  const measure = vi.spyOn(HTMLElement.prototype, "getBoundingClientRect");
  const { value } = conversation.items;
  act(() => void (conversation.items.value = [...value, signal<Item>(userItem("u", "And?"))]));
  expect(measure).not.toHaveBeenCalled();
});

test("trying again to fetch older messages leaves the focus with those that are there", () => {
  const conversation = earlier(2);
  conversation.older.value = "failed";
  const asked = (conversation.loadOlder = vi.fn(async () => {}));
  const { all, click, root } = mount({}, conversation);
  all(".older button")[0]!.focus();
  click("Try again");
  expect(asked).toHaveBeenCalledOnce();
  expect(root.activeElement?.getAttribute("role")).toBe("log");
});
