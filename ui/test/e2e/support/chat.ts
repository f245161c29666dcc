import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

/** The chat as a person sees it. */
export class ChatView {
  constructor(readonly page: Page) {}

  get box(): Locator {
    return this.page.getByRole("textbox", { name: "Message" });
  }

  get log(): Locator {
    return this.page.getByRole("log");
  }

  get status(): Locator {
    return this.page.locator("openai-chatkit .sr[role=status]");
  }

  get answers(): Locator {
    return this.page.locator("article.assistant");
  }

  /** What is said of a failure. */
  get failure(): Locator {
    return this.log.getByRole("alert");
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole("button", { name });
  }

  async write(text: string): Promise<void> {
    await this.box.fill(text);
    await this.box.press("Enter");
  }

  /** Ask, and wait until the answer is whole. */
  async ask(text: string): Promise<Locator> {
    const turns = this.page.locator(".turn");
    const count = await turns.count();
    await this.write(text);
    const turn = turns.nth(count);
    await turn.waitFor();
    await this.page.locator(".send.stop").waitFor({ state: "detached" });
    return turn;
  }

  async failed(text: string | RegExp): Promise<void> {
    await this.failure.getByText(text).waitFor();
  }

  async draftIs(text: string): Promise<void> {
    await expect.poll(() => this.box.inputValue()).toBe(text);
  }
}
