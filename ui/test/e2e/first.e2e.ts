import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { Tab } from "./support/browser";
import type { ChatView } from "./support/chat";
import { Stage } from "./support/stage";

let stage: Stage;
let tab: Tab;
let chat: ChatView;

beforeAll(async () => {
  stage = await Stage.set();
});

afterAll(() => stage?.strike());

beforeEach(async () => {
  [tab, chat] = await stage.openChat();
});

afterEach(() => tab.close());

async function answered(question: string): Promise<void> {
  const answer = expect.stringContaining(question);
  await expect.poll(() => chat.answers.allInnerTexts()).toEqual([answer]);
}

interface Page {
  data: { id: string; content?: { text: string }[] }[];
}

async function ask(type: string, params: object): Promise<Page> {
  const response = await fetch(`${stage.backend.origin}/chatkit`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ type, params }),
  });
  return (await response.json()) as Page;
}

/** What each thread holds that has this question. */
async function threads(question: string): Promise<string[][]> {
  const { data } = await ask("threads.list", { limit: 100 });
  const all = await Promise.all(
    data.map(async ({ id }) => {
      const items = await ask("items.list", { thread_id: id, limit: 100, order: "asc" });
      return items.data.map(({ content }) => content?.map(({ text }) => text).join("") ?? "");
    }),
  );
  return all.filter((texts) => texts[0]?.startsWith(question));
}

describe("a new thread whose stream broke off before its message came", () => {
  test.each([
    ["is cut", { cut: 0 }],
    ["ends", { end: 0 }],
    ["is cut when it has its thread", { cut: 1 }],
    ["ends when it has its thread", { end: 1 }],
  ])("is the one that goes on: %s", async (name, trouble) => {
    const question = `Hello, it ${name}`;
    stage.front.trouble("threads.create", trouble);
    await chat.write(question);
    await chat.failed("The response was cut off.");
    await chat.button("Try again").click();
    await answered(question);
    await chat.button("Send message").waitFor();
    expect(await tab.page.locator(".user_message").count()).toBe(1);
    await chat.draftIs("");
    expect(stage.front.types().filter((type) => type === "threads.create")).toHaveLength(1);
    expect(await threads(question)).toEqual([[question, question]]);
  });

  test("is found by the next try, if no one could be asked at once", async () => {
    const question = "Hello from a tunnel";
    stage.front.trouble("threads.create", { end: 0 });
    stage.front.trouble("threads.list", { away: true }, 50);
    await chat.write(question);
    await chat.failed("The response was cut off.");
    await chat.draftIs(question);
    stage.front.reset();
    await chat.box.press("Enter");
    await answered(question);
    await chat.draftIs("");
    expect(await threads(question)).toEqual([[question, question]]);
  });
});
