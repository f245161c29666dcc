// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { describe, expect, test, vi } from "vitest";

import type { Item, QuestionsItem } from "../../../src/state";

import { assistantItem, fakeConversation, item, thread, userItem } from "./fake";
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

describe("a part of the chat that can't be shown", () => {
  const wrong = new TypeError("It is not what it should be.");
  /** What throws as soon as anything of it is read. */
  const trap = <T extends object>(given: T, key: keyof T): T =>
    Object.defineProperty({ ...given }, key, {
      get: () => {
        throw wrong;
      },
    });
  const said = () => [userItem("u1", "hi")];

  test("is a note in its place: the header", () => {
    const conversation = fakeConversation(said());
    conversation.thread.value = trap(conversation.thread.value!, "title");
    const { box, emit, text } = mount({}, conversation);
    expect(text(".main > .column [role=note]")).toContain(NOTE);
    expect(text("[data-key=u1]")).toBe("You saidhi");
    expect(box()).not.toBeNull();
    expect(emit).toHaveBeenCalledExactlyOnceWith("chatkit.error", { error: wrong });
  });

  test("the thread", () => {
    const conversation = fakeConversation(said());
    conversation.failure.value = trap({ kind: "turn" } as never, "message" as never);
    const { box, emit, hasButton } = mount({}, conversation);
    expect(box()).not.toBeNull();
    expect(hasButton("Chat history")).toBe(true);
    expect(emit).toHaveBeenCalledExactlyOnceWith("chatkit.error", { error: wrong });
  });

  test("a notice", () => {
    const conversation = fakeConversation(said());
    const notice = { id: 1, level: "info", title: null, message: "Hello", after: "u1" } as const;
    conversation.notices.value = [trap(notice, "message"), { ...notice, id: 2 }];
    const { box, emit, text } = mount({}, conversation);
    expect(text(".turn")).toContain(NOTE);
    expect(text(".turn")).toContain("Hello");
    expect(box()).not.toBeNull();
    expect(emit).toHaveBeenCalledExactlyOnceWith("chatkit.error", { error: wrong });
  });

  test("the footer, which is tried again when the user asks for it", () => {
    const conversation = fakeConversation(said());
    const trapped = trap({ type: "locked" as const, reason: "Why" }, "reason");
    const { all, box, chat, click, emit, text } = mount({}, conversation);
    act(() => void (chat.restriction.value = trapped));
    expect(box()).toBeNull();
    expect(text("[data-key=u1]")).toBe("You saidhi");
    expect(emit).toHaveBeenCalledExactlyOnceWith("chatkit.error", { error: wrong });
    chat.restriction.value = null;
    click("Try again");
    expect(box()).not.toBeNull();
    expect(all(".footer")).toHaveLength(1);
  });

  test("the list of threads, which can be closed", () => {
    const { all, chat, click, emit, text } = mount({}, fakeConversation(said()));
    chat.history.threads.value = [trap(thread("thr_2", "Another"), "title")];
    act(() => void (chat.history.isOpen.value = true));
    expect(text("[role=dialog]")).toContain(NOTE);
    expect(emit).toHaveBeenCalledExactlyOnceWith("chatkit.error", { error: wrong });
    click("Close history");
    expect(all("[role=dialog]")).toEqual([]);
    expect(text("[data-key=u1]")).toBe("You saidhi");
  });

  test("is shown with another conversation", () => {
    const conversation = fakeConversation(said());
    conversation.thread.value = trap(conversation.thread.value!, "title");
    const { chat, hasButton } = mount({}, conversation);
    expect(hasButton("Chat history")).toBe(false);
    act(() => void (chat.conversation.value = fakeConversation([userItem("u2", "hm")])));
    expect(hasButton("Chat history")).toBe(true);
  });

  test("is not all there is, whatever it was", () => {
    const { chat, emit, setOptions, text } = mount({}, fakeConversation(said()));
    const { conversation } = chat;
    const key = vi.fn<() => string>(() => {
      throw wrong;
    });
    const broken = Object.defineProperty({ ...conversation.value }, "key", { get: key });
    act(() => void (conversation.value = broken));
    expect(text("[role=note]")).toContain(NOTE);
    expect(emit).toHaveBeenCalledExactlyOnceWith("chatkit.error", { error: wrong });
    key.mockReturnValue("again");
    setOptions({ header: { enabled: false } });
    expect(text("[data-key=u1]")).toBe("You saidhi");
  });
});
