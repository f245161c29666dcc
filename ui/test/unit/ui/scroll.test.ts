// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Scroll } from "../../../src/ui/scroll";

/** A view of 500 px on a list that can grow, with the browser's part played by hand. */
class Page {
  height = 2000;
  top = 0;
  mayFollow = true;
  readonly view = document.createElement("div");
  readonly away = signal(false);
  readonly scroll: Scroll;
  #resized = () => {};

  constructor() {
    const page = this;
    vi.stubGlobal(
      "ResizeObserver",
      class {
        constructor(resized: () => void) {
          page.#resized = resized;
        }
        observe() {}
        disconnect() {}
      },
    );
    Object.defineProperties(this.view, {
      scrollHeight: { get: () => page.height },
      clientHeight: { get: () => 500 },
      scrollTop: { get: () => page.top, set: (top: number) => page.#to(top) },
    });
    this.view.scrollTo = ((to: ScrollToOptions) => page.#to(to.top!)) as typeof this.view.scrollTo;
    const content = document.createElement("div");
    this.scroll = new Scroll(this.view, content, this.away, () => this.mayFollow);
  }

  grow(by: number): void {
    this.height += by;
    this.#to(this.top);
    this.#resized();
  }

  scrollBy(pixels: number): void {
    this.#to(this.top + pixels);
  }

  get distance(): number {
    return this.height - 500 - this.top;
  }

  #to(top: number): void {
    this.top = Math.max(0, Math.min(top, this.height - 500));
    this.view.dispatchEvent(new Event("scroll"));
  }
}

let page: Page;
beforeEach(() => {
  page = new Page();
  page.scroll.toEnd();
});
afterEach(() => {
  page.scroll.dispose();
  vi.unstubAllGlobals();
});

test("what grows is followed from the end", () => {
  page.grow(300);
  page.grow(300);
  expect(page.distance).toBe(0);
});

test("what outgrew the view while it might not be followed isn't caught up with later", () => {
  page.mayFollow = false;
  page.grow(1000);
  const { top } = page;
  page.mayFollow = true;
  page.grow(10);
  expect(page.top).toBe(top);
});

test("any move up lets go, and nothing moves the reader from then on", () => {
  page.scrollBy(-5);
  const { top } = page;
  page.grow(1000);
  page.grow(1000);
  expect(page.top).toBe(top);
  expect(page.away.value).toBe(true);
});

test("back near the end, it follows again", () => {
  page.scrollBy(-300);
  page.grow(100);
  page.scrollBy(380); // 20 px short of the end
  page.grow(100);
  expect(page.distance).toBe(0);
});

test("what shrinks is no move of the reader", () => {
  page.grow(-100);
  page.grow(300);
  expect(page.distance).toBe(0);
});

test("without the option it doesn't follow, but says that there is more", () => {
  page.mayFollow = false;
  const { top } = page;
  page.grow(1000);
  expect(page.top).toBe(top);
  expect(page.away.value).toBe(true);
  page.scroll.toEnd();
  expect(page.distance).toBe(0);
  expect(page.away.value).toBe(false);
});
