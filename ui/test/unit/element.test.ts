// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { OpenAIChatKit } from "../../index";
import { define } from "../../src/define";
import { ChatKitElement } from "../../src/element";
import type { AppProps } from "../../src/ui/App";
import { ScriptedServer } from "./support/server";

/** What is inside is tested elsewhere. */
vi.mock("../../src/ui/App", async () => {
  const { h } = await import("preact");
  return { App: ({ options }: AppProps) => h("main", null, options.value.startScreen.greeting) };
});

define();

let server: ScriptedServer;
let said: string[];

function make(): OpenAIChatKit {
  return document.createElement("openai-chatkit");
}

function options(more: object = {}) {
  return { api: { url: "/chatkit", fetch: server.fetch }, ...more };
}

function hear(element: EventTarget, ...names: string[]): [string, unknown][] {
  const heard: [string, unknown][] = [];
  for (const name of names) {
    const listener = (event: Event) => heard.push([name, (event as CustomEvent).detail]);
    element.addEventListener(`chatkit.${name}`, listener);
  }
  return heard;
}

function once(element: EventTarget, name: string): Promise<CustomEvent> {
  return new Promise((resolve) => {
    element.addEventListener(`chatkit.${name}`, (event) => resolve(event as CustomEvent), {
      once: true,
    });
  });
}

async function begin(more: object = {}): Promise<OpenAIChatKit> {
  const element = make();
  const ready = once(element, "ready");
  element.setOptions(options(more));
  document.body.append(element);
  await ready;
  return element;
}

beforeEach(() => {
  server = new ScriptedServer();
  said = [];
  vi.spyOn(console, "warn").mockImplementation((message) => void said.push(message));
  vi.spyOn(console, "error").mockImplementation((message) => void said.push(message));
});

afterEach(() => {
  document.body.replaceChildren();
  sessionStorage.clear();
});

describe("begins once it is in a page and has options", () => {
  test("options first", async () => {
    const element = make();
    element.setOptions(options());
    const ready = once(element, "ready");
    document.body.append(element);
    await ready;
  });

  test("page first", async () => {
    const element = make();
    document.body.append(element);
    const ready = once(element, "ready");
    element.setOptions(options());
    await ready;
  });

  test("in the page before the tag was defined", async () => {
    const early = document.createElement("late-chatkit") as unknown as OpenAIChatKit;
    const heard = hear(early, "ready");
    document.body.append(early);
    customElements.define("late-chatkit", class extends ChatKitElement {});
    customElements.upgrade(early);
    early.setOptions(options());
    const again = hear(early, "ready");
    await vi.waitFor(() => expect(again).toHaveLength(1));
    expect(heard).toHaveLength(1);
  });

  test("and once only, however often options are set", async () => {
    const element = make();
    const heard = hear(element, "ready");
    document.body.append(element);
    element.setOptions(options({ initialThread: "thr_1" }));
    element.setOptions(options({ initialThread: "thr_1" }));
    await vi.waitFor(() => expect(heard).toHaveLength(1));
    await element.focusComposer();
    expect(heard).toHaveLength(1);
    expect(server.types().filter((type) => type === "threads.get_by_id")).toHaveLength(1);
  });
});

describe("is ready", () => {
  test("after a frame and a timeout, when React's effects have run", async () => {
    const order: string[] = [];
    const frame = vi.spyOn(globalThis, "requestAnimationFrame");
    frame.mockImplementation((run) => Number(setTimeout(() => (order.push("frame"), run(0)), 20)));
    const element = make();
    document.body.append(element);
    element.setOptions(options());
    setTimeout(() => order.push("effects"));
    element.addEventListener("chatkit.ready", () => order.push("ready"));
    await vi.waitFor(() => expect(order).toEqual(["effects", "frame", "ready"]));
  });

  test("in a hidden page too, where no frame ever comes", async () => {
    vi.spyOn(globalThis, "requestAnimationFrame").mockReturnValue(0);
    await begin();
  });
});

describe("shows itself", () => {
  test("in an open shadow root, without a style element", async () => {
    const { shadowRoot } = await begin();
    expect(shadowRoot.mode).toBe("open");
    expect(shadowRoot.querySelector("style, [style]")).toBeNull();
    expect(shadowRoot.adoptedStyleSheets.length).toBeGreaterThan(0);
  });
});

describe("methods", () => {
  test("wait until it has begun, and come in their order", async () => {
    const element = make();
    const opened = element.setThreadId("thr_7");
    const inference = { toolChoice: { id: "search" }, model: "m" };
    const sent = element.sendUserMessage({ text: "Hello", ...inference });
    await new Promise((resolve) => setTimeout(resolve));
    expect(server.requests).toEqual([]);

    element.setOptions(options());
    document.body.append(element);
    await Promise.all([opened, sent]);
    const message = server.requests.find(({ type }) => type === "threads.add_user_message");
    expect(message?.params).toMatchObject({
      thread_id: "thr_7",
      input: {
        content: [{ type: "input_text", text: "Hello" }],
        attachments: [],
        inference_options: { tool_choice: { id: "search" }, model: "m" },
      },
    });
  });

  test("send tags whole, a quote, and begin a new thread", async () => {
    const element = await begin({ initialThread: "thr_1" });
    await element.sendUserMessage({
      content: [{ type: "input_tag", text: "Ada", id: "ada" }],
      reply: "what she said",
      newThread: true,
    });
    const message = server.requests.find(({ type }) => type === "threads.create");
    expect(message?.params).toMatchObject({
      input: {
        content: [{ type: "input_tag", text: "Ada", id: "ada", data: {} }],
        quoted_text: "what she said",
      },
    });
  });

  test("send an action to the server", async () => {
    const element = await begin({ initialThread: "thr_1" });
    await element.sendCustomAction({ type: "book", payload: { seat: "4A" } }, "wid_1");
    const sent = server.requests.find(({ type }) => type === "threads.custom_action");
    expect(sent?.params).toEqual({
      thread_id: "thr_1",
      item_id: "wid_1",
      action: { type: "book", payload: { seat: "4A" } },
    });
  });

  test("open and close the history", async () => {
    const element = await begin();
    const heard = hear(element, "history.open", "history.close");
    await element.showHistory();
    await element.hideHistory();
    expect(heard.map(([name]) => name)).toEqual(["history.open", "history.close"]);
    expect(server.types()).toContain("threads.list");
  });

  test("fetch what has changed", async () => {
    const element = await begin({ initialThread: "thr_1" });
    await vi.waitFor(() => expect(server.types()).toContain("items.list"));
    server.requests.length = 0;
    await element.fetchUpdates();
    expect(server.types()).toContain("items.list");
  });

  test("refuse what they can't work with", async () => {
    const element = await begin();
    const wrong = element as unknown as Record<string, (given?: unknown) => Promise<void>>;
    await expect(wrong["sendUserMessage"]!("Hello")).rejects.toThrow("takes an object");
    await expect(wrong["sendUserMessage"]!({})).rejects.toThrow("needs text, content or");
    await expect(wrong["setThreadId"]!()).rejects.toThrow("takes an id or null");
    await expect(wrong["sendCustomAction"]!({ payload: {} })).rejects.toThrow("needs a type");
    await expect(wrong["setComposerValue"]!("Hello")).rejects.toThrow("takes an object");
    expect(server.types()).not.toContain("threads.create");
  });
});

describe("setComposerValue", () => {
  const TOOLS = [{ id: "search", label: "Search" }];
  const MODELS = [
    { id: "large", label: "Large" },
    { id: "gone", label: "Gone", disabled: true },
  ];
  const set = (element: OpenAIChatKit, value: object) => element.setComposerValue(value as never);

  test("leaves what is left out, and clears what is null", async () => {
    const element = await begin({ composer: { tools: TOOLS, models: MODELS } });
    const heard = hear(element, "tool.change");
    const attachment = { type: "file", id: "f", name: "f.txt", mime_type: "text/plain" };
    await set(element, { text: "Hello", reply: "you said", attachments: [attachment] });
    await set(element, { selectedToolId: "search", selectedModelId: "large" });
    await set(element, { text: null, reply: null, selectedToolId: null });
    await set(element, { content: null, attachments: null, files: null, selectedModelId: null });
    expect(heard.map(([, detail]) => detail)).toEqual([{ toolId: "search" }, { toolId: null }]);
    expect(JSON.stringify({ ...sessionStorage })).toBe("{}"); // where drafts are kept
  });

  test.each([
    [{ text: 7 }, "text"],
    [{ content: "Hello" }, "content"],
    [{ selectedToolId: "serch" }, "selectedToolId: there is search"],
    [{ selectedModelId: "gone" }, "selectedModelId: there is large"],
  ])("takes nothing of what it can't use: %j", async (value, message) => {
    const element = await begin({ composer: { tools: TOOLS, models: MODELS } });
    const heard = hear(element, "tool.change");
    await expect(set(element, { selectedToolId: "search", ...value })).rejects.toThrow(message);
    expect(heard).toEqual([]);
  });
});

describe("a message without anything in it", () => {
  test.each([{ text: "" }, { text: "  " }, { content: [] }, { attachments: [] }, { text: null }])(
    "is not sent: %j",
    async (message) => {
      const element = await begin();
      await expect(element.sendUserMessage(message as never)).rejects.toThrow("needs text");
      expect(server.types()).toEqual([]);
    },
  );
});

describe("the history that a page doesn't want", () => {
  test("is not shown, nor said to be", async () => {
    const element = await begin({ history: { enabled: false } });
    const heard = hear(element, "history.open");
    await expect(element.showHistory()).rejects.toThrow("history.enabled");
    expect(heard).toEqual([]);
    expect(server.types()).toEqual([]);
  });

  test("closes when it is turned off", async () => {
    const element = await begin();
    const heard = hear(element, "history.open", "history.close");
    await element.showHistory();
    element.setOptions(options({ history: { enabled: false } }));
    expect(heard.map(([name]) => name)).toEqual(["history.open", "history.close"]);
  });
});

test("an initial thread without an id is a new one", async () => {
  const element = await begin({ initialThread: "" });
  await element.sendUserMessage({ text: "Hello" });
  expect(server.types()[0]).toBe("threads.create");
  await expect(element.setThreadId("")).rejects.toThrow("takes an id or null");
});

describe("two elements on one page", () => {
  test("know nothing of each other", async () => {
    const first = await begin();
    const other = new ScriptedServer();
    const second = make();
    const ready = once(second, "ready");
    second.setOptions({ api: { url: "/chatkit", fetch: other.fetch } });
    document.body.append(second);
    await ready;
    const heard = hear(second, "response.start", "thread.change", "tool.change");
    await first.sendUserMessage({ text: "Hello" });
    await first.setComposerValue({ text: "Draft" });
    expect(heard).toEqual([]);
    expect(other.types()).toEqual([]);
    first.remove();
    await vi.waitFor(() => expect(first.shadowRoot.childElementCount).toBe(0));
    await second.sendUserMessage({ text: "Still here" });
    expect(other.types()[0]).toBe("threads.create");
  });
});

describe("options", () => {
  test("replace all that were there", async () => {
    const element = await begin({ startScreen: { greeting: "Welcome" } });
    const shown = () => element.shadowRoot.textContent;
    await vi.waitFor(() => expect(shown()).toContain("Welcome"));
    element.setOptions(options());
    await vi.waitFor(() => expect(shown()).not.toContain("Welcome"));
  });

  test("touch neither the thread nor what was begun", async () => {
    const element = await begin({ initialThread: "thr_1" });
    await element.setThreadId("thr_2");
    const heard = hear(element, "thread.change", "thread.load.start");
    await Promise.resolve();
    heard.length = 0; // what came before
    element.setOptions(options({ initialThread: "thr_1", theme: "dark" }));
    await element.sendUserMessage({ text: "Hello" });
    expect(heard).toEqual([]);
    expect(server.requests.at(-1)?.params).toMatchObject({ thread_id: "thr_2" });
  });

  test("are used from the next request on", async () => {
    const element = await begin({ initialThread: "thr_1" });
    const second = new ScriptedServer();
    element.setOptions({ api: { url: "/other", fetch: second.fetch } });
    await element.sendUserMessage({ text: "Hello" });
    expect(second.types()).toContain("threads.add_user_message");
  });

  test("that are unknown are named once, with the nearest", async () => {
    const element = make() as unknown as { setOptions(given: object): void };
    element.setOptions(options({ startscreen: {} }));
    element.setOptions(options({ startscreen: {} }));
    expect(said).toEqual(["<openai-chatkit> startscreen is no option: did you mean startScreen?."]);
  });

  test("without a server are refused where the chat would be, and by chatkit.error", async () => {
    const element = make();
    const error = once(element, "error");
    document.body.append(element);
    const hosted = { api: { getClientSecret: async () => "secret" } };
    (element as { setOptions(given: unknown): void }).setOptions(hosted);
    expect((await error).detail.error.message).toContain("getClientSecret");
    expect(element.shadowRoot.querySelector("[role=alert]")?.textContent).toContain("api.url");
    expect(said).toHaveLength(1);

    const ready = once(element, "ready");
    element.setOptions(options());
    await ready;
    expect(element.shadowRoot.querySelector(".refused")).toBeNull();
  });
});

describe("events", () => {
  test("tell of an answer from its start to its end", async () => {
    const element = await begin();
    const heard = hear(element, "response.start", "response.end", "thread.change");
    await element.sendUserMessage({ text: "Hello" });
    await vi.waitFor(() => expect(heard.map(([name]) => name)).toContain("response.end"));
    expect(heard).toEqual([
      ["response.start", null],
      ["thread.change", { threadId: "thr_new" }],
      ["response.end", null],
    ]);
  });

  test("before the first listener wait for it", async () => {
    const element = make();
    element.setOptions(options({ initialThread: "thr_1" }));
    document.body.append(element);
    await element.focusComposer();
    const heard = hear(element, "ready", "thread.load.start");
    await vi.waitFor(() => expect(heard).toHaveLength(2));
    expect(heard).toContainEqual(["thread.load.start", { threadId: "thr_1" }]);
  });
});

describe("out of the page", () => {
  test("for a move, nothing ends", async () => {
    const element = await begin({ initialThread: "thr_1" });
    const inner = element.shadowRoot.firstElementChild;
    server.requests.length = 0;
    const place = document.createElement("div");
    document.body.append(place);
    place.append(element);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(element.shadowRoot.firstElementChild).toBe(inner);
    expect(server.requests).toEqual([]);
  });

  test("for good, all ends; back again, its thread is shown", async () => {
    const element = await begin();
    await element.setThreadId("thr_3");
    element.remove();
    await vi.waitFor(() => expect(element.shadowRoot.childElementCount).toBe(0));
    await expect(element.focusComposer()).rejects.toThrow("not in a page");
    server.requests.length = 0;
    document.body.append(element);
    await vi.waitFor(() =>
      expect(server.requests).toContainEqual(
        expect.objectContaining({ params: expect.objectContaining({ thread_id: "thr_3" }) }),
      ),
    );
  });
});

describe("taken out in the middle of an answer", () => {
  test("it reads no further; back again, it shows the thread and runs no tool of it", async () => {
    const onClientTool = vi.fn(() => ({}));
    const element = await begin({ onClientTool });
    server.hold("threads.create");
    const begun = once(element, "thread.change");
    const sent = element.sendUserMessage({ text: "Hello" });
    await begun;
    await element.setComposerValue({ text: "The next thought" });
    element.remove();
    await vi.waitFor(() => expect(server.aborted).toContain("threads.create"));
    await sent;

    server.requests.length = 0;
    server.items = [{ ...CALL, thread_id: "thr_new" }];
    document.body.append(element);
    await vi.waitFor(() => expect(server.types()).toContain("items.list"));
    expect(server.requests[0]?.params).toMatchObject({ thread_id: "thr_new" });
    await element.fetchUpdates();
    expect(onClientTool).not.toHaveBeenCalled();
    expect(server.types()).not.toContain("threads.add_client_tool_output");
    expect(JSON.stringify({ ...sessionStorage })).toContain("The next thought");
  });
});

const CALL = {
  id: "tc_1",
  type: "client_tool_call",
  created_at: "2026-01-01T00:00:00Z",
  status: "pending",
  call_id: "call_1",
  name: "locate",
  arguments: {},
};

test("a tag that is defined already is left alone", () => {
  const before = customElements.get("openai-chatkit");
  define();
  expect(customElements.get("openai-chatkit")).toBe(before);
});

describe("another user of the same page", () => {
  const of = (userId: unknown, more: object = {}) =>
    options({ api: { url: "/chatkit", userId, fetch: server.fetch }, ...more });

  async function beginAs(userId: unknown, more: object = {}): Promise<OpenAIChatKit> {
    const element = make();
    const ready = once(element, "ready");
    element.setOptions(of(userId, more));
    document.body.append(element);
    await ready;
    return element;
  }

  test("begins with a new chat, and the page is told", async () => {
    const tools = [{ id: "search", label: "Search" }];
    const element = await beginAs("ada", { initialThread: "thr_1", composer: { tools } });
    await element.setComposerValue({ text: "Ada's", selectedToolId: "search" });
    await element.showHistory();
    const heard = hear(element, "thread.change", "history.close", "tool.change", "error");
    server.requests.length = 0;
    element.setOptions(of("bob", { initialThread: "thr_1", composer: { tools } }));
    expect(heard).toEqual([
      ["history.close", null],
      ["tool.change", { toolId: null }],
      ["thread.change", { threadId: null }],
    ]);
    await element.sendUserMessage({ text: "Bob's" });
    expect(server.types()[0]).toBe("threads.create");
    expect(JSON.stringify(server.requests)).not.toMatch(/Ada|thr_1/);
  });

  test("ends what the one before had under way", async () => {
    const element = await beginAs("ada");
    server.hold("threads.create");
    const begun = once(element, "thread.change");
    const sent = element.sendUserMessage({ text: "Ada's" });
    await begun;
    element.setOptions(of("bob"));
    await vi.waitFor(() => expect(server.aborted).toContain("threads.create"));
    await sent;
    server.requests.length = 0;
    await element.fetchUpdates();
    expect(server.types()).toEqual([]);
  });

  test("is no one new who has the same name", async () => {
    const element = await beginAs(7, { initialThread: "thr_1" });
    const heard = hear(element, "thread.change");
    element.setOptions(of("7"));
    element.setOptions(of(7));
    await element.fetchUpdates();
    expect(heard).toEqual([["thread.change", { threadId: "thr_1" }]]); // the first, told late
  });

  test.each([
    ["ada", undefined],
    [undefined, "ada"],
  ])("is one who signs out or in: %s, %s", async (before, after) => {
    const element = await beginAs(before, { initialThread: "thr_1" });
    const heard = hear(element, "thread.change");
    element.setOptions(of(after));
    expect(heard).toEqual([["thread.change", { threadId: null }]]);
  });

  test("doesn't get the thread that an element showed which comes back to the page", async () => {
    const element = await beginAs("ada", { initialThread: "thr_1" });
    element.remove();
    await vi.waitFor(() => expect(element.shadowRoot.childElementCount).toBe(0));
    server.requests.length = 0;
    element.setOptions(of("bob", { initialThread: "thr_1" }));
    document.body.append(element);
    await element.fetchUpdates();
    expect(server.types()).toEqual([]);
  });

  test("has the initial thread where nothing was shown before", async () => {
    const element = make();
    element.setOptions(of(undefined));
    element.setOptions(of("ada", { initialThread: "thr_1" }));
    document.body.append(element);
    await element.fetchUpdates();
    await vi.waitFor(() => expect(server.types()).toContain("items.list"));
  });
});

describe("clearDrafts", () => {
  const drafts = () => JSON.stringify({ ...sessionStorage });

  test("keeps nothing of what was written", async () => {
    const element = await begin();
    await element.setComposerValue({ text: "Mine" });
    expect(drafts()).toContain("Mine");
    await element.clearDrafts();
    expect(drafts()).toBe("{}");
  });

  test("works where the element has left the page, or was never there", async () => {
    const element = await begin();
    await element.setComposerValue({ text: "Mine" });
    element.remove();
    await vi.waitFor(() => expect(element.shadowRoot.childElementCount).toBe(0));
    expect(drafts()).toContain("Mine");
    const other = make();
    await expect(other.clearDrafts()).rejects.toThrow("before setOptions");
    other.setOptions(options());
    await other.clearDrafts();
    expect(drafts()).toBe("{}");
  });
});
