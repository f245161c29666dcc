import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import type { Tab } from "./support/browser";
import type { ChatView } from "./support/chat";
import { PIXEL } from "./support/gallery";
import { Stage } from "./support/stage";

const PICTURE = { name: "adas.png", mimeType: "image/png", buffer: PIXEL };
const ATTACHMENT = {
  id: "atc_1",
  type: "image",
  name: "adas.png",
  mime_type: "image/png",
  preview_url: "/chatkit/ui/page/icon.svg",
};

let stage: Stage;
let tab: Tab;
let chat: ChatView;

beforeAll(async () => {
  stage = await Stage.set("users_app:chat");
});

afterAll(() => stage?.strike());

afterEach(() => tab.close());

/** What a page gives the element: who uses it, if it says so. */
function options(userId?: string) {
  return {
    api: { url: "/chatkit", userId, uploadStrategy: { type: "two_phase" as const } },
    composer: { attachments: { enabled: true } },
  };
}

/** Sign in on the server, or out of it. */
async function sign(user: string | null): Promise<void> {
  await tab.context.clearCookies();
  if (!user) return;
  await tab.context.addCookies([{ name: "user", value: user, url: stage.front.origin }]);
}

async function openAs(user: string, given: object): Promise<void> {
  [tab, chat] = await stage.open();
  await sign(user);
  await load(given);
}

/** Load the page, as anew, with the element in it. */
async function load(given: object): Promise<void> {
  await tab.page.goto("/vanilla.html");
  await tab.page.evaluate(async (options) => {
    await customElements.whenDefined("openai-chatkit");
    const element = document.createElement("openai-chatkit");
    const ready = new Promise((resolve) => element.addEventListener("chatkit.ready", resolve));
    element.setOptions(options as never);
    document.querySelector("main")!.append(element);
    await ready;
  }, given);
}

async function setOptions(given: object): Promise<void> {
  await tab.page.evaluate((options) => {
    document.querySelector("openai-chatkit")!.setOptions(options as never);
  }, given);
}

/** Leave something everywhere: in a thread, its draft, the new chat's, and two uploads. */
async function leaveTraces(): Promise<void> {
  await chat.ask("Ada asks");
  await chat.box.fill("Ada in the thread");
  await chat.button("New chat").first().click();
  stage.front.reply("attachments.create", () => ATTACHMENT);
  const files = tab.page.locator("openai-chatkit input[type=file]");
  await files.setInputFiles([PICTURE]);
  await tab.page.locator(".upload.ready").waitFor();
  await tab.page.route("/files/**", () => {}); // never answered
  const upload = { url: "/files/2", method: "PUT" };
  stage.front.reply("attachments.create", () => ({ ...ATTACHMENT, upload_descriptor: upload }));
  await files.setInputFiles([{ ...PICTURE, name: "adas-second.png" }]);
  await tab.page.locator(".upload.uploading").waitFor();
  await chat.box.fill("Ada's secret");
}

/** All that a person can read in the chat, and in its fields. */
async function readable(): Promise<string> {
  return tab.page.evaluate(() => {
    const root = document.querySelector("openai-chatkit")!.shadowRoot;
    const fields = [...root.querySelectorAll<HTMLInputElement>("input, textarea")];
    const attributes = [...root.querySelectorAll("*")].flatMap(({ attributes }) => [...attributes]);
    return [root.textContent, ...[...fields, ...attributes].map(({ value }) => value)].join("\n");
  });
}

const kept = () => tab.page.evaluate(() => JSON.stringify({ ...sessionStorage }));

describe("who signs in after another in the same tab", () => {
  test("sees nothing of theirs, who find it again", async () => {
    await openAs("ada", options("ada"));
    await leaveTraces();
    await chat.button("Chat history").click();
    await tab.page
      .getByRole("dialog")
      .getByRole("button", { name: "Ada asks", exact: true })
      .waitFor();
    expect(await readable()).toMatch(/Ada asks[^]*Ada's secret|Ada's secret[^]*Ada asks/);

    await sign("bob");
    await setOptions(options("bob"));
    await chat.draftIs("");
    expect(await readable()).not.toMatch(/ada/i);
    expect(await tab.page.locator("openai-chatkit img").count()).toBe(0);
    await chat.button("Chat history").click();
    await tab.page.getByText("Your chats will be kept here.").waitFor();
    expect(await readable()).not.toMatch(/ada/i);
    await chat.button("Close history").click();
    await chat.ask("Bob asks");
    expect(await readable()).not.toMatch(/ada/i);

    await sign("ada");
    await setOptions(options("ada"));
    await chat.draftIs("Ada's secret");
    expect(await readable()).not.toContain("Bob");
  });

  test("sees nothing of theirs after a reload either", async () => {
    await openAs("ada", options("ada"));
    await leaveTraces();
    await sign("bob");
    await load(options("bob"));
    await chat.draftIs("");
    expect(await readable()).not.toMatch(/ada/i);
    await sign("ada");
    await load(options("ada"));
    await chat.draftIs("Ada's secret");
  });
});

describe("a session that has ended", () => {
  test.each([["ada"], [undefined]])("takes the drafts with it, of the user %s", async (userId) => {
    await openAs("ada", options(userId));
    await leaveTraces();
    expect(await kept()).toContain("Ada");
    await sign(null);
    await chat.button("Chat history").click();
    await tab.page.getByText("Sign in to continue.").waitFor();
    await chat.button("Close history").click();
    await chat.draftIs("");
    expect(await tab.page.locator(".upload").count()).toBe(0);
    expect(await kept()).toBe("{}");
    await sign("bob");
    await load(options(userId));
    await chat.draftIs("");
  });

  test("takes a message with it that it was too late for", async () => {
    await openAs("ada", options());
    await chat.box.fill("Ada's secret");
    await sign(null);
    await chat.box.press("Enter");
    await chat.failed("Sign in to continue.");
    await chat.draftIs("");
    expect(await readable()).not.toContain("Ada's secret");
    expect(await kept()).toBe("{}");
    expect(await chat.button("Try again").count()).toBe(0);
  });
});

test("a page that signs its user out has the drafts cleared", async () => {
  await openAs("ada", options());
  await leaveTraces();
  await tab.page.evaluate(() => document.querySelector("openai-chatkit")!.clearDrafts());
  await chat.draftIs("");
  expect(await tab.page.locator(".upload").count()).toBe(0);
  expect(await kept()).toBe("{}");
});
