// @vitest-environment happy-dom
import { afterEach, describe, expect, test, vi } from "vitest";

import type { Annotation, Source } from "../../../src/wire/types";
import { seeded } from "./random";
import { growing, rendered, settled } from "./render";

afterEach(() => document.body.replaceChildren());

const url = (name: string): Source => ({
  type: "url",
  url: `https://${name}.example/`,
  title: name,
});

/** A text with `‸` where the sources are cited, and what is shown, with `‸` where marks are. */
function placed(marked: string): string {
  const points = [...marked];
  const annotations: Annotation[] = [];
  for (let at = points.indexOf("‸"); at >= 0; at = points.indexOf("‸")) {
    points.splice(at, 1);
    annotations.push({ type: "annotation", source: url(`s${annotations.length}`), index: at });
  }
  const place = rendered(points.join(""), { annotations });
  for (const mark of place.querySelectorAll(".cite")) mark.replaceWith("‸");
  const code = [...place.querySelectorAll(".code")];
  for (const node of code) node.replaceWith(node.querySelector("code")!);
  return place
    .querySelector(".markdown")!
    .innerHTML.replace(/ (?:dir|class|start|scope|target|rel|tabindex|role|aria-\w+)="[^"]*"/g, "");
}

test("a mark of a source within the page tells the page", () => {
  const onDeeplink = vi.fn();
  const source: Source = { type: "url", url: "chatkit-link://claim?id=7", title: "Claim 7" };
  const annotations: Annotation[] = [{ type: "annotation", source, index: 1 }];
  const mark = rendered("a", { annotations, onDeeplink }).querySelector<HTMLElement>("a.cite")!;
  const press = new MouseEvent("click", { bubbles: true, cancelable: true });
  mark.dispatchEvent(press);
  expect(press.defaultPrevented).toBe(true);
  expect(onDeeplink).toHaveBeenCalledWith({ name: "claim", data: { id: "7" } });
});

describe("a mark stands at its place", () => {
  test.each([
    ["in a paragraph", "One.‸ Two‸", "<p>One.‸ Two‸</p>"],
    ["at the start", "‸One", "<p>‸One</p>"],
    ["several at once", "One‸‸ two", "<p>One‸‸ two</p>"],
    ["within bold", "a **b‸c** d", "<p>a <strong>b‸c</strong> d</p>"],
    ["at the end of bold", "a **b‸** c", "<p>a <strong>b‸</strong> c</p>"],
    ["after bold", "a **b**‸ c", "<p>a <strong>b</strong>‸ c</p>"],
    ["in a delimiter", "a **b*‸* c", "<p>a <strong>b</strong>‸ c</p>"],
    [
      "deep in emphasis",
      "*a **b ~~c‸d~~** e*",
      "<p><em>a <strong>b <del>c‸d</del></strong> e</em></p>",
    ],
    ["after an emoji", "👍‸ a 👩‍👩‍👧‸ b 🇩🇪‸", "<p>👍‸ a 👩‍👩‍👧‸ b 🇩🇪‸</p>"],
    ["after many emoji", `${"😀".repeat(50)} x‸ y`, `<p>${"😀".repeat(50)} x‸ y</p>`],
    ["not within a character", "a 👩‍‸👩‍👧 b", "<p>a 👩‍👩‍👧‸ b</p>"],
    ["not before what combines", "e‸\u0301e", "<p>e\u0301‸e</p>"],
    [
      "from right to left",
      "مرحبا‸ **بالعالم‸** שלום‸",
      "<p>مرحبا‸ <strong>بالعالم‸</strong> שלום‸</p>",
    ],
    ["not within a reference", "a &am‸p; b", "<p>a &amp;‸ b</p>"],
    ["after a reference", "&copy;‸ b", "<p>©‸ b</p>"],
    ["after an escape", "\\*a‸\\*‸", "<p>*a‸*‸</p>"],
    [
      "behind a link that it is within",
      "[a‸b](https://c.exam‸ple) d",
      '<p><a href="https://c.example/">ab</a>‸‸ d</p>',
    ],
    [
      "behind a bare link",
      "https://a.exa‸mple b",
      '<p><a href="https://a.example/">https://a.example</a>‸ b</p>',
    ],
    ["behind code", "`a‸b` c", "<p><code>ab</code>‸ c</p>"],
    ["behind a code block", "```\na‸b\n```\n\nc", "<code><span>ab</span></code><p>‸</p><p>c</p>"],
    ["after a line break", "a  \nb‸ c", "<p>a<br>b‸ c</p>"],
    ["on a later line", "a\nb\nc‸ d", "<p>a\nb\nc‸ d</p>"],
    ["in a heading", "## a‸ b ##‸", "<h5>a‸ b‸</h5>"],
    ["in a setext heading", "a‸\nb‸ c\n---", "<h5>a‸\nb‸ c</h5>"],
    [
      "in a list",
      "- a‸\n- b **c‸**\n\n  d‸\n- e",
      "<ul><li><p>a‸</p></li><li><p>b <strong>c‸</strong></p><p>d‸</p></li><li><p>e</p></li></ul>",
    ],
    [
      "in a nested list",
      "1. a\n   - b‸ b\n     - b‸\n   - c‸",
      "<ol><li><p>a</p><ul><li><p>b‸ b</p><ul><li><p>b‸</p></li></ul></li><li><p>c‸</p></li></ul></li></ol>",
    ],
    [
      "in a task",
      "- [x] a‸ b‸",
      '<ul><li><input type="checkbox" disabled=""><div><p>a‸ b‸</p></div></li></ul>',
    ],
    [
      "in a loose list of tasks",
      "- [ ] a‸\n\n- [ ] b‸",
      '<ul><li><input type="checkbox" disabled=""><div><p>a‸</p></div></li><li><input type="checkbox" disabled=""><div><p>b‸</p></div></li></ul>',
    ],
    [
      "in a quote",
      "> a‸\n> b‸\n>\n> > c‸\nlazy‸",
      "<blockquote><p>a‸\nb‸</p><blockquote><p>c‸\nlazy‸</p></blockquote></blockquote>",
    ],
    [
      "in a quote in a list",
      "- > a‸\n  > b‸",
      "<ul><li><blockquote><p>a‸\nb‸</p></blockquote></li></ul>",
    ],
    [
      "in a table",
      "| a‸ | b |\n|---|---|\n| c | d‸ d |\n| e \\| e‸ | f‸ |",
      "<div><table><thead><tr><th>a‸</th><th>b</th></tr></thead><tbody><tr><td>c</td><td>d‸ d</td></tr><tr><td>e | e‸</td><td>f‸</td></tr></tbody></table></div>",
    ],
    [
      "at the end of a row",
      "| a | b |‸\n|---|---|\n| c | d |‸\n",
      "<div><table><thead><tr><th>a</th><th>b‸</th></tr></thead><tbody><tr><td>c</td><td>d‸</td></tr></tbody></table></div>",
    ],
    ["between blocks", "a\n\n‸b", "<p>a‸</p><p>b</p>"],
    ["after the last blank line", "a\n\n‸", "<p>a‸</p>"],
    ["at a bullet", "a\n\n-‸ b", "<p>a</p><ul><li><p>‸b</p></li></ul>"],
    ["in raw HTML", "<div>a‸b</div>\n\nc‸", "<p>&lt;div&gt;ab&lt;/div&gt;</p><p>‸</p><p>c‸</p>"],
    ["at a rule", "a\n\n--‸-\n\nb", "<p>a</p><hr><p>‸</p><p>b</p>"],
    ["with returns", "a\r\nb‸\r\n\r\nc‸ 😀‸", "<p>a\nb‸</p><p>c‸ 😀‸</p>"],
    ["with tabs", "-\ta‸\n-\tb\n\n\tc‸", "<ul><li><p>a‸</p></li><li><p>b</p><p>c‸</p></li></ul>"],
    [
      "in the same words again",
      "a b a‸ b\n\n- a‸\n- a‸",
      "<p>a b a‸ b</p><ul><li><p>a‸</p></li><li><p>a‸</p></li></ul>",
    ],
  ])("%s", (_, marked, html) => expect(placed(marked)).toBe(html));

  test("beyond the text, at its end", () => {
    const annotations: Annotation[] = [{ type: "annotation", source: url("a"), index: 999 }];
    expect(rendered("a\n\nb", { annotations }).textContent).toBe("ab1");
  });

  test("anywhere in a long block that was sealed in parts", async () => {
    const random = seeded(5);
    const sentence = "Some *words* 😀 and `code`, more. ";
    for (const text of [sentence.repeat(120), `- ${sentence}\n`.repeat(60)]) {
      const points = [...text];
      const { place, show, add } = growing();
      for (let at = 0; at < points.length; at += 200)
        await add(points.slice(at, at + 200).join(""));
      for (let tries = 0; tries < 5; tries++) {
        const index = text.indexOf("more.", random.below(text.length - 200)) + 5;
        const source: Source = {
          type: "entity",
          id: "e",
          title: "E",
          inline_label: "‸",
          interactive: false,
          data: {},
        };
        show({
          annotations: [{ type: "annotation", source, index: [...text.slice(0, index)].length }],
        });
        const words = text.slice(0, index).replace(/[*`\n]|^- |(?<=\n)- /g, "");
        expect(place.textContent!.indexOf("‸")).toBe(words.length);
      }
      place.remove();
    }
  });
});

describe("sources", () => {
  const cite = (source: Source, index: number | null = 1): Annotation => ({
    type: "annotation",
    source,
    index,
  });

  test("have the number of their first citation, and one without a place has no mark", () => {
    const annotations = [cite(url("a")), cite(url("b"), null), cite(url("c")), cite(url("a"), 3)];
    const marks = [...rendered("text", { annotations }).querySelectorAll(".cite")];
    expect(marks.map((mark) => mark.textContent)).toEqual(["1", "3", "1"]);
  });

  test("are counted by the list that is given", () => {
    const place = rendered("text", {
      annotations: [cite(url("b"))],
      sources: [url("a"), url("b")],
    });
    expect(place.querySelector(".cite")!.textContent).toBe("2");
  });

  test("that are addresses are links, and say what they are", () => {
    const mark = rendered("text", {
      annotations: [cite(url("a"))],
    }).querySelector<HTMLAnchorElement>("a.cite")!;
    expect([mark.href, mark.target, mark.rel]).toEqual([
      "https://a.example/",
      "_blank",
      "noopener noreferrer",
    ]);
    expect(mark.getAttribute("aria-label")).toBe("Source 1: a");
  });

  test("that are none are told to the page", () => {
    const onCite = vi.fn();
    const file: Source = { type: "file", filename: "a.pdf", title: "A" };
    const mark = rendered("text", { annotations: [cite(file)], onCite }).querySelector<HTMLElement>(
      "button.cite",
    )!;
    mark.click();
    expect(onCite).toHaveBeenCalledWith(file);
  });

  test("may have a label of their own", () => {
    const entity: Source = {
      type: "entity",
      id: "e",
      title: "E",
      inline_label: "Order",
      interactive: false,
      data: {},
    };
    expect(
      rendered("text", { annotations: [cite(entity)] }).querySelector("span.cite")!.textContent,
    ).toBe("Order");
  });

  test("that come while the text grows change only their block", async () => {
    const { place, text, show, add } = growing();
    await add("one\n\ntwo\n\nthree");
    const [one, two] = place.querySelectorAll("p");
    const changed: Node[] = [];
    const observer = new MutationObserver((records) =>
      changed.push(...records.map(({ target }) => target)),
    );
    observer.observe(place, { subtree: true, childList: true, characterData: true });
    show({ annotations: [cite(url("a"), text.text.indexOf("two") + 3)], streaming: true });
    await settled();
    observer.disconnect();
    expect(two!.textContent).toBe("two1");
    expect(changed.every((node) => two!.contains(node))).toBe(true);
    expect(one!.isConnected).toBe(true);
  });
});
