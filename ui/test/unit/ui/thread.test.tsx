// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { act } from "preact/test-utils";
import { describe, expect, test, vi } from "vitest";

import type { Failure, Item, WorkflowEntry } from "../../../src/state";
import { TextBuffer } from "../../../src/state";
import type { Annotation } from "../../../src/wire/types";

import { assistantItem, fakeConversation, item, userItem } from "./fake";
import { mount } from "./mount";

const source: Annotation = {
  type: "annotation",
  index: 5,
  source: { type: "url", title: "The docs", url: "https://www.example.org/docs" },
};
const failure: Failure = {
  kind: "network",
  code: "network",
  message: null,
  status: null,
  retryAfter: null,
  retry: null,
};

describe("messages", () => {
  test("show who said what, as headings for those who listen", () => {
    const { all, text } = mount(
      {},
      fakeConversation([userItem("u", "hi"), assistantItem("a", "**Hello**")]),
    );
    expect(all("h3").map((heading) => heading.textContent)).toEqual([
      "You said",
      "The assistant said",
    ]);
    expect(text(".assistant strong")).toBe("Hello");
  });

  test("tags, files and the quote of the user's message are shown", () => {
    const message = userItem("u", "see ", {
      content: [
        { type: "input_text", text: "see " },
        { type: "input_tag", id: "t", text: "Claim 7", data: {}, interactive: false },
      ],
      attachments: [{ type: "file", id: "f", name: "report.pdf", mime_type: "application/pdf" }],
      quoted_text: "earlier words",
    });
    const { text } = mount({}, fakeConversation([message]));
    expect(text(".bubble")).toBe("see Claim 7");
    expect(text(".file-name")).toBe("report.pdf");
    expect(text("blockquote")).toBe("earlier words");
  });

  test("an image from where none may come is shown as a file", () => {
    const attachment = { type: "image", id: "i", name: "x.png", mime_type: "image/png" } as const;
    const message = userItem("u", "", {
      attachments: [{ ...attachment, preview_url: "javascript:alert(1)" }],
    });
    const { all, text } = mount({}, fakeConversation([message]));
    expect(all("img")).toEqual([]);
    expect(text(".file-name")).toBe("x.png");
  });

  test("sources are folded, and lead to where they are", () => {
    const { click, root, text } = mount(
      {},
      fakeConversation([userItem("u", "hi"), assistantItem("a", "Hello there", [source])]),
    );
    expect(root.querySelector(".source")).toBeNull();
    click("1 source");
    const link = root.querySelector<HTMLAnchorElement>("a.source")!;
    expect(link.href).toBe("https://www.example.org/docs");
    expect(link.rel).toContain("noopener");
    expect(text(".source-origin")).toBe("example.org");
  });

  test("a source that leads into the page is told to it", () => {
    const url = "chatkit-link://chapter?number=7";
    const inward = { ...source, source: { type: "url", title: "Chapter 7", url } } as Annotation;
    const { click, emit, root } = mount(
      {},
      fakeConversation([userItem("u", "hi"), assistantItem("a", "Hello there", [inward])]),
    );
    click("1 source");
    const followed = new MouseEvent("click", { bubbles: true, cancelable: true });
    root.querySelector("a.source")!.dispatchEvent(followed);
    expect(followed.defaultPrevented).toBe(true);
    const link = { name: "chapter", data: { number: "7" } };
    expect(emit).toHaveBeenCalledExactlyOnceWith("chatkit.deeplink", link);
  });

  test("an answer grows as its text does", () => {
    const conversation = fakeConversation([
      userItem("u", "hi"),
      assistantItem("a", "One", [], "open"),
    ]);
    const { text } = mount({}, conversation);
    act(() => void (conversation.items.value[1]!.value = assistantItem("a", "One two")));
    expect(text(".assistant")).toContain("One two");
  });

  test("while one part of an answer grows, the others are let be", () => {
    const read = vi.fn(() => 3);
    const annotation = Object.defineProperty({ ...source }, "index", { get: read });
    const part = (text: string, annotations: readonly Annotation[] = []) => ({
      text: TextBuffer.of(text),
      annotations,
      done: false,
    });
    const parts = [part("One", [annotation]), part("Two")] as const;
    const answer = { ...assistantItem("a", "", [], "open"), parts };
    const conversation = fakeConversation([userItem("u", "hi"), answer]);
    mount({}, conversation);
    read.mockClear();
    const grown = [parts[0], { ...parts[1], text: parts[1].text.append(" three") }];
    act(() => void (conversation.items.value[1]!.value = { ...answer, parts: grown }));
    expect(read).not.toHaveBeenCalled();
  });

  test("the log is not live, and has a name", () => {
    const { root } = mount();
    const log = root.querySelector("[role=log]")!;
    expect(log.getAttribute("aria-live")).toBe("off");
    expect(log.getAttribute("aria-label")).toBe("Messages");
  });
});

describe("what is said of an answer", () => {
  test("that it comes, and that it is complete", () => {
    const conversation = fakeConversation();
    const { text } = mount({}, conversation);
    const status = () => text("[role=status]").trim();
    expect(status()).toBe("");
    act(() => void (conversation.phase.value = "streaming"));
    expect(status()).toBe("Responding");
    act(() => void (conversation.phase.value = "idle"));
    expect(status()).toBe("Response complete");
  });

  test("that it was stopped, or that it failed", () => {
    const conversation = fakeConversation();
    const { text } = mount({}, conversation);
    const status = () => text("[role=status]").trim();
    act(() => void (conversation.phase.value = "streaming"));
    act(() => void (conversation.phase.value = "stopping"));
    act(() => void (conversation.phase.value = "idle"));
    expect(status()).toBe("Response stopped");
    act(() => void (conversation.phase.value = "sending"));
    act(() => void (conversation.failure.value = failure));
    act(() => void (conversation.phase.value = "idle"));
    expect(status()).toBe("The response failed");
  });
});

describe("actions", () => {
  const turn = () => fakeConversation([userItem("u", "hi"), assistantItem("a", "Hello *you*")]);
  const all = { threadItemActions: { feedback: true, retry: true } };

  test("copy takes the Markdown of the answer", async () => {
    const writeText = vi.fn(async () => {});
    vi.stubGlobal("navigator", { ...navigator, language: "en", clipboard: { writeText } });
    const { click, text } = mount({}, turn());
    await act(async () => click("Copy"));
    expect(writeText).toHaveBeenCalledWith("Hello *you*");
    expect(text("[role=status]")).toBe("Copied");
    vi.unstubAllGlobals();
  });

  test("copy works on a page without HTTPS too", async () => {
    vi.stubGlobal("navigator", { ...navigator, language: "en", clipboard: undefined });
    let copied: string | undefined;
    document.execCommand = () => {
      copied = document.querySelector("textarea")?.value;
      return true;
    };
    const { click, text } = mount({}, turn());
    await act(async () => click("Copy"));
    expect(copied).toBe("Hello *you*");
    expect(text("[role=status]")).toBe("Copied");
    vi.unstubAllGlobals();
  });

  test("a rating is sent, and shown once it is there", () => {
    const conversation = turn();
    const { button, calls, click } = mount(all, conversation);
    click("Bad response");
    expect(calls).toEqual(['rate(["a"],"negative")']);
    act(() => void (conversation.ratings.value = new Map([["a", "negative"]])));
    expect(button("Bad response").getAttribute("aria-pressed")).toBe("true");
    expect(button("Good response").getAttribute("aria-pressed")).toBe("false");
  });

  test("retry names the user's message", () => {
    const { calls, click } = mount(all, turn());
    click("Try again");
    expect(calls).toEqual(['retry("u")']);
  });

  test("they are only there if asked for, and never while the answer comes", () => {
    expect(mount({}, turn()).hasButton("Try again")).toBe(false);
    const conversation = turn();
    const { hasButton } = mount(all, conversation);
    act(() => void (conversation.phase.value = "streaming"));
    expect(hasButton("Copy")).toBe(false);
    expect(hasButton("Try again")).toBe(false);
  });
});

describe("what happens besides", () => {
  test("a workflow shows its summary, and its steps when it is unfolded", () => {
    const workflow = item<WorkflowEntry>({
      id: "w",
      type: "workflow",
      workflow: {
        type: "reasoning",
        expanded: false,
        summary: { duration: 4 },
        tasks: [
          { type: "thought", status_indicator: "none", title: "Reading", content: "Hm." },
          {
            type: "web_search",
            status_indicator: "none",
            title_query: "fjords",
            queries: ["norway"],
            sources: [],
          },
        ],
      },
    });
    const { click, text } = mount({}, fakeConversation([userItem("u", "hi"), workflow]));
    expect(text(".workflow")).toBe("Thought for 4 seconds");
    click("Thought for 4 seconds");
    expect(text(".workflow")).toContain("Reading");
    expect(text(".workflow")).toContain("Searched for “fjords”");
    expect(text(".workflow")).toContain("norway");
  });

  test("progress is shown while the answer comes, and gone after it", () => {
    const conversation = fakeConversation([userItem("u", "hi")]);
    const { text } = mount({}, conversation);
    act(() => {
      conversation.phase.value = "streaming";
      conversation.progress.value = { text: "Looking it up", icon: null };
    });
    expect(text(".work-line")).toContain("Looking it up");
    act(() => void (conversation.phase.value = "idle"));
    expect(text()).not.toContain("Looking it up");
  });

  test("a notice stands after its item, in Markdown, and can be dismissed", async () => {
    const conversation = fakeConversation([userItem("u", "hi"), assistantItem("a", "yes")]);
    conversation.dismissNotice = vi.fn();
    const { box, click, root, text } = mount({}, conversation);
    const notice = {
      id: 3,
      level: "warning",
      title: "Tonight",
      message: "Down *briefly*",
      after: "u",
    } as const;
    act(() => void (conversation.notices.value = [notice]));
    expect(text(".warning em")).toBe("briefly");
    click("Dismiss");
    expect(conversation.dismissNotice).toHaveBeenCalledWith(3);
    await vi.waitFor(() => expect(root.activeElement).toBe(box()));
  });

  test("a tool of the page is no longer said to be in use when the answer has ended", () => {
    const call = { id: "t", type: "client_tool_call", status: "pending", call_id: "c" } as const;
    const tool = item<Item>({ ...call, name: "get_place", arguments: {} });
    const conversation = fakeConversation([userItem("u", "hi"), tool]);
    conversation.phase.value = "tool";
    const { text } = mount({}, conversation);
    expect(text(".tool")).toBe("Using get place");
    act(() => void (conversation.phase.value = "idle")); // it failed
    expect(text(".tool")).toBe("Used get place");
  });

  test("a step of a kind that we don't know is a step", () => {
    const step = { type: "constructor", title: "Built", status_indicator: "none" } as never;
    const task = item<Item>({ id: "t", type: "task", task: step });
    const { text } = mount({}, fakeConversation([userItem("u", "hi"), task]));
    expect(text(".step-title")).toBe("Built");
  });

  test("a search says whether it still goes on", () => {
    const search = { type: "web_search", title_query: "elk", queries: [], sources: [] } as const;
    const task = (status_indicator: "loading" | "complete") =>
      item<Item>({ id: "t", type: "task", task: { ...search, status_indicator } });
    const conversation = fakeConversation([userItem("u", "hi"), task("loading")]);
    const { text } = mount({}, conversation);
    expect(text(".step-title")).toBe("Searching for “elk”");
    act(() => void (conversation.items.value[1]!.value = task("complete")));
    expect(text(".step-title")).toBe("Searched for “elk”");
  });

  test("a failure is told in words, with what can be done", () => {
    const conversation = fakeConversation([userItem("u", "hi")]);
    const { click, text } = mount({}, conversation);
    const retry = vi.fn();
    act(() => void (conversation.failure.value = { ...failure, kind: "http", status: 429, retry }));
    expect(text("[role=alert] .danger")).toContain("Too many requests");
    click("Try again");
    expect(retry).toHaveBeenCalled();
    act(
      () => void (conversation.failure.value = { ...failure, message: "The server's own words." }),
    );
    expect(text("[role=alert] .danger")).toContain("The server's own words.");
  });

  test("an image that is being made shows how far it is, then the image", () => {
    const image = { id: "g", type: "generated_image", stage: "open", progress: 0.4 } as const;
    const conversation = fakeConversation([userItem("u", "hi"), item<Item>(image)]);
    const { root } = mount({}, conversation);
    expect(root.querySelector("[role=progressbar]")!.getAttribute("aria-valuenow")).toBe("40");
    const made = {
      ...image,
      stage: "done",
      image: { id: "i", url: "https://x.test/i.png" },
    } as const;
    act(() => void (conversation.items.value[1]!.value = item<Item>(made)));
    expect(root.querySelector("[role=progressbar]")).toBeNull();
    expect(root.querySelector<HTMLImageElement>(".generated img")!.src).toBe(
      "https://x.test/i.png",
    );
    expect(root.querySelector<HTMLAnchorElement>(".generated a")!.href).toBe(
      "https://x.test/i.png",
    );
  });

  test("an image that is in its own address is no link: no browser opens that in a tab", () => {
    const url = "data:image/png;base64,aaaa";
    const image = { id: "g", type: "generated_image", image: { id: "i", url }, progress: null };
    const shown = item<Item>(image as Item);
    const { root } = mount({}, fakeConversation([userItem("u", "hi"), shown]));
    expect(root.querySelector<HTMLImageElement>(".generated img")!.src).toBe(url);
    expect(root.querySelector(".generated a")).toBeNull();
  });

  test("no image tells another server where it is shown", () => {
    const url = "https://x.test/i.png";
    const file = { type: "image", id: "i", name: "x.png", mime_type: "image/png" } as const;
    const image = { id: "g", type: "generated_image", image: { id: "i", url }, progress: null };
    const { all } = mount(
      {},
      fakeConversation([
        userItem("u", "hi", { attachments: [{ ...file, preview_url: url }] }),
        item<Item>(image as Item),
      ]),
    );
    const policies = all("img").map((each) => each.getAttribute("referrerpolicy"));
    expect(policies).toEqual(["no-referrer", "no-referrer"]);
  });
});

describe("the start", () => {
  const prompts = [{ label: "Begin", prompt: "Let us begin" }];

  test("greets, and a prompt is sent when it is chosen", () => {
    const { calls, click, text } = mount({ startScreen: { greeting: "Welcome", prompts } });
    expect(text("h2.greeting")).toBe("Welcome");
    click("Begin");
    expect(calls).toEqual(['send({"content":[{"type":"input_text","text":"Let us begin"}]})']);
  });

  test("is gone with the first message", () => {
    const conversation = fakeConversation();
    const { text } = mount({ startScreen: { greeting: "Welcome" } }, conversation);
    act(() => void (conversation.items.value = [signal<Item>(userItem("u", "hi"))]));
    expect(text()).not.toContain("Welcome");
  });
});
