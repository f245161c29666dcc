import { render } from "preact";
import { act } from "preact/test-utils";
import { vi } from "vitest";

import { normalise } from "../../../src/options";
import Widget, { type WidgetProps } from "../../../src/widgets/Widget";
import type { WidgetRoot } from "../../../src/wire/types";

type More = Partial<Omit<WidgetProps, "widget">>;

export const { theme } = normalise({ api: { url: "/chatkit" } }).options!;

/** Shows widgets, one after the other, in the place of one item. */
export class Shown {
  readonly onAction = vi.fn<WidgetProps["onAction"]>(() => Promise.resolve(true));
  readonly host = document.createElement("div");
  readonly root = this.host.attachShadow({ mode: "open" });

  constructor() {
    document.body.append(this.host);
  }

  show(widget: unknown, more: More = {}): this {
    const props = { itemId: "wgt_1", theme, onAction: this.onAction, ...more };
    void act(() => render(<Widget widget={widget as WidgetRoot} {...props} />, this.root));
    return this;
  }

  get text(): string {
    return (this.root.textContent ?? "").replace(/\s+/g, " ").trim();
  }

  one<T extends Element = HTMLElement>(selector: string): T {
    const found = this.root.querySelector<T>(selector);
    if (!found) throw new Error(`nothing like ${selector} in ${this.root.innerHTML}`);
    return found;
  }

  all(selector: string): HTMLElement[] {
    return [...this.root.querySelectorAll<HTMLElement>(selector)];
  }

  /** The button that is called so. */
  button(name: string): HTMLButtonElement {
    const found = this.all("button").find((button) => this.#nameOf(button) === name);
    if (!found) throw new Error(`no button ${name} in ${this.root.innerHTML}`);
    return found as HTMLButtonElement;
  }

  async press(name: string): Promise<void> {
    await act(async () => {
      this.button(name).click();
      await Promise.resolve();
    });
  }

  #nameOf(button: HTMLElement): string {
    const labelledBy = button.getAttribute("aria-labelledby");
    const label = labelledBy ? this.root.getElementById(labelledBy)?.textContent : null;
    const name = label ?? button.getAttribute("aria-label") ?? button.textContent ?? "";
    return name.replace(/\s+/g, " ").trim();
  }
}

export function card(...children: unknown[]) {
  return { type: "Card", children };
}
