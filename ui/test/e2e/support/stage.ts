import type { Browser, BrowserContextOptions } from "playwright-core";

import { Backend } from "./backend";
import { launch, Tab } from "./browser";
import { ChatView } from "./chat";
import { Front } from "./front";

/** A scripted server, its front and a browser, for the tests of one file. */
export class Stage {
  private constructor(
    readonly backend: Backend,
    readonly front: Front,
    readonly browser: Browser,
  ) {}

  /** @param app What the server answers with: a module below support/, and a name in it. */
  static async set(app = "scripted_app:chat"): Promise<Stage> {
    const [backend, browser] = await Promise.all([Backend.start("--app", app), launch()]);
    const front = await Front.start(backend.origin);
    front.serve("/vanilla.html", page());
    return new Stage(backend, front, browser);
  }

  async strike(): Promise<void> {
    await this.browser.close();
    await this.front.stop();
    await this.backend.stop();
  }

  async open(options: BrowserContextOptions = {}): Promise<[Tab, ChatView]> {
    this.front.reset();
    const tab = await Tab.open(this.browser, this.front.origin, options);
    return [tab, new ChatView(tab.page)];
  }

  /** Open a plain page with the element in it, with these options and the address. */
  async openChat(
    options: object = {},
    context: BrowserContextOptions = {},
  ): Promise<[Tab, ChatView]> {
    const [tab, chat] = await this.open(context);
    await tab.page.goto("/vanilla.html");
    await tab.page.evaluate(async (given) => {
      await customElements.whenDefined("openai-chatkit");
      const element = document.createElement("openai-chatkit");
      const ready = new Promise((resolve) => element.addEventListener("chatkit.ready", resolve));
      element.setOptions({ api: { url: "/chatkit" }, ...given });
      document.querySelector("main")!.append(element);
      await ready;
    }, options);
    return [tab, chat];
  }
}

/** A page that fills its window, with the element's loader and perhaps a script of its own. */
export function page(body = "<main></main>", head = ""): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, viewport-fit=cover">
<title>Test</title>
<link rel="stylesheet" href="/chatkit/ui/page/page.css">
<script src="/chatkit/ui/chatkit.js" async></script>
${head}
${body}
</html>`;
}
