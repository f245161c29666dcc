import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import type { AxeResults } from "axe-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import type { Tab } from "./support/browser";
import type { ChatView } from "./support/chat";
import { Stage } from "./support/stage";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

let stage: Stage;
let tab: Tab;
let chat: ChatView;

beforeAll(async () => {
  stage = await Stage.set();
});

afterAll(() => stage?.strike());

afterEach(() => tab.close());

const OPTIONS = {
  threadItemActions: { feedback: true, retry: true },
  startScreen: { prompts: [{ label: "Say hello", prompt: "Hello" }] },
  composer: {
    attachments: { enabled: true },
    tools: [{ id: "search", label: "Search the web", icon: "search" }],
    models: [
      { id: "small", label: "Small", default: true },
      { id: "large", label: "Large" },
    ],
  },
  disclaimer: { text: "It may be *wrong*." },
  header: { rightAction: null },
};

const MARKDOWN = `# Rain

It falls, *often*, from [clouds](https://example.com/), as \`water\`.

![A cloud](https://example.com/a.png) ![](https://example.com/b.png)

1. one
2. two

- [x] done

> Quoted.

| a | b |
|---|--:|
| 1 | 2 |

\`\`\`python
def rain():  # falls
    return "wet" + str(1)
\`\`\`

$$x^2$$`;

/** Each state of the chat, and how a person gets there. */
const STATES: Record<string, () => Promise<void>> = {
  "the start screen": async () => {},
  "an answer in Markdown": async () => {
    await chat.ask(MARKDOWN);
  },
  "an answer with citations": async () => {
    const turn = await chat.ask("text");
    await turn
      .locator("summary, button")
      .filter({ hasText: /\d+ sources?/ })
      .click();
  },
  "an answer under way": async () => {
    await chat.write("stopped");
    await chat.answers.getByText("As far as it came").waitFor();
  },
  "a workflow": async () => {
    await chat.ask("workflow");
    for (const summary of await tab.page.locator("openai-chatkit summary").all())
      await summary.click();
  },
  "a widget": async () => {
    await chat.ask("widgets");
  },
  notices: async () => {
    await chat.ask("notes");
  },
  "a failure": async () => {
    await chat.write("failure");
    await chat.failed(/^Something went wrong while answering/);
  },
  questions: async () => {
    await chat.write("questions");
    await tab.page.getByRole("radio", { name: "red" }).check();
  },
  "a locked thread": async () => {
    await chat.ask("lock");
    await tab.page.getByText("It is settled.").waitFor();
  },
  "the history": async () => {
    await chat.ask("Hello");
    await chat.button("Chat history").click();
    await tab.page.getByRole("listitem").first().hover();
  },
  "a thread being renamed": async () => {
    await STATES["the history"]!();
    await chat
      .button(/^Rename /)
      .first()
      .click();
  },
  "a thread about to be deleted": async () => {
    await STATES["the history"]!();
    await chat
      .button(/^Delete /)
      .first()
      .click();
  },
  "the menu of models": async () => {
    await chat.button(/^Model: /).click();
  },
};

async function violations(): Promise<string[]> {
  await settled();
  await tab.page.evaluate(AXE);
  const { violations: found } = await tab.page.evaluate(async (levels) => {
    const { axe } = window as unknown as {
      axe: { run: (context: object, options: object) => Promise<AxeResults> };
    };
    return axe.run(document, { runOnly: { type: "tag", values: levels } });
  }, LEVELS);
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${String(target)}: ${failureSummary}`),
  );
}

/** Wait until what moves has come to rest: colors that fade in have no contrast yet. */
async function settled(): Promise<void> {
  await expect
    .poll(() =>
      tab.page.evaluate(() => {
        const { shadowRoot } = document.querySelector("openai-chatkit")!;
        const moving = shadowRoot.getAnimations().filter(({ effect, playState }) => {
          return playState === "running" && effect?.getComputedTiming().iterations !== Infinity;
        });
        return moving.length;
      }),
    )
    .toBe(0);
}

describe.each(["light", "dark"])("WCAG A and AA hold in %s for", (theme) => {
  test.each(Object.keys(STATES))("%s", async (state) => {
    [tab, chat] = await stage.openChat({ ...OPTIONS, theme }, { reducedMotion: "reduce" });
    await chat.page.locator("openai-chatkit .app").waitFor();
    await STATES[state]!();
    expect(await violations()).toEqual([]);
  });
});

test("an answer is a heading, and its log isn't read out piece by piece", async () => {
  [tab, chat] = await stage.openChat(OPTIONS);
  await chat.ask("Hello");
  await tab.page.getByRole("heading", { name: "You said" }).waitFor({ state: "attached" });
  await tab.page
    .getByRole("heading", { name: "The assistant said" })
    .waitFor({ state: "attached" });
  expect(await chat.log.getAttribute("aria-live")).toBe("off");
});

describe("in Arabic", () => {
  test("all runs from right to left", async () => {
    [tab, chat] = await stage.openChat({ ...OPTIONS, locale: "ar" });
    const app = tab.page.locator("openai-chatkit .app");
    await expect.poll(() => app.getAttribute("dir")).toBe("rtl");
    await expect.poll(() => app.getAttribute("lang")).toBe("ar");
    await expect
      .poll(() => tab.page.getByRole("log").getAttribute("aria-label"))
      .toMatch(/[\u0600-\u06ff]/);
    const box = tab.page.locator("openai-chatkit textarea");
    await box.fill("مرحبا بالعالم");
    await box.press("Enter");
    await tab.page.locator("openai-chatkit article.assistant").getByText("مرحبا بالعالم").waitFor();
    await expect.poll(() => stage.front.types()).toContain("threads.create");
    const send = (await tab.page.locator("openai-chatkit .send").boundingBox())!;
    const text = (await box.boundingBox())!;
    expect(send.x).toBeLessThan(text.x + text.width / 2);
    await tab.page.locator("openai-chatkit .actions").waitFor();
    expect(await violations()).toEqual([]);
  });
});

test("lists, tasks and columns stand where Arabic begins its lines", async () => {
  [tab, chat] = await stage.openChat({ ...OPTIONS, locale: "ar" });
  await tab.page.locator("openai-chatkit [dir=rtl]").waitFor();
  const box = tab.page.locator("openai-chatkit textarea");
  await box.fill("- [x] تم\n\n| المدينة | أيام |\n|---|---|\n| برغن | 231 |");
  await box.press("Enter");
  await tab.page.locator("openai-chatkit .actions").waitFor();
  const answer = tab.page.locator("openai-chatkit .assistant");
  const places = [answer.getByRole("checkbox"), answer.locator(".task p"), answer];
  const [task, text, answered] = await Promise.all(places.map((each) => each.boundingBox()));
  expect(task!.x).toBeGreaterThan(text!.x);
  expect(task!.x + task!.width).toBeLessThanOrEqual(answered!.x + answered!.width);
  const sides = await answer.locator("th:last-child, td:last-child").evaluateAll((cells) =>
    cells.map((cell) => {
      const words = document.createRange();
      words.selectNodeContents(cell);
      return words.getBoundingClientRect().right;
    }),
  );
  expect(sides[0]).toBeCloseTo(sides[1]!, 0);
});

describe("in either language", () => {
  const ARABIC =
    "- واحد\n\n1. اثنان\n\n- [x] تم\n\n> كما قيل\n\n| المدينة | أيام |\n|---|---|\n| برغن | 231 |";
  const ENGLISH =
    "- one\n\n1. two\n\n- [x] done\n\n> As said\n\n| Town | Days |\n|---|---|\n| Bergen | 231 |";
  const MIXED = "- `npm` للتثبيت:\n\n  - Hello, world.\n\n  > So.\n- And so.";

  test.each([
    ["en", ARABIC, "right"],
    ["ar", ENGLISH, "left"],
    ["en", MIXED, "right"],
  ])("lists, quotes and tables begin where their words do: %s, %j", async (locale, text, side) => {
    [tab, chat] = await stage.openChat({ ...OPTIONS, locale });
    await tab.page.locator(`openai-chatkit [lang=${locale}]`).waitFor();
    const box = tab.page.locator("openai-chatkit textarea");
    await box.fill(text);
    await box.press("Enter");
    await tab.page.locator("openai-chatkit .actions").waitFor();
    const answer = tab.page.locator("openai-chatkit .assistant .markdown");
    const begins = await answer.evaluate(beginnings);
    expect(begins.length).toBeGreaterThan(5);
    expect(begins.filter(([, at]) => at !== side)).toEqual([]);
  });

  test("a wide table shows its first columns first", async () => {
    [tab, chat] = await stage.openChat(OPTIONS, { viewport: { width: 360, height: 640 } });
    const row = (cell: string) => `|${` ${cell} |`.repeat(12)}`;
    await chat.ask([row("المدينة"), row("---"), row("برغن")].join("\n"));
    const table = chat.answers.getByRole("group", { name: "Table" });
    const places = [table, table.locator("th").first(), table.locator("th").last()];
    const [view, first, last] = await Promise.all(places.map((each) => each.boundingBox()));
    expect(first!.x + first!.width).toBeCloseTo(view!.x + view!.width, 0);
    expect(last!.x + last!.width).toBeLessThan(view!.x);
  });

  test("a sentence within the other language is in its own order", async () => {
    [tab, chat] = await stage.openChat(OPTIONS);
    await chat.ask(MIXED);
    const ends = await chat.answers.locator("p", { hasText: "Hello" }).evaluate((line) => {
      const words = line.firstChild!;
      const place = (at: number) => {
        const range = document.createRange();
        range.setStart(words, at);
        range.setEnd(words, at + 1);
        return range.getBoundingClientRect().x;
      };
      return [place(0), place(words.textContent!.length - 1)];
    });
    expect(ends[0]).toBeLessThan(ends[1]!);
  });
});

/** At which side of it each thing in an answer begins: marks, boxes, bars, columns and lines. */
function beginnings(answer: Element): [what: string, side: string][] {
  const each = <T>(selector: string, read: (found: HTMLElement) => T) =>
    [...answer.querySelectorAll<HTMLElement>(selector)].map(
      (found) => [`${found.localName} ${found.textContent}`, read(found)] as [string, T],
    );
  const side = (isLeft: boolean) => (isLeft ? "left" : "right");
  const room = (found: Element, ...lengths: ("paddingLeft" | "borderLeftWidth")[]) =>
    side(lengths.some((length) => Number.parseFloat(getComputedStyle(found)[length]) > 0));
  const line = (found: Element) => {
    const words = document.createRange();
    words.selectNodeContents(found);
    const [text, all] = [words.getBoundingClientRect(), found.getBoundingClientRect()];
    return side(text.left - all.left < all.right - text.right);
  };
  const left = (found: Element | null | undefined) => found!.getBoundingClientRect().left;
  return [
    ...each("ul, ol", (list) => room(list, "paddingLeft")),
    ...each("blockquote", (quote) => room(quote, "borderLeftWidth")),
    ...each(".task", (task) => side(left(task.children[0]) < left(task.children[1]))),
    ...each("tr", (row) => side(left(row.children[0]) < left(row.children[1]))),
    ...each("p, th, td", line),
  ];
}

test("without motion where a person wants none", async () => {
  [tab, chat] = await stage.openChat(OPTIONS, { reducedMotion: "reduce" });
  await chat.write("stopped");
  await chat.answers.getByText("As far as it came").waitFor();
  const moving = await tab.page.evaluate(() => {
    const { shadowRoot } = document.querySelector("openai-chatkit")!;
    return shadowRoot.getAnimations().filter(({ effect }) => {
      const duration = effect?.getComputedTiming().activeDuration;
      return Number(duration) > 100;
    }).length;
  });
  expect(moving).toBe(0);
});
