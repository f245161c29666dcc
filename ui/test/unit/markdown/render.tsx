/** Markdown in a page, for tests that need its nodes. */

import { type ComponentProps, render } from "preact";

import { Markdown, StaticMarkdown } from "../../../src/markdown/Markdown";
import { MarkdownDocument } from "../../../src/markdown/stream";
import type { ImageRules } from "../../../src/parts/images";

/** Fonts, which happy-dom has none of: those that were registered. */
export const fonts = new Set<{ family: string; source: string }>();

class TestFont {
  constructor(
    readonly family: string,
    readonly source: string,
  ) {}
}

Object.assign(globalThis, { FontFace: TestFont });
Object.defineProperty(document, "fonts", { value: fonts, configurable: true });
Object.defineProperty(document, "compatMode", { value: "CSS1Compat", configurable: true });

/** Images from everywhere, as no thread has them: for tests of what is shown of them. */
export const ANY_IMAGES: ImageRules = { endpoint: null, texts: ["*"], widgets: null };

type Options = Omit<ComponentProps<typeof Markdown>, "document">;

/** The element that shows a text. */
export function rendered(
  text: string,
  options: Options = {},
  into: ParentNode = document.body,
): HTMLElement {
  const place = document.createElement("div");
  into.append(place);
  render(<StaticMarkdown text={text} {...options} />, place);
  return place;
}

/** A text that grows, and the element that shows it. */
export function growing(options: Options = {}) {
  const place = document.createElement("div");
  document.body.append(place);
  const text = new MarkdownDocument("", () => undefined);
  const show = (now: Options = options) =>
    render(<Markdown document={text} streaming {...now} />, place);
  show();
  return {
    place,
    text,
    show,
    async add(delta: string): Promise<void> {
      text.append(delta);
      text.flush();
      await settled();
    },
  };
}

/** Once what a signal or a promise set off has been rendered. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
