// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { describe, expect, test } from "vitest";

import { fakeConversation } from "./fake";
import { mount } from "./mount";

const TOOLS = [
  {
    id: "web",
    label: "Search the web",
    shortLabel: "Search",
    icon: "globe" as const,
    placeholderOverride: "What to look for",
  },
  { id: "study", label: "Study", icon: "book-open" as const, pinned: true },
];

describe("writing", () => {
  test("Enter sends; Shift+Enter and a key of an input method don't", () => {
    const { box, calls, press, type } = mount();
    type("hello");
    press(box(), "Enter", { shiftKey: true });
    press(box(), "Enter", { isComposing: true });
    press(box(), "Enter", { keyCode: 229 });
    expect(calls).toEqual([]);
    press(box(), "Enter");
    expect(calls).toEqual(["submit(hello)"]);
    expect(box().value).toBe("");
  });

  test("with nothing to send, the button is disabled and Enter does nothing", () => {
    const { box, button, calls, press, type } = mount();
    expect(button("Send message").disabled).toBe(true);
    press(box(), "Enter");
    expect(calls).toEqual([]);
    type("x");
    expect(button("Send message").disabled).toBe(false);
  });

  test("a draft that comes back is shown", () => {
    const { box, chat } = mount();
    act(() => chat.composer.setText("as it was"));
    expect(box().value).toBe("as it was");
  });

  test("while an answer comes the button stops it, and says that it is being stopped", () => {
    const conversation = fakeConversation();
    const { button, calls, click, hasButton } = mount({}, conversation);
    act(() => void (conversation.phase.value = "streaming"));
    expect(hasButton("Send message")).toBe(false);
    click("Stop response");
    expect(calls).toEqual(["stop"]);
    act(() => void (conversation.phase.value = "stopping"));
    expect(button("Stopping").disabled).toBe(true);
  });

  test("the element can put the caret into it", () => {
    const { box, root, view } = mount();
    view.focusComposer();
    expect(root.activeElement).toBe(box());
  });

  test("the quote that it replies to is shown, and can be taken away", () => {
    const { chat, click, text } = mount();
    act(() => chat.composer.setQuote("as you said"));
    expect(text(".composer")).toContain("as you said");
    click("Remove the quoted text");
    expect(text(".composer")).not.toContain("as you said");
  });
});

describe("tools and models", () => {
  test("a tool is chosen in the menu, shows its short name and placeholder, and can be left", () => {
    const { all, box, chat, click, hasButton } = mount({ composer: { tools: TOOLS } });
    click("Choose a tool");
    expect(all("[role=menuitemradio]").map((entry) => entry.textContent)).toEqual([
      "Search the web",
    ]);
    act(() => all("[role=menuitemradio]")[0]!.click());
    expect(chat.composer.toolId.value).toBe("web");
    expect(box().placeholder).toBe("What to look for");
    click("Stop using Search the web");
    expect(chat.composer.toolId.value).toBeNull();
    expect(hasButton("Stop using Search the web")).toBe(false);
  });

  test("a pinned tool is a button that says whether it is on", () => {
    const { button, click } = mount({ composer: { tools: TOOLS } });
    expect(button("Study").getAttribute("aria-pressed")).toBe("false");
    click("Study");
    expect(button("Study").getAttribute("aria-pressed")).toBe("true");
    click("Study");
    expect(button("Study").getAttribute("aria-pressed")).toBe("false");
  });

  test("the menu is used by keyboard alone, and Escape gives the focus back", () => {
    const models = [
      { id: "m", label: "Medium" },
      { id: "l", label: "Large", description: "Slower" },
      { id: "x", label: "Extra", disabled: true },
    ];
    const { all, button, chat, press, root } = mount({ composer: { models } });
    const opener = button("Model: Medium");
    press(opener, "ArrowUp");
    const focused = () => root.activeElement as HTMLElement;
    expect(focused().textContent).toContain("Medium");
    press(focused(), "ArrowDown");
    expect(focused().textContent).toContain("Large");
    press(focused(), "End");
    act(() => focused().click());
    expect(chat.composer.modelId.value).toBeNull(); // it is disabled
    press(focused(), "Escape");
    expect(all("[role=menu]")).toEqual([]);
    expect(focused()).toBe(opener);
  });
});

describe("files", () => {
  const files = { composer: { attachments: { enabled: true } } };

  test("without attachments there is no way to attach", () => {
    expect(mount().hasButton("Attach files")).toBe(false);
  });

  test("pasted files are attached, and those refused are named with the reason", () => {
    const { box, calls, rejections, text } = mount(files);
    const file = new File(["x"], "film.mov", { type: "video/quicktime" });
    rejections.push({ file, reason: "size", limit: 5_000_000 });
    const pasted = new Event("paste", { bubbles: true, cancelable: true });
    Object.assign(pasted, { clipboardData: { files: [file] } });
    act(() => void box().dispatchEvent(pasted));
    expect(calls).toEqual(["addFiles(film.mov)"]);
    expect(text("[role=alert] .rejected")).toContain("film.mov is larger than 5 MB.");
  });

  test("dropped files are attached, wherever on the chat", () => {
    const { calls, root } = mount(files);
    const dropped = new Event("drop", { bubbles: true, cancelable: true });
    Object.assign(dropped, {
      dataTransfer: { files: [new File(["x"], "a.txt")], types: ["Files"] },
    });
    act(() => void root.querySelector(".header")!.dispatchEvent(dropped));
    expect(calls).toEqual(["addFiles(a.txt)"]);
  });

  test("text that is dropped is left to the browser, which puts it where it was let go", () => {
    const { box, calls } = mount(files);
    const dropped = new Event("drop", { bubbles: true, cancelable: true });
    Object.assign(dropped, { dataTransfer: { files: [], types: ["text/plain"] } });
    act(() => void box().dispatchEvent(dropped));
    expect(dropped.defaultPrevented).toBe(false);
    expect(calls).toEqual([]);
  });

  test("a file shows how far it is; a failed one can be sent again, each can be removed", () => {
    const { calls, chat, click, root, text } = mount(files);
    const common = {
      mimeType: "text/plain",
      size: 2048,
      file: null,
      failure: null,
      attachment: null,
    };
    act(() => {
      chat.composer.attachments.value = [
        { ...common, key: "1", name: "a.txt", status: "uploading", progress: 0.4 },
        {
          ...common,
          key: "2",
          name: "b.txt",
          status: "failed",
          progress: null,
          failure: {
            kind: "network",
            code: "network",
            message: null,
            status: null,
            retryAfter: null,
            retry: () => {},
          },
        },
      ];
    });
    expect(root.querySelector("[role=progressbar]")!.getAttribute("aria-valuenow")).toBe("40");
    expect(text(".upload.failed")).toContain("can't be reached");
    const [first, second] = chat.composer.attachments.value;
    const refused = { ...second!.failure!, kind: "http", status: 500 } as const;
    act(() => void (chat.composer.attachments.value = [first!, { ...second!, failure: refused }]));
    expect(text(".upload.failed")).toContain("Upload failed");
    click("Upload b.txt again");
    click("Remove a.txt");
    expect(calls).toEqual(["retryAttachment(2)", "removeAttachment(1)"]);
  });
});

describe("a thread that takes no messages", () => {
  test("a locked one says why, and the text can't be changed", () => {
    const { box, chat, root } = mount();
    act(() => void (chat.restriction.value = { type: "locked", reason: "Being reviewed." }));
    expect(box().disabled).toBe(true);
    const reason = root.getElementById(box().getAttribute("aria-describedby")!);
    expect(reason?.textContent).toBe("Being reviewed.");
  });

  test("a closed one offers a new chat in the composer's place", () => {
    const { calls, chat, click, root } = mount();
    act(() => void (chat.restriction.value = { type: "closed", reason: null }));
    expect(root.querySelector("textarea")).toBeNull();
    click("Start a new chat");
    expect(calls).toEqual(["openThread(null)"]);
  });
});
