// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { describe, expect, test, vi } from "vitest";
import type { Failure, Item, QuestionsItem } from "../../../src/state";
import { failureText } from "../../../src/ui/FailureCard";

import { assistantItem, fakeConversation, item, userItem } from "./fake";
import { mount } from "./mount";

const ALL = { threadItemActions: { feedback: true, retry: true } };
const ACTIONS = "[role=group][aria-label]";

const workflow = item<Item>({
  id: "w",
  type: "workflow",
  workflow: { type: "custom", expanded: false, tasks: [] },
});
const task = item<Item>({
  id: "t",
  type: "task",
  task: { type: "custom", status_indicator: "complete", title: "Looked" },
});
const toolCall = item<Item>({
  id: "c",
  type: "client_tool_call",
  status: "completed",
  call_id: "c1",
  name: "locate",
  arguments: {},
});
const end = item<Item>({ id: "e", type: "end_of_turn" });

const FAILURE: Failure = {
  kind: "http",
  code: "quota",
  message: null,
  status: 404,
  retryAfter: null,
  retry: null,
};

describe("a turn that answers without a message", () => {
  test.each([
    ["a workflow", workflow],
    ["a task", task],
    ["a tool call", toolCall],
    ["nothing but its end", end],
  ])("can be tried again, but not rated: %s", (_name, answer) => {
    const { calls, click, hasButton } = mount(ALL, fakeConversation([userItem("u", "hi"), answer]));
    expect(hasButton("Good response")).toBe(false);
    expect(hasButton("Copy")).toBe(false);
    click("Try again");
    expect(calls).toEqual(['retry("u")']);
  });

  test("has nothing under it where nothing can be done", () => {
    const { root } = mount({}, fakeConversation([userItem("u", "hi"), workflow]));
    expect(root.querySelector(ACTIONS)).toBeNull();
  });
});

test("what no one asked for can be rated, but not tried again", () => {
  const { hasButton } = mount(ALL, fakeConversation([assistantItem("a", "Welcome")]));
  expect(hasButton("Good response")).toBe(true);
  expect(hasButton("Try again")).toBe(false);
});

test("trying again leaves the focus to the composer", async () => {
  const items = [userItem("u", "hi"), assistantItem("a", "Hello")];
  const { box, button, click, root } = mount(ALL, fakeConversation(items));
  button("Try again").focus();
  click("Try again");
  await vi.waitFor(() => expect(root.activeElement).toBe(box()));
});

describe("a question without an answer", () => {
  test("can be asked again: its answer has failed, before the page was loaded", () => {
    const { calls, click } = mount(ALL, fakeConversation([userItem("u", "hi")]));
    click("Try again");
    expect(calls).toEqual(['retry("u")']);
  });

  test("is asked again by what tells of its failure, if that is still there", () => {
    const conversation = fakeConversation([userItem("u", "hi")]);
    conversation.failure.value = { ...FAILURE, retry: () => {} };
    const { root } = mount(ALL, conversation);
    expect(root.querySelector(ACTIONS)).toBeNull();
  });

  test("can't be asked again before the server has it", () => {
    const item = userItem("local:1", "hi", { stage: "sending" });
    const { root } = mount(ALL, fakeConversation([item]));
    expect(root.querySelector(ACTIONS)).toBeNull();
  });
});

test("a turn that waits for answers has not ended: it can't be tried again", () => {
  const questions = item<QuestionsItem>({
    id: "q",
    type: "structured_input",
    status: "pending",
    inputs: [{ id: "1", type: "freeform", question: "Why?" }],
  });
  const conversation = fakeConversation([
    userItem("u1", "hi"),
    assistantItem("a", "Hello"),
    userItem("u2", "Why not?"),
    questions,
  ]);
  conversation.questions.value = questions;
  const { all, click, calls, hasButton } = mount(ALL, conversation);
  expect(all(ACTIONS)).toHaveLength(1); // of the turn before
  click("Try again");
  expect(calls).toEqual(['retry("u1")']);
  act(() => void (conversation.questions.value = null));
  expect(hasButton("Try again")).toBe(true);
  expect(all(ACTIONS)).toHaveLength(2);
});

test("in a thread that takes no more messages nothing can be tried again", () => {
  const conversation = fakeConversation([userItem("u", "hi"), workflow]);
  const { chat, root } = mount(ALL, conversation);
  act(() => void (chat.restriction.value = { type: "locked", reason: null }));
  expect(root.querySelector(ACTIONS)).toBeNull();
});

describe("a failure is told", () => {
  const failure = FAILURE;

  test("in the server's words", () => {
    expect(failureText({ ...failure, message: "Your quota has ended." })).toContain("quota");
  });

  test("and can be tried again once the server's wait is over", () => {
    vi.useFakeTimers();
    const conversation = fakeConversation([userItem("u", "hi")]);
    const { all, text } = mount({}, conversation);
    const button = () => all("[role=alert] .button")[0] as HTMLButtonElement;
    const wait = { ...failure, status: 429, retryAfter: 30, retry: () => {} };
    act(() => void (conversation.failure.value = wait));
    expect(button().disabled).toBe(true);
    expect(text("[role=alert] .button")).toContain("30 seconds");
    act(() => void vi.advanceTimersByTime(30_000));
    expect(button().disabled).toBe(false);
    expect(text("[role=alert] .button")).toBe("Try again");
    vi.useRealTimers();
  });

  test.each(["Try again", "Dismiss"])("and leaves the focus to the composer: %s", async (name) => {
    const conversation = fakeConversation([userItem("u", "hi")]);
    const pressed = vi.fn(() => void (conversation.failure.value = null));
    conversation.dismissFailure = pressed;
    const { box, button, click, root } = mount({}, conversation);
    act(() => void (conversation.failure.value = { ...failure, retry: pressed }));
    button(name).focus();
    click(name);
    expect(pressed).toHaveBeenCalledOnce();
    await vi.waitFor(() => expect(root.activeElement).toBe(box()));
  });

  test("in ours where the server's say nothing", () => {
    const vague = { ...failure, code: "not_found", message: "This does not exist." };
    expect(failureText(failure)).toBe("This chat no longer exists.");
    expect(failureText(vague)).toBe("This chat no longer exists.");
  });
});
