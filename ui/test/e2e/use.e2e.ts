import type { Locator } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import type { Tab } from "./support/browser";
import type { ChatView } from "./support/chat";
import { Stage } from "./support/stage";

const PHONE = { viewport: { width: 390, height: 664 }, hasTouch: true, isMobile: true };
const ACTIONS = { threadItemActions: { feedback: true, retry: true } };

let stage: Stage;
let tab: Tab;
let chat: ChatView;

beforeAll(async () => {
  stage = await Stage.set();
});

afterAll(() => stage?.strike());

afterEach(() => tab.close());

async function open(options: object = {}, context: object = {}): Promise<void> {
  [tab, chat] = await stage.openChat({ ...ACTIONS, ...options }, context);
}

function sent(type: string): Record<string, unknown> | undefined {
  return stage.front.requests.find((request) => request.type === type)?.params;
}

/** What in the chat has the focus is of this type. */
async function focusIs(type: string | null): Promise<void> {
  const focused = () =>
    tab.page.locator("openai-chatkit").evaluate((element) => {
      const { activeElement } = element.shadowRoot!;
      return activeElement && (activeElement as HTMLInputElement).type;
    });
  await expect.poll(focused).toBe(type);
}

/** Where the person has scrolled to, in pixels from the end. */
function fromEnd(): Promise<number> {
  return chat.log.evaluate((log) =>
    Math.round(log.scrollHeight - log.clientHeight - log.scrollTop),
  );
}

describe("an answer", () => {
  test("is said to come, and to be there", async () => {
    await open();
    const answer = stage.front.hold("threads.create", 3);
    await chat.write("Good day");
    await expect.poll(() => chat.status.innerText()).toContain("Responding");
    answer.release();
    await expect.poll(() => chat.status.innerText()).toContain("Response complete");
  });

  test("is stopped, and what came of it stays, also on the server", async () => {
    await open();
    await chat.write("stopped");
    await chat.answers.getByText("As far as it came").waitFor();
    await chat.button("Stop response").click();
    await chat.button("Send message").waitFor();
    expect(stage.front.types()).toContain("threads.stop");
    await expect.poll(() => chat.status.innerText()).toContain("Response stopped");
    await tab.page.evaluate(() => document.querySelector("openai-chatkit")!.fetchUpdates());
    expect(await chat.answers.allInnerTexts()).toEqual([
      expect.stringContaining("As far as it came"),
    ]);
  });

  test("is asked for again, and the new one takes its place", async () => {
    await open();
    const turn = await chat.ask("Once more");
    const first = await turn
      .locator("[data-item-id].assistant_message")
      .getAttribute("data-item-id");
    await turn.getByRole("button", { name: "Try again" }).click();
    await expect.poll(() => stage.front.types()).toContain("threads.retry_after_item");
    await turn.getByRole("group", { name: "Actions for this response" }).waitFor();
    const answer = tab.page.locator("[data-item-id].assistant_message");
    await expect.poll(() => answer.count()).toBe(1);
    expect(await answer.getAttribute("data-item-id")).not.toBe(first);
    expect(await tab.page.locator(".user_message").count()).toBe(1);
  });

  test("is rated", async () => {
    await open();
    const turn = await chat.ask("Rate this");
    await turn.getByRole("button", { name: "Good response" }).click();
    await expect.poll(() => sent("items.feedback")).toMatchObject({ kind: "positive" });
    const pressed = turn.getByRole("button", { name: "Good response", pressed: true });
    await pressed.waitFor();
  });

  test("comes with a widget whose button acts on the server", async () => {
    await open();
    await chat.ask("one widget");
    await chat.button("Book").click();
    await tab.page.getByText("You did book.").waitFor();
    await tab.page.getByText("Booked", { exact: true }).waitFor();
  });

  test("asks questions in the composer's place, and takes the answers", async () => {
    await open();
    await chat.write("questions");
    await focusIs("radio");
    await tab.page.getByRole("radio", { name: "red" }).check();
    await chat.button("Next").click();
    await focusIs("checkbox");
    await tab.page.getByRole("checkbox", { name: "blue" }).check();
    await chat.button("Next").click();
    await focusIs("textarea");
    await tab.page.getByRole("textbox", { name: "Your answer" }).fill("Because");
    await chat.button("Send answer").click();
    await tab.page.getByText(/^So it is/).waitFor();
    await chat.box.waitFor();
  });

  test("with questions leaves a person where they are on the page", async () => {
    await open();
    await tab.page.evaluate(() => document.body.append(document.createElement("input")));
    const elsewhere = tab.page.locator("body > input");
    const questions = stage.front.hold("threads.create", 3);
    await chat.write("questions");
    await elsewhere.focus();
    questions.release();
    await expect.poll(() => tab.page.getByRole("radio", { name: "red" }).isEnabled()).toBe(true);
    await elsewhere.press("x");
    await expect.poll(() => elsewhere.inputValue()).toBe("x");
    await focusIs(null);
  });

  test("that locks the thread shuts the composer, and says why", async () => {
    await open();
    await chat.ask("lock");
    await tab.page.getByText("It is settled.").waitFor();
    await expect.poll(() => chat.box.isDisabled()).toBe(true);
  });

  test.each(["text", "notes", "parts", "widgets", "workflow", "image"])(
    "of the kind “%s” is the same when it is read again",
    async (kind) => {
      await open();
      await chat.ask(kind);
      if (kind === "widgets") {
        await tab.page.getByText("Still free!").waitFor(); // what shows them is fetched just then
      }
      const shown = () =>
        tab.page.locator(".item").evaluateAll((items) => items.map((item) => item.textContent));
      const live = await shown();
      expect(live.length).toBeGreaterThan(1);
      await tab.page.evaluate(() => document.querySelector("openai-chatkit")!.fetchUpdates());
      expect(await shown()).toEqual(live);
      tab.pardon(/https:\/\/example\.com\/[\w.]+\.png/); // where the script has its image
    },
  );
});

test("an answer goes on without the page, which has it when it is back", async () => {
  await open();
  stage.front.hold("threads.create", 40);
  await chat.write("long");
  await chat.answers.getByText("Paragraph 0.").waitFor();
  await tab.close();

  const { data: threads } = await ask("threads.list", { limit: 1, order: "desc" });
  const thread_id = threads[0]!.id;
  const last = async () =>
    (await ask("items.list", { thread_id, limit: 1, order: "desc" })).data[0];
  await expect.poll(async () => (await last())?.type).toBe("assistant_message");

  await open({ initialThread: thread_id });
  await chat.answers.getByText("Paragraph 11.").waitFor();
  expect(await chat.answers.count()).toBe(1);
});

/** Ask the server beside the element. */
async function ask(
  type: string,
  params: object,
): Promise<{ data: { id: string; type: string }[] }> {
  const response = await fetch(`${stage.backend.origin}/chatkit`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ type, params }),
  });
  return (await response.json()) as { data: { id: string; type: string }[] };
}

describe("a long answer", () => {
  test("is followed to its end, but never moves what a person has scrolled to", async () => {
    await open({ thread: { autoScroll: true } });
    await chat.ask("long");
    await expect.poll(fromEnd).toBeLessThan(5);

    const answer = stage.front.hold("threads.add_user_message", 60);
    await chat.write("long");
    await chat.answers.nth(1).getByText("Paragraph 0.").waitFor();
    await chat.log.hover();
    await tab.page.mouse.wheel(0, -400);
    await chat.button("Jump to latest").waitFor();
    await expect.poll(fromEnd).toBeGreaterThan(100);
    const before = await chat.log.evaluate((log) => log.scrollTop);
    answer.release();
    await chat.answers.nth(1).getByText("Paragraph 11.").waitFor();
    await chat.button("Send message").waitFor();
    expect(await chat.log.evaluate((log) => log.scrollTop)).toBe(before);
    await chat.button("Jump to latest").click();
    await expect.poll(fromEnd).toBeLessThan(5);
  });
});

test("what is written grows its frame up to a point, and scrolls from there", async () => {
  await open();
  const frame = async () => (await tab.page.locator("openai-chatkit .composer").boundingBox())!;
  const text = async () => (await chat.box.boundingBox())!;
  const { height } = await frame();
  await chat.box.fill("One\nTwo\nThree");
  expect((await frame()).height).toBeGreaterThan(height + 30);
  await chat.box.fill("A line\n".repeat(60));
  const [around, within] = [await frame(), await text()];
  expect(around.height).toBeLessThan(400);
  expect(within.y + within.height).toBeLessThanOrEqual(around.y + around.height);
});

test("in a page that gives it little height, what is long scrolls and is not cut", async () => {
  const models = Array.from({ length: 12 }, (_, at) => ({ id: `m${at}`, label: `Model ${at}` }));
  const disclaimer = { text: "It may be wrong." };
  await open({ composer: { models }, disclaimer }, { viewport: { width: 500, height: 1000 } });
  const frame = tab.page.locator("openai-chatkit");
  await frame.evaluate((element) => (element.style.height = "300px"));
  await chat.button(/^Model/).click();
  const menu = tab.page.getByRole("menu");
  await settled(menu);
  expect((await menu.boundingBox())!.y).toBeGreaterThan((await frame.boundingBox())!.y);
  await tab.page.keyboard.press("End");
  await tab.page.keyboard.press("Enter");
  await chat
    .button(/^Model/)
    .getByText("Model 11")
    .waitFor();
  await chat.box.fill("line\n".repeat(30));
  expect((await chat.log.boundingBox())!.height).toBeGreaterThan(0);
  expect((await chat.box.boundingBox())!.height).toBeLessThan(150);
});

test("in a page that gives it no height, it has one", async () => {
  await open();
  const frame = tab.page.locator("openai-chatkit");
  await frame.evaluate(({ parentElement }) => {
    parentElement!.style.display = "block";
    parentElement!.style.height = "auto";
  });
  await chat.ask("Hello");
  expect((await chat.log.boundingBox())!.height).toBeGreaterThan(100);
});

/** Once it moves no more. */
async function settled(shown: Locator): Promise<void> {
  await shown.evaluate((element) =>
    Promise.all(element.getAnimations().map(({ finished }) => finished)),
  );
}

describe("by keyboard alone", () => {
  test("one asks, rates, asks again, and opens an old thread", async () => {
    await open();
    const { keyboard } = tab.page;
    await reach("Message");
    await keyboard.type("First line");
    await keyboard.press("Shift+Enter");
    await keyboard.type("second line");
    await keyboard.press("Enter");
    await chat.answers.first().waitFor();
    expect(await tab.page.locator(".user_message").innerText()).toMatch(/First line\s+second line/);
    await chat.button("Good response").waitFor();
    await reach("Good response", "Shift+Tab");
    await keyboard.press("Enter");
    await expect.poll(() => sent("items.feedback")).toMatchObject({ kind: "positive" });
    await reach("Chat history", "Shift+Tab");
    await keyboard.press("Enter");
    const history = tab.page.getByRole("dialog", { name: "Chat history" });
    await history.waitFor();
    await keyboard.press("Escape");
    await history.waitFor({ state: "detached" });
    await expect.poll(focused).toBe("Chat history"); // focus is where it was
    await keyboard.press("Shift+Tab");
    await expect.poll(focused).toBe("New chat");
    await keyboard.press("Enter");
    await tab.page.getByRole("heading", { name: "What can I help with today?" }).waitFor();
    await expect.poll(focused).toBe("Message");
    await reach("Chat history", "Shift+Tab");
    await keyboard.press("Enter");
    await history.waitFor();
    await reach(/First line/);
    await keyboard.press("Enter");
    await chat.answers.first().waitFor();
  });

  test("one stops an answer", async () => {
    await open();
    await chat.box.focus();
    await tab.page.keyboard.type("stopped");
    await tab.page.keyboard.press("Enter");
    await chat.answers.getByText("As far as it came").waitFor();
    await reach("Stop response");
    await tab.page.keyboard.press("Enter");
    await chat.button("Send message").waitFor();
  });

  /** The name of what has the focus. */
  function focused(): Promise<string> {
    return tab.page.evaluate(() => {
      const active = document.querySelector("openai-chatkit")!.shadowRoot.activeElement;
      return active?.ariaLabel ?? active?.textContent ?? "";
    });
  }

  async function reach(name: string | RegExp, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
    const seen: string[] = [];
    for (let step = 0; step < 30; step++) {
      const now = await focused();
      if (typeof name === "string" ? now === name : name.test(now)) return;
      seen.push(now);
      await tab.page.keyboard.press(key);
    }
    expect.fail(`${String(name)} can't be reached by ${key}; these can: ${seen.join(", ")}`);
  }
});

describe("on a phone", () => {
  test("all is within the screen, and large enough to touch", async () => {
    await open({}, PHONE);
    const turn = await chat.ask(
      `A very${"long".repeat(60)}word\n\n| a | b |\n|---|---|\n| ${"x".repeat(200)} | y |`,
    );
    const wide = await tab.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wide).toBeLessThanOrEqual(0);
    expect(await chat.log.evaluate((log) => log.scrollWidth - log.clientWidth)).toBeLessThanOrEqual(
      0,
    );
    await expect(
      chat.box.evaluate((box) => parseFloat(getComputedStyle(box).fontSize)),
    ).resolves.toBeGreaterThanOrEqual(16); // or the phone zooms in
    for (const button of await tab.page.locator("openai-chatkit button:visible").all()) {
      const box = (await button.boundingBox())!;
      expect(Math.min(box.width, box.height), await button.innerHTML()).toBeGreaterThanOrEqual(24);
    }
    await turn.getByRole("button", { name: "Good response" }).tap();
    await expect.poll(() => sent("items.feedback")).toMatchObject({ kind: "positive" });
  });

  test("the composer stays in view when the keyboard comes up", async () => {
    await open({}, PHONE);
    await chat.ask("long");
    await chat.box.tap();
    await tab.page.setViewportSize({ width: 390, height: 340 });
    await expect
      .poll(async () => {
        const box = (await chat.box.boundingBox())!;
        return box.y >= 0 && box.y + box.height <= 340;
      })
      .toBe(true);
  });
});
