import { afterAll, beforeAll, expect, test } from "vitest";
import { HOSTILE } from "./support/hostile";
import { page, Stage } from "./support/stage";

declare global {
  interface Window {
    ran: string[];
    shown: string;
  }
}

/** Messages in one thread, before the next is begun. */
const PER_THREAD = 25;

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.set();
  // Nothing but the element keeps these from running: this page has no policy.
  stage.front.serve("/bare.html", page(), { policy: false });
});

afterAll(() => stage?.strike());

const SUSPECT = `script, iframe, object, embed, base, meta, link, style, form[action], noscript,
  template, use, animate, set, foreignObject`;

test(`none of ${HOSTILE.length} hostile answers runs`, { timeout: 180_000 }, async () => {
  const [tab] = await stage.open();
  await tab.context.addInitScript(() => {
    window.ran = [];
    Object.assign(window, { xss: () => window.ran.push(window.shown) });
  });
  tab.page.on("dialog", (dialog) => void dialog.dismiss());
  await tab.page.goto("/bare.html");
  await tab.page.evaluate(async () => {
    await customElements.whenDefined("openai-chatkit");
    const chat = document.createElement("openai-chatkit");
    chat.setOptions({ api: { url: "/chatkit" } });
    document.querySelector("main")!.append(chat);
  });
  // That a hostile page would be seen to be one.
  await tab.page.evaluate(() => {
    const image = document.createElement("div");
    image.innerHTML = "<img src=x: onerror=xss()>";
  });
  await expect.poll(() => tab.page.evaluate(() => window.ran.splice(0).length)).toBe(1);

  for (let at = 0; at < HOSTILE.length; at += PER_THREAD) {
    const batch = HOSTILE.slice(at, at + PER_THREAD);
    const found = await tab.page.evaluate(showAll, { batch, suspect: SUSPECT });
    expect(found).toEqual([]);
  }
  expect(await tab.page.evaluate(() => window.ran)).toEqual([]);
  expect(tab.page.url()).toBe(`${stage.front.origin}/bare.html`);
  await tab.close();
});

/** In the page: have each said back, touch all there is, and list what should not be there. */
async function showAll({
  batch,
  suspect,
}: {
  batch: string[];
  suspect: string;
}): Promise<string[]> {
  const chat = document.querySelector("openai-chatkit")!;
  const found: string[] = [];
  let newThread = true;
  for (const text of batch) {
    window.shown = text;
    const ended = new Promise((resolve) =>
      chat.addEventListener("chatkit.response.end", resolve, { once: true }),
    );
    await chat.sendUserMessage({ text, newThread });
    newThread = false;
    await ended;
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    for (const element of chat.shadowRoot.querySelectorAll<HTMLElement>(".item *")) {
      if (element.matches(suspect)) found.push(`${element.localName} from ${text}`);
      for (const { name, value } of element.attributes) {
        const unsafe = name.startsWith("on") || /^\W*(java|vb)script\W*:|^data:text/i.test(value);
        if (unsafe && !["aria-label", "title", "alt", "data-key"].includes(name)) {
          found.push(`${name}="${value}" from ${text}`);
        }
      }
      const href = element.getAttribute("href");
      if (
        href &&
        !/^(https?|mailto|tel|chatkit-link):/.test(new URL(href, location.href).protocol)
      ) {
        found.push(`a link to ${href} from ${text}`);
      }
      for (const name of ["mouseover", "focus", "toggle"]) element.dispatchEvent(new Event(name));
    }
  }
  return found;
}
