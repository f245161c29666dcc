// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { describe, expect, test, vi } from "vitest";

import type { QuestionsItem } from "../../../src/state";

import { fakeConversation, item, userItem } from "./fake";
import { mount } from "./mount";

describe("questions", () => {
  const questions = item<QuestionsItem>({
    id: "q",
    type: "structured_input",
    stage: "open",
    status: "pending",
    inputs: [
      {
        id: "1",
        type: "multiple_choice",
        question: "Which?",
        multiple: false,
        options: [{ value: "A" }, { value: "B" }],
      },
      { id: "2", type: "freeform", question: "Why?" },
    ],
  });
  const asked = () => {
    const conversation = fakeConversation([userItem("u", "hi"), questions]);
    conversation.questions.value = questions;
    return { ...mount({}, conversation), conversation };
  };

  test("leave the focus to the composer when they are answered", async () => {
    const { box, click, conversation, root } = asked();
    click("Skip");
    click("Skip");
    act(() => void (conversation.questions.value = null));
    await vi.waitFor(() => expect(root.activeElement).toBe(box()));
  });

  describe("take the focus", () => {
    const coming = () => {
      const conversation = fakeConversation([userItem("u", "hi")]);
      const view = mount({}, conversation);
      const come = () => act(() => void (conversation.questions.value = questions));
      const phase = (now: "streaming" | "idle") => act(() => void (conversation.phase.value = now));
      const settled = () => new Promise((resolve) => setTimeout(resolve));
      return { ...view, come, phase, settled };
    };
    const isRadio = ({ activeElement }: ShadowRoot) =>
      expect((activeElement as HTMLInputElement | null)?.type).toBe("radio");

    test("from the composer, in whose place they come", async () => {
      const { box, come, root, settled } = coming();
      box().focus();
      come();
      await settled();
      isRadio(root);
    });

    test("when they end an answer that was seen to come", async () => {
      const { come, phase, root, settled } = coming();
      phase("streaming");
      come();
      phase("idle");
      await settled();
      isRadio(root);
    });

    test("not when they were there before, until one is answered", async () => {
      const { click, come, root, settled } = coming();
      come();
      await settled();
      expect(root.activeElement).toBeNull();
      click("Skip");
      await settled();
      expect(root.activeElement).not.toBeNull();
    });

    test("not from the page", async () => {
      const { come, phase, settled } = coming();
      const search = document.body.appendChild(document.createElement("input"));
      search.focus();
      phase("streaming");
      come();
      phase("idle");
      await settled();
      expect(document.activeElement).toBe(search);
    });

    test("not where it would bring up a keyboard", async () => {
      vi.stubGlobal("matchMedia", () => ({ matches: true }));
      const { box, come, root, settled } = coming();
      box().focus();
      come();
      await settled();
      expect(root.activeElement).toBeNull();
      vi.unstubAllGlobals();
    });
  });

  test("Enter answers; Shift+Enter and a key of an input method don't", () => {
    const { box, calls, click, press, type } = asked();
    click("Skip");
    type("because");
    press(box(), "Enter", { shiftKey: true });
    press(box(), "Enter", { isComposing: true });
    press(box(), "Enter", { keyCode: 229 });
    expect(calls).toEqual([]);
    press(box(), "Enter");
    expect(calls).toHaveLength(1);
  });

  test("may be called what they like", () => {
    const { inputs } = questions;
    const named = {
      ...questions,
      inputs: inputs.map((input) => ({ ...input, id: "constructor" })),
    };
    const conversation = fakeConversation([userItem("u", "hi"), questions]);
    conversation.questions.value = named;
    expect(mount({}, conversation).button("Next").disabled).toBe(true);
  });

  test("take the composer's place, one at a time, and send all answers", () => {
    const { all, button, calls, click, root, text, type } = asked();
    expect(text("legend")).toContain("Which?");
    expect(root.querySelector("textarea")).toBeNull();
    expect(button("Next").disabled).toBe(true);
    act(() => (all("input[type=radio]")[1] as HTMLInputElement).click());
    click("Next");
    expect(text("legend")).toContain("Why?");
    type("because");
    click("Send answer");
    const answers = {
      "1": { values: ["B"], skipped: false },
      "2": { values: ["because"], skipped: false },
    };
    expect(calls).toEqual([`answer("q",${JSON.stringify(answers)})`]);
  });

  test("one can be skipped; all skipped is said so", () => {
    const one = asked();
    one.click("Skip");
    one.type("because");
    one.click("Send answer");
    expect(one.calls[0]).toContain('"1":{"values":[],"skipped":true}');
    const none = asked();
    none.click("Skip");
    none.click("Skip");
    expect(none.calls).toEqual(['skip("q")']);
  });

  test("answered ones are shown with their answers", () => {
    const answered = {
      ...questions,
      status: "answered",
      inputs: [
        { id: "2", type: "freeform", question: "Why?", answer: { values: ["so"], skipped: false } },
      ],
    } as const;
    const { text } = mount({}, fakeConversation([userItem("u", "hi"), answered]));
    expect(text(".answers")).toBe("Why?so");
  });
});
