// Takes docs/images/*.png from the running product, and fails if what a picture is of isn't there.
//
//   chatkeep serve docs/            in one terminal, then
//   node scripts/screenshots.mjs [--address http://127.0.0.1:8000] [--out ../docs/images]
//
// CHROMIUM names the browser; Debian's stands where this looks otherwise.

import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { chromium } from "playwright-core";

const FLAGS = JSON.parse(await readFile(new URL("../test/browser-flags.json", import.meta.url)));
const DESK = { viewport: { width: 1120, height: 880 }, deviceScaleFactor: 2 };
const PHONE = { viewport: { width: 390, height: 800 }, deviceScaleFactor: 2, hasTouch: true };
const QUESTIONS = ["How do I put Chatkeep into FastAPI?", "What happens when a client leaves?"];

const { values: flags } = parseArgs({
  options: {
    address: { type: "string", default: "http://127.0.0.1:8000" },
    out: { type: "string", default: "../docs/images" },
  },
});

/** Ask, and wait for the whole answer. */
async function ask(page, question) {
  const box = page.getByRole("textbox", { name: "Message" });
  await box.fill(question);
  await box.press("Enter");
  await page.getByText("Response complete").waitFor({ state: "attached" });
  await page
    .locator(".turn")
    .last()
    .evaluate((turn) => turn.scrollIntoView());
}

/** Keep the focus out of the picture, and wait until what appears has appeared. */
async function settle(page) {
  await page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.blur());
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(400);
}

const PICTURES = {
  light: {
    ...DESK,
    colorScheme: "light",
    before: (page) => ask(page, QUESTIONS[0]),
  },
  dark: {
    ...DESK,
    colorScheme: "dark",
    before: (page) => ask(page, QUESTIONS[0]),
  },
  phone: {
    ...PHONE,
    colorScheme: "light",
    before: (page) => ask(page, QUESTIONS[1]),
  },
  citation: {
    ...DESK,
    colorScheme: "light",
    before: async (page) => {
      await ask(page, QUESTIONS[1]);
      await page.getByRole("button", { name: /^\d+ source/ }).click();
      await page.locator(".sources").evaluate((list) => list.scrollIntoView({ block: "center" }));
    },
  },
  workflow: {
    ...DESK,
    colorScheme: "light",
    before: async (page) => {
      await ask(page, QUESTIONS[1]);
      await page.locator(".workflow button").first().click();
    },
  },
};

async function take(browser, name, { before, ...context }) {
  const page = await browser.newPage({ ...context, locale: "en" });
  page.setDefaultTimeout(30_000);
  await page.goto(flags.address);
  await page.getByRole("textbox", { name: "Message" }).waitFor();
  await before(page);
  await settle(page);
  await page.screenshot({ path: join(flags.out, `${name}.png`) });
  await page.close();
}

await mkdir(flags.out, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  chromiumSandbox: process.getuid?.() !== 0, // as root there is no sandbox
  args: FLAGS,
});
try {
  for (const [name, picture] of Object.entries(PICTURES)) {
    await take(browser, name, picture);
    console.log(`${name}.png`);
  }
} finally {
  await browser.close();
}
