import type { OpenAIChatKit } from "@openai/chatkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Tab } from "./support/browser";
import { bundleReact } from "./support/bundle";
import type { ChatView } from "./support/chat";
import { page, Stage } from "./support/stage";

type Heard = [name: string, detail: Record<string, unknown>];

declare global {
  interface Window {
    heard: Heard[];
    chat: OpenAIChatKit & { ref: { current: OpenAIChatKit | null } };
    setMore: (options: object) => void;
  }
}

let stage: Stage;
let tab: Tab;
let chat: ChatView;

beforeAll(async () => {
  stage = await Stage.set();
});

afterAll(() => stage?.strike());

function heard(name: string): Promise<Record<string, unknown>[]> {
  return tab.page.evaluate(
    (wanted) => window.heard.filter(([found]) => found === wanted).map(([, detail]) => detail),
    name,
  );
}

/** Wait until a handler was called with exactly these, in this order. */
async function hears(name: string, ...details: unknown[]): Promise<void> {
  await expect.poll(() => heard(name)).toEqual(details);
}

async function threadId(): Promise<string> {
  await expect.poll(async () => (await heard("onThreadChange")).at(-1)?.["threadId"]).toBeTruthy();
  return (await heard("onThreadChange")).at(-1)!["threadId"] as string;
}

async function send(text: string): Promise<void> {
  const ended = (await heard("onResponseEnd")).length;
  await tab.page.evaluate((said) => window.chat.sendUserMessage({ text: said }), text);
  await expect.poll(async () => (await heard("onResponseEnd")).length).toBeGreaterThan(ended);
}

describe.each([18, 19] as const)("the npm wrapper on React %i, under StrictMode", (version) => {
  beforeAll(async () => {
    const script = '<script src="/react.js" defer></script>';
    stage.front.serve("/react.js", await bundleReact(version));
    stage.front.serve("/react.html", page("<main></main>", script));
  });

  beforeEach(async () => {
    [tab, chat] = await stage.open();
    await tab.page.goto("/react.html");
    await chat.box.waitFor();
  });

  afterEach(() => tab.close());

  test("is ready once", async () => {
    await hears("onReady", {});
    expect(await tab.page.locator("openai-chatkit#chat").count()).toBe(1);
  });

  test("tells when an answer begins and ends, and which thread it is in", async () => {
    await send("Good morning");
    expect(await heard("onResponseStart")).toEqual([{}]);
    expect(await heard("onResponseEnd")).toEqual([{}]);
    expect(await threadId()).toMatch(/^thr_/);
    await expect.poll(() => chat.answers.first().innerText()).toContain("Good morning");
  });

  test("tells of effects", async () => {
    await send("notes");
    await hears("onEffect", { name: "open_map", data: { place: "Oslo", zoom: 3 } });
  });

  test("tells of links into the page", async () => {
    await send("See [your order](chatkit-link://orders/open?id=7).");
    await tab.page.getByRole("link", { name: "your order" }).click();
    await hears("onDeeplink", { name: "orders/open", data: { id: "7" } });
    expect(tab.page.url()).toMatch(/react\.html$/);
  });

  test("tells of failures", async () => {
    await send("failure");
    await hears("onError", { error: expect.any(String) });
    await chat.failure.getByText(/./).first().waitFor();
  });

  test("tells of an event that it can't read, and goes on", async () => {
    stage.front.trouble("threads.create", { insert: "data: {broken\n\n", after: 2 });
    await send("All the same");
    await hears("onLog", expect.objectContaining({ name: "event.broken" }));
    await expect.poll(() => chat.answers.first().innerText()).toContain("All the same");
  });

  test("opens and closes the history", async () => {
    await tab.page.evaluate(() => window.chat.showHistory());
    await hears("onHistoryOpen", {});
    await tab.page.getByRole("dialog", { name: "Chat history" }).waitFor();
    await tab.page.evaluate(() => window.chat.hideHistory());
    await hears("onHistoryClose", {});
    await tab.page.getByRole("dialog").waitFor({ state: "detached" });
  });

  test("opens threads", async () => {
    await send("A first thread");
    const id = await threadId();
    await tab.page.evaluate(() => window.chat.setThreadId(null));
    await hears("onThreadChange", { threadId: id }, { threadId: null });
    await tab.page.getByRole("heading", { name: "What can I help with today?" }).waitFor();
    await tab.page.evaluate((given) => window.chat.setThreadId(given), id);
    await hears("onThreadLoadStart", { threadId: id });
    await hears("onThreadLoadEnd", { threadId: id });
    await expect.poll(() => chat.answers.first().innerText()).toContain("A first thread");
  });

  test("sets what the composer holds", async () => {
    await tab.page.evaluate(() =>
      window.chat.setComposerValue({ text: "Half a thought", selectedToolId: "search" }),
    );
    await chat.draftIs("Half a thought");
    await hears("onToolChange", { toolId: "search" });
    await tab.page.evaluate(() => window.chat.setComposerValue({ text: "", selectedToolId: null }));
    await hears("onToolChange", { toolId: "search" }, { toolId: null });
  });

  test("focuses the composer", async () => {
    await tab.page.evaluate(() => window.chat.focusComposer());
    await tab.page.keyboard.type("Typed");
    await chat.draftIs("Typed");
  });

  test("runs the page's tools, and tells the server what they gave", async () => {
    await tab.page.evaluate(() => window.chat.sendUserMessage({ text: "tool" }));
    await tab.page.getByText(/Your page said .*Oslo/).waitFor();
    expect(stage.front.types()).toContain("threads.add_client_tool_output");
  });

  test("sends actions of the page's own", async () => {
    await send("one widget");
    await tab.page.evaluate(() =>
      window.chat.sendCustomAction({ type: "cheer", payload: { loud: true } }),
    );
    await tab.page.getByText("You did cheer.").waitFor();
    const sent = stage.front.requests.find(({ type }) => type === "threads.custom_action");
    expect(sent?.params["action"]).toMatchObject({ type: "cheer", payload: { loud: true } });
  });

  test("fetches what has changed on the server", async () => {
    await send("Hello");
    const id = await threadId();
    await fetch(`${stage.backend.origin}/chatkit`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ type: "threads.update", params: { thread_id: id, title: "Renamed" } }),
    });
    await tab.page.evaluate(() => window.chat.fetchUpdates());
    await tab.page.getByRole("heading", { name: "Renamed" }).waitFor();
  });

  test("keeps thread and draft when options change", async () => {
    await send("Still here");
    await chat.box.fill("A draft");
    await tab.page.evaluate(() =>
      window.setMore({ theme: "dark", composer: { placeholder: "Ask" } }),
    );
    await tab.page.getByPlaceholder("Ask").waitFor();
    await chat.draftIs("A draft");
    expect(await chat.answers.first().innerText()).toContain("Still here");
    expect((await heard("onReady")).length).toBe(1);
  });
});
