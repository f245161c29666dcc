import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { Backend } from "./support/backend";
import { launch, Tab } from "./support/browser";
import { ChatView } from "./support/chat";

const QUESTION = "How do I run it on PostgreSQL?";

let backend: Backend;
let browser: Browser;
let tab: Tab;
let chat: ChatView;

beforeAll(async () => {
  [backend, browser] = await Promise.all([Backend.start("docs/"), launch()]);
});

afterAll(async () => {
  await Promise.all([browser?.close(), backend?.stop()]);
});

beforeEach(async () => {
  tab = await Tab.open(browser, backend.origin);
  chat = new ChatView(tab.page);
  await tab.page.goto("/");
});

afterEach(() => tab.close());

describe("chatkeep serve over a folder of documents", () => {
  test("answers with citations, and has the answer still after a reload", async () => {
    const turn = await chat.ask(QUESTION);
    const said = await chat.answers.first().innerText();
    expect(said).toMatch(/postgres/i);
    await turn
      .locator("summary, button")
      .filter({ hasText: /\d+ sources?/ })
      .click();
    await turn.getByText(/\.md/).first().waitFor();
    await expect.poll(() => tab.page.url()).toMatch(/#thr_/);

    await tab.page.reload();
    await chat.answers.first().waitFor();
    await expect
      .poll(async () => (await chat.answers.first().innerText()).slice(0, 80))
      .toBe(said.slice(0, 80));
    expect(await tab.page.locator(".user_message").innerText()).toContain(QUESTION);
  });

  test("offers questions to begin with, which the documents answer", async () => {
    const prompts = tab.page.getByRole("list", { name: "Suggestions" }).getByRole("button");
    await prompts.first().waitFor();
    const questions = await prompts.allInnerTexts();
    expect(questions.length).toBeGreaterThan(2);
    for (const question of questions) {
      await prompts.getByText(question).click();
      await tab.page
        .locator(".turn")
        .getByRole("button", { name: /\d+ source/ })
        .waitFor();
      await chat.button("New chat").click();
    }
  });

  test("keeps the thread in the history, to open, rename and delete", async () => {
    await chat.ask(QUESTION);
    await chat.button("New chat").click();
    await tab.page.getByRole("heading", { name: "What can I help with today?" }).waitFor();

    await chat.button("Chat history").click();
    const history = tab.page.getByRole("dialog", { name: "Chat history" });
    await history.getByRole("listitem").first().hover(); // which shows its buttons
    await history
      .getByRole("button", { name: /^Rename / })
      .first()
      .click();
    await history.getByRole("textbox", { name: "New title" }).fill("On databases");
    await history.getByRole("button", { name: "Save" }).click();
    await history.getByRole("button", { name: "On databases", exact: true }).click();
    await history.waitFor({ state: "hidden" });
    await tab.page.getByRole("heading", { name: "On databases" }).waitFor();
    await chat.answers.first().waitFor();

    await chat.button("Chat history").click();
    await history.getByRole("listitem").first().hover();
    await history.getByRole("button", { name: "Delete On databases" }).click();
    await history.getByRole("button", { name: "Delete", exact: true }).click();
    await history.getByText("On databases").waitFor({ state: "detached" });
    await history.getByRole("button", { name: "Close history" }).click();
    expect(await chat.answers.count()).toBe(0); // what was deleted isn't shown any more
  });

  test("is dark when asked to be, and stays so", async () => {
    const scheme = () => tab.page.evaluate(() => document.documentElement.dataset["scheme"]);
    expect(await scheme()).toBe("light");
    await chat.button("Dark mode").click();
    await chat.button("Light mode").waitFor();
    expect(await scheme()).toBe("dark");
    await tab.page.reload();
    await chat.button("Light mode").waitFor();
    expect(await scheme()).toBe("dark");
  });

  test("begins a new thread where the address names none that could be", async () => {
    await tab.page.goto("/#100%");
    await tab.page.reload();
    await tab.page.getByRole("heading", { name: "What can I help with today?" }).waitFor();
  });
});
