// @vitest-environment happy-dom
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";

import type { Annotation } from "../../../src/wire/types";
import { badAddresses, violations, xss } from "../../fixtures/xss";
import { chunks } from "./random";
import { ANY_IMAGES, growing, rendered, settled } from "./render";

const ran = vi.fn();

beforeAll(async () => {
  vi.stubGlobal("xss", ran);
  // What is fetched when it is first shown
  rendered("$x$\n\n```html\n<a>\n```\n\n```js\nx\n```\n\n```xml\n<a>\n```\n");
  await vi.waitFor(() => expect(document.querySelectorAll(".katex, .hl-tag").length).toBe(3));
});

afterEach(() => document.body.replaceChildren());

test("the corpus is as large as it should be, without doubles", () => {
  expect(xss.length).toBeGreaterThanOrEqual(200);
  expect(new Set(xss).size).toBe(xss.length);
});

describe("nothing but what the node map names comes out of", () => {
  test.each(xss.map((text) => [JSON.stringify(text), text]))("%s", async (_, text) => {
    const place = rendered(text, { images: ANY_IMAGES });
    await settled();
    expect(violations(place)).toEqual([]);
    expect(ran).not.toHaveBeenCalled();
  });
});

test("nor at any moment while it arrives", async () => {
  for (const text of xss) {
    const { place, add } = growing();
    for (const piece of chunks(`${text}\n\nend`, 12, 1)) {
      await add(piece);
      expect(violations(place)).toEqual([]);
    }
    place.remove();
  }
  expect(ran).not.toHaveBeenCalled();
});

test("the checks would notice", () => {
  const place = document.createElement("div");
  place.innerHTML = `<iframe></iframe><p onclick="x"></p><a href="javascript:x">x</a><b id="x"></b>`;
  expect(violations(place)).toHaveLength(5);
});

test.each(badAddresses)("a source at %s is no link", (url) => {
  const source = { type: "url", url, title: "Source" } as const;
  const annotations: Annotation[] = [{ type: "annotation", source, index: 2 }];
  const place = rendered("text", { annotations });
  expect(place.querySelector(".cite")).not.toBeNull();
  const href = place.querySelector("a")?.href;
  expect(href === undefined || /^https?:/.test(href)).toBe(true);
  expect(violations(place)).toEqual([]);
});
