import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { Tab } from "./support/browser";
import type { ChatView } from "./support/chat";
import { Stage } from "./support/stage";

let stage: Stage;
let tab: Tab;
let chat: ChatView;
/** Another for each test: a thread that says the same may be taken for one that was lost. */
let question: string;
let tests = 0;

beforeAll(async () => {
  stage = await Stage.set();
});

afterAll(() => stage?.strike());

beforeEach(async () => {
  [tab, chat] = await stage.openChat();
  question = `Question ${++tests}, worth keeping`;
});

afterEach(() => tab.close());

/** The words are somewhere a person can get at them: back in the composer, or in the thread. */
async function nothingIsLost(): Promise<void> {
  await expect
    .poll(async () => {
      const thread = (await tab.page.locator(".user_message").allInnerTexts()).join();
      return (await chat.box.inputValue()) + thread;
    })
    .toContain(question);
}

async function answered(): Promise<void> {
  await expect
    .poll(() => chat.answers.allInnerTexts())
    .toEqual([expect.stringContaining(question)]);
  expect(await tab.page.locator(".user_message").count()).toBe(1);
}

describe("a message that the server refuses", () => {
  test.each([
    [413, "That is too large to send."],
    [429, "Too many requests. Wait a moment, then try again."],
  ])("with %i says why, keeps the draft, and can be sent again", async (status, words) => {
    stage.front.trouble("threads.create", { status });
    await chat.write(question);
    await chat.failed(words);
    await nothingIsLost();
    if (await chat.box.inputValue()) await chat.box.press("Enter");
    else await chat.button("Try again").click();
    await answered();
  });

  test("by sending the user to sign in says that it isn't a chat, and keeps the draft", async () => {
    stage.front.serve("/login", "<!doctype html><title>Sign in</title>");
    stage.front.trouble("threads.create", { status: 302, headers: { location: "/login" } });
    await chat.write(question);
    await chat.failed("The server gave an answer that this chat can't read.");
    await chat.draftIs(question);
    await chat.button("Try again").click();
    await answered();
  });

  test("for a while can be sent again after it", async () => {
    stage.front.trouble("threads.create", { status: 429, headers: { "retry-after": "1" } });
    await chat.write(question);
    await chat.failed("Too many requests. Wait a moment, then try again.");
    await chat.button(/^Try again$/).click(); // waits until it may be
    await answered();
  });

  test("in words of its own shows those", async () => {
    const body = { error: { code: "quota", message: "Your quota ends on Monday." } };
    stage.front.trouble("threads.create", { status: 429, body });
    await chat.write(question);
    await chat.failed("Your quota ends on Monday.");
    await nothingIsLost();
  });
});

describe("a server that is away", () => {
  test("is said to be, and the message goes once it is back", async () => {
    stage.front.trouble("threads.create", { away: true }, 50);
    await chat.write(question);
    await chat.failed("The server can't be reached. Check your connection and try again.");
    await nothingIsLost();
    stage.front.reset();
    if (await chat.box.inputValue()) await chat.box.press("Enter");
    else await chat.button("Try again").click();
    await answered();
  });

  test("doesn't cost the draft, even with a reload of the page", async () => {
    stage.front.trouble("threads.create", { away: true }, 50);
    await chat.write(question);
    await chat.failed(/can't be reached/);
    await tab.page.reload();
    await tab.page.evaluate(async () => {
      await customElements.whenDefined("openai-chatkit");
      const element = document.createElement("openai-chatkit");
      element.setOptions({ api: { url: "/chatkit" } });
      document.querySelector("main")!.append(element);
    });
    await chat.draftIs(question);
  });
});

describe("a thread that is gone", () => {
  test("is said to be", async () => {
    await tab.page.evaluate(() =>
      document
        .querySelector("openai-chatkit")!
        .setThreadId("thr_gone")
        .catch(() => {}),
    );
    await chat.failed("This chat no longer exists.");
  });
});

describe("a stream", () => {
  test("that is cut goes on from where it was", async () => {
    const answer = stage.front.hold("threads.create", 40);
    await chat.write("long");
    await chat.answers.getByText("Paragraph 0.").waitFor();
    answer.cut();
    await chat.answers.getByText("Paragraph 11.").waitFor();
    await chat.button("Send message").waitFor();
    const text = await chat.answers.first().innerText();
    expect(text.match(/Paragraph \d+\./g)).toHaveLength(12); // each once
    expect(await chat.answers.count()).toBe(1);
  });

  test("that is cut before anything came doesn't cost the draft", async () => {
    stage.front.trouble("threads.create", { cut: 0 });
    await chat.write(question);
    await chat.failed("The response was cut off.");
    await nothingIsLost();
  });

  test("that ends early is fetched again", async () => {
    stage.front.trouble("threads.create", { end: 6 });
    await chat.write(question);
    await chat.button("Send message").waitFor();
    await answered();
  });

  test("with an event that is broken goes on", async () => {
    stage.front.trouble("threads.create", { insert: "data: {broken\n\n", after: 3 });
    await chat.ask(question);
    await answered();
  });

  test("with an event of a kind to come goes on", async () => {
    const frame = 'data: {"type":"thread.item.levitated","height":3}\n\n';
    stage.front.trouble("threads.create", { insert: frame, after: 3 });
    await chat.ask(question);
    await answered();
  });

  test("that the server ends with an error shows it, and can be tried again", async () => {
    await chat.write("failure");
    await chat.failed(/^Something went wrong while answering/);
    await chat.button("Try again").first().click();
    await expect.poll(() => stage.front.types()).toContain("threads.retry_after_item");
    await chat.failed(/^Something went wrong while answering/);
    expect(await tab.page.locator(".user_message").count()).toBe(1);
  });
});

test("what is written while an answer comes stays", async () => {
  const answer = stage.front.hold("threads.create", 3);
  await chat.write(question);
  await chat.button("Stop response").waitFor();
  await chat.box.fill("The next thought");
  answer.release();
  await answered();
  await chat.button("Send message").waitFor();
  await chat.draftIs("The next thought");
});

test("a failure is told right below what it interrupted", async () => {
  await chat.write("failure");
  await chat.failed(/^Something went wrong while answering/);
  await chat.answers.first().getByText("I was about to say").waitFor();
  const gap = async () => {
    const places = [chat.answers.first(), chat.failure];
    const [answer, failure] = await Promise.all(places.map((each) => each.boundingBox()));
    return failure!.y - (answer!.y + answer!.height);
  };
  await expect.poll(gap).toBeLessThan(120);
  expect(await gap()).toBeGreaterThan(0);
});

test("an item that is not what it should be leaves the rest of its thread as it is", async () => {
  const common = { thread_id: "thr_odd", created_at: "2026-03-01T10:00:00Z" };
  const said = (id: string, text: string) => ({
    ...common,
    id,
    type: "user_message",
    content: [{ type: "input_text", text }],
    attachments: [],
    inference_options: {},
  });
  const { attachments: _, ...odd } = said("msg_2", "odd");
  const data = [said("msg_3", "after"), odd, said("msg_1", "before")];
  const items = { data, has_more: false, after: null };
  const thread = { id: "thr_odd", created_at: common.created_at, status: { type: "active" } };
  stage.front.reply("threads.get_by_id", () => ({ ...thread, items }));
  stage.front.reply("items.list", () => items);
  await tab.page.evaluate(() => document.querySelector("openai-chatkit")!.setThreadId("thr_odd"));
  const shown = () => tab.page.locator(".item").allInnerTexts();
  await expect
    .poll(shown)
    .toEqual([
      expect.stringContaining("before"),
      "This can't be shown.",
      expect.stringContaining("after"),
    ]);
  expect(await chat.box.isEnabled()).toBe(true);
});

test("a list of threads that can't be had is tried again by keyboard alone", async () => {
  const dialog = tab.page.getByRole("dialog");
  stage.front.trouble("threads.list", { status: 500 });
  await chat.button("Chat history").press("Enter");
  await dialog.getByRole("button", { name: "Try again" }).press("Enter");
  await dialog.getByText("That didn't work.").waitFor({ state: "detached" });
  await tab.page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
});
