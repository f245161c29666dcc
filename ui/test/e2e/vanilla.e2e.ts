import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import type { Tab } from "./support/browser";
import type { ChatView } from "./support/chat";
import { Foreign } from "./support/foreign";
import { page, Stage } from "./support/stage";

let stage: Stage;
let tab: Tab;
let chat: ChatView;

beforeAll(async () => {
  stage = await Stage.set();
});

afterAll(() => stage?.strike());

afterEach(() => tab.close());

const OPTIONS = '{ api: { url: "/chatkit" }, startScreen: { greeting: "Hello there" } }';

/** Open a page with a tag in its markup, and a script of its own. */
async function openPage(script: string): Promise<void> {
  [tab, chat] = await stage.open();
  const own = '<script src="/own.js" defer></script>';
  const body = "<main><openai-chatkit></openai-chatkit></main>";
  stage.front.serve("/own.js", script);
  stage.front.serve("/plain.html", page(body, own));
  await tab.page.goto("/plain.html");
}

async function greets(): Promise<void> {
  await tab.page.getByRole("heading", { name: "Hello there" }).waitFor();
}

test("a server of another origin that allows no header of ours is spoken to all the same", async () => {
  const foreign = await Foreign.start(stage.backend.origin);
  try {
    [tab, chat] = await stage.open();
    const body = "<main><openai-chatkit></openai-chatkit></main>";
    stage.front.serve("/foreign.html", page(body), { policy: false });
    await tab.page.goto("/foreign.html");
    await tab.page.evaluate(async (url) => {
      await customElements.whenDefined("openai-chatkit");
      const element = document.querySelector("openai-chatkit")!;
      element.setOptions({ api: { url, domainKey: "" }, history: { enabled: false } });
    }, foreign.url);
    await chat.ask("Good day");
    expect(await chat.answers.first().innerText()).toContain("Good day");
    tab.pardon(/request to another host: .*\/chatkit$/);
  } finally {
    await foreign.stop();
  }
});

describe("a page without a framework", () => {
  test("sets options once the tag is defined", async () => {
    await openPage(`
      customElements.whenDefined("openai-chatkit").then(() => {
        document.querySelector("openai-chatkit").setOptions(${OPTIONS});
      });`);
    await greets();
    await chat.ask("Good day");
    expect(await chat.answers.first().innerText()).toContain("Good day");
  });

  test("sets options before the element is in the page", async () => {
    await openPage(`
      customElements.whenDefined("openai-chatkit").then(() => {
        const chat = document.createElement("openai-chatkit");
        chat.setOptions(${OPTIONS});
        document.querySelector("openai-chatkit").replaceWith(chat);
      });`);
    await greets();
  });

  test("sets options after, and again: the new ones replace the old", async () => {
    await openPage(`
      customElements.whenDefined("openai-chatkit").then(() => {
        const chat = document.querySelector("openai-chatkit");
        chat.setOptions(${OPTIONS});
        chat.addEventListener("chatkit.ready", () => chat.setOptions({ api: { url: "/chatkit" } }));
      });`);
    await tab.page.getByRole("heading", { name: "What can I help with today?" }).waitFor();
  });

  test("listens and calls before the element has begun", async () => {
    await openPage(`
      window.heard = [];
      const chat = document.querySelector("openai-chatkit");
      for (const name of ["ready", "thread.change", "response.start", "response.end"]) {
        chat.addEventListener("chatkit." + name, () => window.heard.push(name));
      }
      customElements.whenDefined("openai-chatkit").then(() => {
        chat.sendUserMessage({ text: "Early" });
        chat.setOptions(${OPTIONS});
      });`);
    await expect
      .poll(() => chat.answers.allInnerTexts())
      .toEqual([expect.stringContaining("Early")]);
    await expect
      .poll(() => tab.page.evaluate(() => (window as unknown as { heard: string[] }).heard))
      .toEqual(
        expect.arrayContaining(["ready", "thread.change", "response.start", "response.end"]),
      );
    const [first] = await tab.page.evaluate(() => (window as unknown as { heard: string[] }).heard);
    expect(first).toBe("ready");
  });

  test("loads the script twice without harm", async () => {
    [tab, chat] = await stage.open();
    const twice = '<script src="/chatkit/ui/chatkit.js?again"></script>';
    const script = `customElements.whenDefined("openai-chatkit").then(() => {
      document.querySelector("openai-chatkit").setOptions(${OPTIONS});
    });`;
    stage.front.serve("/own.js", script);
    const body = '<main><openai-chatkit></openai-chatkit></main><script src="/own.js"></script>';
    stage.front.serve("/plain.html", page(body, twice));
    await tab.page.goto("/plain.html");
    await greets();
  });

  test("has two of them, each with its own thread and draft", async () => {
    [tab, chat] = await stage.openChat();
    await tab.page.evaluate(async () => {
      const second = document.createElement("openai-chatkit");
      second.id = "second";
      second.setOptions({ api: { url: "/chatkit" }, startScreen: { greeting: "The second" } });
      document.querySelector("main")!.append(second);
      await second.focusComposer();
    });
    const first = tab.page.locator("openai-chatkit").first();
    const second = tab.page.locator("#second");
    const box = (of: typeof first) => of.getByRole("textbox", { name: "Message" });
    await second.getByText("The second").waitFor();
    await box(first).fill("To the first");
    await box(first).press("Enter");
    await first.locator("article.assistant").getByText("To the first").waitFor();
    await box(first).fill("A draft");
    expect(await second.locator(".turn").count()).toBe(0);
    expect(await box(second).inputValue()).toBe("");
    await box(second).fill("To the second");
    await box(second).press("Enter");
    await second.locator("article.assistant").getByText("To the second").waitFor();
    expect(await first.getByText("To the second").count()).toBe(0);
    expect(await box(first).inputValue()).toBe("A draft");
  });

  test("takes it out in the middle of an answer, and puts it back", async () => {
    [tab, chat] = await stage.openChat();
    const answer = stage.front.hold("threads.create", 6);
    await chat.write("long");
    await chat.answers.first().waitFor();
    await chat.box.fill("The next thought");
    await tab.page.evaluate(async () => {
      const element = document.querySelector("openai-chatkit")!;
      element.remove();
      while (element.shadowRoot.childElementCount) await new Promise((done) => setTimeout(done));
      document.querySelector("main")!.append(element);
    });
    answer.cut();
    await chat.answers.getByText("Paragraph 11.").waitFor(); // it went on without us
    expect(await tab.page.locator(".user_message").count()).toBe(1);
    await chat.draftIs("The next thought");
  });

  test("imports the module instead", async () => {
    [tab, chat] = await stage.open();
    stage.front.serve(
      "/own.js",
      `import "/chatkit/ui/chatkit.mjs";
       document.querySelector("openai-chatkit").setOptions(${OPTIONS});`,
    );
    const body = "<main><openai-chatkit></openai-chatkit></main>";
    const html = page(body, '<script type="module" src="/own.js"></script>');
    stage.front.serve(
      "/plain.html",
      html.replace(/<script src="[^"]*chatkit\.js" async><\/script>/, ""),
    );
    await tab.page.goto("/plain.html");
    await greets();
  });

  test("is told where it would look what is missing from its options", async () => {
    await openPage(`
      customElements.whenDefined("openai-chatkit").then(() => {
        document.querySelector("openai-chatkit").setOptions({ api: { getClientSecret() {} } });
      });`);
    await tab.page
      .getByRole("alert")
      .getByText(/give api\.url/)
      .waitFor();
  });
});
