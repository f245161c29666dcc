import type { IncomingMessage } from "node:http";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { Tab } from "./support/browser";
import type { ChatView } from "./support/chat";
import { Gallery, PIXEL } from "./support/gallery";
import { page, Stage } from "./support/stage";

const ENDPOINT = "/chatkit";
const NOW = "2026-01-01T00:00:00Z";

let stage: Stage;
let evil: Gallery;
let good: Gallery;
let tab: Tab;
let chat: ChatView;
/** What the page's own host is asked for, apart from the chat and its files. */
let own: string[];

beforeAll(async () => {
  stage = await Stage.set();
  evil = await Gallery.open();
  good = await Gallery.open(`http://${evil.host}/arrived.png`);
  // Nothing but the element keeps images from being loaded: this page has no policy.
  stage.front.serve("/bare.html", page(), { policy: false });
  stage.front.serve("/chatkit/files/own.png", PIXEL);
  stage.front.server.on("request", ({ url }: IncomingMessage) => {
    const isChat = url === ENDPOINT || url!.startsWith("/chatkit/ui/");
    if (!isChat && url !== "/bare.html" && url !== "/favicon.ico") own.push(url!);
  });
});

afterAll(async () => {
  await stage?.strike();
  await Promise.all([evil, good].map((gallery) => gallery?.close()));
});

beforeEach(() => {
  own = [];
  evil.asked.length = good.asked.length = 0;
});

afterEach(() => tab.close());

async function open(options: object = {}, path = "/bare.html"): Promise<void> {
  [tab, chat] = await stage.open();
  await tab.page.goto(path);
  await tab.page.evaluate(async (given) => {
    await customElements.whenDefined("openai-chatkit");
    const element = document.createElement("openai-chatkit");
    const ready = new Promise((resolve) => element.addEventListener("chatkit.ready", resolve));
    element.setOptions({ api: { url: "/chatkit" }, ...given });
    document.querySelector("main")!.append(element);
    await ready;
  }, options);
}

/** Have a text said back, word by word, and all that it shows come into view. */
async function sayBack(text: string): Promise<void> {
  await tab.page.evaluate((given) => {
    const element = document.querySelector("openai-chatkit")!;
    return element.sendUserMessage({ text: given });
  }, text);
  await tab.page.locator(".send.stop").waitFor({ state: "detached" });
  await seeAll();
}

/** Scroll over all there is, so that images that load when they are seen do. */
async function seeAll(): Promise<void> {
  for (const image of await tab.page.locator("openai-chatkit img").all()) {
    await image.scrollIntoViewIfNeeded();
  }
  await tab.page.evaluate(async () => {
    for (const image of document
      .querySelector("openai-chatkit")!
      .shadowRoot.querySelectorAll("img")) {
      if (!image.complete) await new Promise((end) => (image.onload = image.onerror = end));
    }
  });
}

function links() {
  return tab.page.locator(".image-link");
}

/** The ways in which a text may hold an image at an address. */
const ways = (address: string): string[] => [
  `![a](${address})`,
  `![](<${address}> "title")`,
  `text ![a *b*](${address}) text`,
  `![a][ref]\n\n[ref]: ${address}`,
  `![ref2][]\n\n[ref2]: <${address}> 'title'`,
  `![ref3]\n\n[ref3]:\n   ${address}`,
  `- ![a](${address})\n- [ ] ![b](${address})`,
  `> ![a](${address})`,
  `| a |\n|---|\n| ![a](${address}) |`,
  `# ![a](${address})`,
  `**![a](${address})**`,
];

describe("while an answer comes, no other host is asked for an image of it", () => {
  test("however the text says it", async () => {
    const hosts = [
      `http://${evil.host}`,
      `//${evil.host}`,
      `HTTP://${evil.host}`,
      `http:\\\\${evil.host}`,
      `/\\${evil.host}`,
      `http&colon;//${evil.host}`,
      `&#104;ttp://${evil.host}`,
      `http://good.example@${evil.host}`,
      `http://user:word@${evil.host}`,
      `http://${evil.host.replace("127.0.0.1", "2130706433")}`, // the same address as a number
      "https://xn--e1awd7f.example",
      "https://\u0435xample.example", // a Cyrillic letter
      "https://good.example.",
      "https://sub.good.example",
      "https://good.example:8443",
    ];
    await open({ images: { allowedDomains: ["good.example", "example"] } });
    const addresses = hosts.map((host, at) => `${host}/${at}.png?secret=1`);
    await sayBack(addresses.map((address) => `![a](${address})`).join("\n\n"));
    expect(await links().count()).toBe(addresses.length);
    for (const way of ways(`http://${evil.host}/way.png`)) await sayBack(way);
    expect(await tab.page.locator("article.assistant img").count()).toBe(0);
    expect(await links().count()).toBe(addresses.length + ways("").length + 1); // one has two
    expect(evil.asked).toEqual([]);
  });

  test("nor within a link, whose own address is all there is to open", async () => {
    await open();
    await sayBack(`[![a chart](http://${evil.host}/a.png)](https://b.example)`);
    expect(await chat.answers.getByRole("link", { name: "a chart" }).getAttribute("href")).toBe(
      "https://b.example/",
    );
    expect(evil.asked).toEqual([]);
  });

  test("until a person opens it", async () => {
    await open();
    await sayBack(`![a chart](http://${evil.host}/chart.png)`);
    expect(evil.asked).toEqual([]);
    const link = chat.answers.getByRole("link", { name: `Show image a chart ${evil.host}` });
    const [opened] = await Promise.all([tab.context.waitForEvent("page"), link.click()]);
    await opened.waitForLoadState();
    expect(opened.url()).toBe(`http://${evil.host}/chart.png`);
    expect(evil.asked).toContain("/chart.png");
    tab.pardon(/^request to another host/);
  });
});

describe("of the page's own host", () => {
  test("nothing is asked for outside the endpoint", async () => {
    await open({ images: { allowedDomains: ["*", "*.0.0.1"] } });
    const paths = [
      "/logout",
      "logout",
      "/chatkit/../logout",
      "/chatkit/%2e%2e/logout",
      "/chatkit/..%2flogout",
      "/chatkit/..;/logout",
      "/chatkits/a.png",
      `//${new URL(stage.front.origin).host}/logout`,
    ];
    await sayBack(paths.map((path) => `![out](${path})`).join("\n\n"));
    expect(own).toEqual([]);
    expect(await links().count()).toBe(paths.length);
  });

  test("what lies below the endpoint is shown", async () => {
    await open();
    await sayBack("![our own](/chatkit/files/own.png)");
    const width = tab.page.locator("article.assistant img").evaluate((image) => {
      return (image as HTMLImageElement).naturalWidth;
    });
    expect(await width).toBe(1);
    expect(own).toEqual(["/chatkit/files/own.png"]);
  });
});

describe("of a host that the page allows", () => {
  test("images are shown; one that can't be loaded is a link", async () => {
    await open({ images: { allowedDomains: [good.host] } });
    await sayBack(`![there](http://${good.host}/a.png)\n\n![gone](http://${good.host}/gone.png)`);
    await chat.answers.getByRole("img", { name: "there" }).waitFor();
    await chat.answers.getByRole("link", { name: `Show image gone ${good.host}` }).waitFor();
    expect(await tab.page.locator("article.assistant img").count()).toBe(1);
    expect(good.asked.toSorted()).toEqual(["/a.png", "/gone.png"]);
    tab.pardon(/^request to another host/);
  });

  // As the docs say: only the page's policy can hold a browser back that is sent on.
  test("one that it sends on is followed", async () => {
    await open({ images: { allowedDomains: [good.host] } });
    await sayBack(`![moved](http://${good.host}/moved.png)`);
    expect(evil.asked).toEqual(["/arrived.png"]);
    tab.pardon(/^request to another host/);
  });

  test("what the page's policy refuses is a link", async () => {
    await open({ images: { allowedDomains: [good.host] } }, "/vanilla.html");
    await sayBack(`![there](http://${good.host}/a.png)`);
    await chat.answers.getByRole("link", { name: `Show image there ${good.host}` }).waitFor();
    expect(good.asked).toEqual([]);
    tab.pardon(/^request to another host|Content Security Policy/);
  });
});

/** Open a thread that holds these items, from a server of the test's own. */
async function openThread(items: object[], allowed: string[] | null): Promise<void> {
  const thread = { id: "thr_1", title: "A thread", created_at: NOW, status: { type: "active" } };
  const none = { data: [], has_more: false, after: null };
  stage.front.reply("threads.get_by_id", () => ({
    ...thread,
    metadata: {},
    allowed_image_domains: allowed,
    items: none,
  }));
  const own = { thread_id: "thr_1", created_at: NOW };
  const data = items.map((item, at) => ({ id: `item_${at}`, ...own, ...item })).toReversed();
  stage.front.reply("items.list", () => ({ ...none, data }));
  await tab.page.evaluate(() => document.querySelector("openai-chatkit")!.setThreadId("thr_1"));
  await seeAll();
}

const image = (name: string) => `![${name}](http://${evil.host}/${name}.png)`;

/** Each kind of item with an image in a text of it. */
const texts = () => [
  {
    type: "assistant_message",
    content: [{ type: "output_text", text: image("answer"), annotations: [] }],
  },
  {
    type: "workflow",
    workflow: {
      type: "reasoning",
      expanded: true,
      tasks: [
        { type: "thought", content: image("thought"), status_indicator: "complete" },
        { type: "custom", title: "t", content: image("step"), status_indicator: "complete" },
      ],
    },
  },
  {
    type: "task",
    task: { type: "custom", title: "t", content: image("task"), status_indicator: "complete" },
  },
  {
    type: "widget",
    widget: { type: "Card", children: [{ type: "Markdown", value: image("widget") }] },
  },
];

describe("wherever a text stands", () => {
  const NAMES = ["answer", "thought", "step", "task", "widget"];

  test("its images are not asked for", async () => {
    await open({ disclaimer: { text: image("disclaimer") } });
    await openThread(texts(), null);
    for (const name of [...NAMES, "disclaimer"]) {
      await tab.page.getByRole("link", { name: `Show image ${name} ` }).waitFor();
    }
    const notice = JSON.stringify({ type: "notice", level: "info", message: image("notice") });
    stage.front.trouble("threads.create", { insert: `data: ${notice}\n\n`, after: 1 });
    await tab.page.evaluate(() => document.querySelector("openai-chatkit")!.setThreadId(null));
    await sayBack("text");
    await tab.page.getByRole("link", { name: "Show image notice " }).waitFor();
    expect(evil.asked).toEqual([]);
  });

  test("its thread's hosts are those that count, not the page's", async () => {
    await open({ images: { allowedDomains: [evil.host] } });
    await openThread(texts(), [good.host]);
    for (const name of NAMES) {
      await tab.page.getByRole("link", { name: `Show image ${name} ` }).waitFor();
    }
    expect(evil.asked).toEqual([]);
  });

  test("its thread's hosts show it", async () => {
    await open();
    await openThread(texts(), [evil.host]);
    for (const name of NAMES) await tab.page.getByRole("img", { name, exact: true }).waitFor();
    expect(evil.asked.toSorted()).toEqual(NAMES.map((name) => `/${name}.png`).toSorted());
    tab.pardon(/^request to another host/);
  });
});

/** What is made for an image, and that the server fills. */
const fields = () => {
  const url = (name: string) => `http://${good.host}/${name}.png`;
  const attachment = { id: "atc_1", type: "image", name: "a.png", mime_type: "image/png" };
  return [
    {
      type: "user_message",
      content: [],
      attachments: [{ ...attachment, preview_url: url("attached") }],
      inference_options: {},
    },
    { type: "generated_image", image: { id: "img_1", url: url("generated") } },
    {
      type: "widget",
      widget: {
        type: "Card",
        status: { text: "Status", favicon: url("favicon") },
        background: `url(${url("background")})`,
        children: [
          { type: "Image", src: url("picture"), alt: "p", background: `url(${url("b")})` },
        ],
      },
    },
  ];
};

describe("what the server puts into a field for an image", () => {
  test("is shown, but for backgrounds, which are colours", async () => {
    await open();
    await openThread(fields(), null);
    const all = ["/attached.png", "/favicon.png", "/generated.png", "/picture.png"];
    await expect.poll(() => good.asked.toSorted()).toEqual(all);
    tab.pardon(/^request to another host/);
  });

  test("is held to the thread's hosts in widgets, where a template may hold anyone's data", async () => {
    await open();
    await openThread(fields(), []);
    await expect.poll(() => good.asked.toSorted()).toEqual(["/attached.png", "/generated.png"]);
    tab.pardon(/^request to another host/);
  });
});
