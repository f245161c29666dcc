// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { describe, expect, test } from "vitest";

import type { Item, QuestionsItem } from "../../../src/state";

import { assistantItem, fakeConversation, item, userItem } from "./fake";
import { mount } from "./mount";

const NOTE = "This can't be shown.";

/** An item as a server that is not ours may send it. */
const broken = (given: object) => item<Item>(given as never);

describe("an item that can't be shown", () => {
  const { attachments: _, ...bare } = userItem("u2", "hm");
  const items = () => [userItem("u1", "hi"), assistantItem("a1", "Hello"), broken(bare)];

  test("is a note in its place; the rest of the thread is shown", () => {
    const { all, box, emit, text } = mount(
      {},
      fakeConversation([...items(), assistantItem("a2", "Goodbye")]),
    );
    expect(all(".item").map(({ textContent }) => textContent)).toEqual([
      "You saidhi",
      "The assistant saidHello",
      NOTE,
      "The assistant saidGoodbye",
    ]);
    expect(text("[data-key=u2] [role=note]")).toBe(NOTE);
    expect(box()).not.toBeNull();
    const data = { type: "user_message", id: "u2", error: expect.stringContaining("TypeError") };
    expect(emit).toHaveBeenCalledExactlyOnceWith("chatkit.log", { name: "item.broken", data });
  });

  test("is shown as soon as it can be", () => {
    const conversation = fakeConversation(items());
    const { text } = mount({}, conversation);
    act(() => void (conversation.items.value[2]!.value = userItem("u2", "hm")));
    expect(text("[data-key=u2]")).toBe("You saidhm");
  });

  test.each([
    { id: "x", type: "user_message" },
    { id: "x", type: "task" },
    { id: "x", type: "workflow", workflow: { type: "custom" } },
    { id: "x", type: "client_tool_call", status: "completed" },
    { id: "x", type: "structured_input", status: "answered" },
    assistantItem("x", "Hello", [null as never]),
  ])("whatever it is: $type", (given) => {
    const { text } = mount({}, fakeConversation([userItem("u1", "hi"), broken(given)]));
    expect(text("[data-key=u1]")).toBe("You saidhi");
    expect(text("[data-key=x]")).toBe(NOTE);
  });
});

test("questions that can't be shown leave the thread as it is", () => {
  const questions = broken({ id: "q", type: "structured_input", status: "pending" });
  const conversation = fakeConversation([userItem("u1", "hi"), questions]);
  conversation.questions.value = questions as QuestionsItem;
  const { text } = mount({}, conversation);
  expect(text("[data-key=u1]")).toBe("You saidhi");
  expect(text(".footer [role=note]")).toBe(NOTE);
});
