import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { expect, inject } from "vitest";

import FLAGS from "../../browser-flags.json" with { type: "json" };

/**
 * Start a browser with an empty profile of its own. What it does of its own accord is off, and no
 * name but loopback's is ever looked up.
 */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: inject("browser"),
    args: FLAGS,
    chromiumSandbox: process.getuid?.() !== 0, // as root there is no sandbox
  });
}

/** A page that notes what no page may do: errors, refused loads, calls to other hosts. */
export class Tab {
  readonly faults: string[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly origin: string,
  ) {}

  static async open(browser: Browser, origin: string, options: BrowserContextOptions = {}) {
    const context = await browser.newContext({ baseURL: origin, locale: "en-US", ...options });
    context.setDefaultTimeout(10_000);
    const tab = new Tab(context, await context.newPage(), origin);
    tab.#watch();
    return tab;
  }

  #watch(): void {
    this.context.on("request", (request) => {
      const url = request.url();
      if (/^(https?|wss?):/.test(url) && new URL(url).origin !== this.origin) {
        this.faults.push(`request to another host: ${url}`);
      }
    });
    this.context.on("weberror", (error) => this.faults.push(String(error.error().stack)));
    this.context.on("console", (message) => {
      const text = message.text();
      if (/Content Security Policy|TrustedHTML|TrustedScript/.test(text)) this.faults.push(text);
    });
  }

  /** Forgive the faults that a test means to cause. */
  pardon(meant: RegExp): void {
    const others = this.faults.filter((fault) => !meant.test(fault));
    this.faults.splice(0, this.faults.length, ...others);
  }

  /** End it; fails if the page did what it may not. */
  async close(): Promise<void> {
    await this.context.close();
    expect(this.faults).toEqual([]);
  }
}
