// @vitest-environment happy-dom
import { afterEach, describe, expect, test, vi } from "vitest";

import { imageRules } from "../../../src/parts/images";

import { corpus } from "./corpus";
import { chunks } from "./random";
import { ANY_IMAGES, growing, rendered, settled } from "./render";

afterEach(() => document.body.replaceChildren());

/** The markup of a text, without what says only how it is shown. */
function markup(text: string): string {
  return rendered(text, { images: ANY_IMAGES })
    .querySelector(".markdown")!
    .innerHTML.replace(
      / (?:dir|class|target|rel|tabindex|loading|referrerpolicy|scope)="[^"]*"/g,
      "",
    );
}

describe("constructs", () => {
  test.each([
    ["*a* **b** ~~c~~ `d`", "<p><em>a</em> <strong>b</strong> <del>c</del> <code>d</code></p>"],
    ["# a\n\n## b\n\n###### c", "<h4>a</h4><h5>b</h5><h6>c</h6>"],
    ["a\\\nb  \nc", "<p>a<br>b<br>c</p>"],
    ["a<br>b<BR/>c<hr>", "<p>a<br>b<br>c&lt;hr&gt;</p>"],
    ["> a\n> > b", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>"],
    ["---", "<hr>"],
    ["- a\n  1. b", '<ul><li><p>a</p><ol start="1"><li><p>b</p></li></ol></li></ul>'],
    ["7) a\n8) b", '<ol start="7"><li><p>a</p></li><li><p>b</p></li></ol>'],
    ["0. a", '<ol start="0"><li><p>a</p></li></ol>'],
    ['[a](https://b.example "c")', '<p><a href="https://b.example/" title="c">a</a></p>'],
    ["https://a.example.", '<p><a href="https://a.example/">https://a.example</a>.</p>'],
    ["<a@b.example>", '<p><a href="mailto:a@b.example">a@b.example</a></p>'],
    ["[a](javascript:b)", "<p>a</p>"],
    ["<b>a</b> &amp;lt; &copy;", "<p>&lt;b&gt;a&lt;/b&gt; &amp;lt; ©</p>"],
    ["<div>\n*a*\n</div>", "<p>&lt;div&gt;\n*a*\n&lt;/div&gt;</p>"],
    ["\\*a\\* 1\\. &#42;", "<p>*a* 1. *</p>"],
    ["![a *b*](https://c.example/d.png)", '<p><img src="https://c.example/d.png" alt="a b"></p>'],
    [
      "[![a](https://b.example/c.png)](https://d.example)",
      '<p><a href="https://d.example/"><img src="https://b.example/c.png" alt="a"></a></p>',
    ],
    ["[a]: https://b.example\n\n[a]", '<p><a href="https://b.example/">a</a></p>'],
  ])("%j", (text, html) => expect(markup(text)).toBe(html));

  test("links open apart, and tell nothing of this page", () => {
    const link = rendered("[a](https://b.example)").querySelector("a")!;
    expect(link.target).toBe("_blank");
    expect(link.rel).toBe("noopener noreferrer");
  });

  test("a table has its alignment, and scrolls by itself", () => {
    const place = rendered("| a | b | c |\n|:--|:-:|--:|\n| 1 | *2* | 3 |\n");
    const region = place.querySelector<HTMLElement>("[role=group]")!;
    expect(region.tabIndex).toBe(0);
    expect(region.getAttribute("aria-label")).toBe("Table");
    expect([...region.querySelectorAll("td")].map((cell) => cell.className)).toEqual([
      "left",
      "center",
      "right",
    ]);
    expect(region.querySelector("td em")!.textContent).toBe("2");
  });

  test("tasks are boxes that can't be ticked here, named by what they say", () => {
    for (const text of ["- [x] *a* &amp;\n- [ ] b\n  c", "- [x] *a* &amp;\n\n- [ ] b\n\n  c"]) {
      const boxes = [...rendered(text).querySelectorAll<HTMLInputElement>("input[type=checkbox]")];
      expect(boxes.map(({ checked, disabled }) => [checked, disabled])).toEqual([
        [true, true],
        [false, true],
      ]);
      expect(boxes.map((box) => box.getAttribute("aria-label"))).toEqual(["a &", "b"]);
    }
  });
});

describe("nesting without an end is cut where no one could read it", () => {
  const deep = (mark: string, times: number) => mark.repeat(times);
  test.each([
    ["quotes", `${deep(">", 3000)} inside`],
    ["quotes with spaces", `${deep("> ", 3000)}inside`],
    ["lists", `${deep("- ", 3000)}inside`],
    ["numbers", `${deep("1. ", 3000)}inside`],
    ["quotes and lists", `${deep("> - ", 1500)}inside`],
    [
      "indented lists",
      Array.from({ length: 800 }, (_, at) => `${deep("  ", at)}- inside`).join("\n"),
    ],
    ["emphasis", `${deep("*", 5000)}inside${deep("*", 5000)}`],
    ["strong and emphasis", `${deep("*_", 2500)}inside${deep("_*", 2500)}`],
    ["deletions", `${deep("~~a ", 2000)}inside${deep(" a~~", 2000)}`],
    ["brackets", `${deep("[", 3000)}inside${deep("](a)", 3000)}`],
    ["pictures", `${deep("![", 3000)}inside${deep("](a)", 3000)}`],
  ])("%s", (_name, text) => {
    const place = rendered(`before\n\n${text}\n\nafter`);
    expect(place.textContent).toMatch(/^before[^]*after$/);
    expect(place.innerHTML).toContain("inside");
  });
});

describe("images", () => {
  const text = "![a chart](https://img.example/a.png)";

  const allowed = { images: imageRules("/chatkit", null, ["img.example"]) };

  test("are links until someone allows their host, which the link names", () => {
    const place = rendered(text);
    expect(place.querySelector("img")).toBeNull();
    const link = place.querySelector("a")!;
    expect(link.href).toBe("https://img.example/a.png");
    expect(link.rel).toBe("noopener noreferrer");
    expect(link.textContent.trim()).toBe("Show image a chart img.example");
    expect(link.querySelector(".sr")!.textContent).toBe("Show image ");
  });

  test("without words for them are links that say what they do", () => {
    const link = rendered("![](//img.example:8443/a.png)").querySelector("a")!;
    expect(link.textContent.trim()).toBe("Show image img.example:8443");
    expect(link.querySelector(".sr")).toBeNull();
  });

  test.each(["mailto:a@b.example", "chatkit-link://a", "data:image/png;base64,AAAA", "https://["])(
    "that are none, such as %s, are their words",
    (address) => {
      const place = rendered(`![a chart](${address}) ![](${address})`, allowed);
      expect(place.querySelector("a, img")).toBeNull();
      expect(place.textContent).toBe("a chart Image not shown");
    },
  );

  test("from an allowed host are shown, without a word to it about this page", () => {
    const image = rendered(text, allowed).querySelector("img")!;
    expect(image.src).toBe("https://img.example/a.png");
    expect(image.getAttribute("referrerpolicy")).toBe("no-referrer");
  });

  test("that can't be loaded are links, and other ones in their place are images again", async () => {
    const { place, text: document, add } = growing(allowed);
    await add(text);
    place.querySelector("img")!.dispatchEvent(new Event("error"));
    await settled();
    expect(place.querySelector("img")).toBeNull();
    expect(place.querySelector("a")!.textContent.trim()).toBe("Show image a chart img.example");
    document.replace("![another](https://img.example/b.png)");
    await settled();
    expect(place.querySelector("img")!.alt).toBe("another");
  });

  test("within a link bring no link of their own", () => {
    const place = rendered(`[${text}](https://b.example)`);
    expect(place.querySelectorAll("a")).toHaveLength(1);
    expect(place.querySelector("a")!.textContent).toBe("a chart");
  });

  test("are links at every moment while they arrive, wherever they stand", async () => {
    const all = `${text} *${text}*\n\n- ${text}\n\n> ${text}\n\n| a |\n|---|\n| ${text} |\n\n![b][c]\n\n[c]: //img.example/c.png\n`;
    const { place, add } = growing({ images: imageRules("/chatkit", null, ["other.example"]) });
    for (const piece of chunks(all, 5, 1)) {
      await add(piece);
      expect(place.querySelector("img")).toBeNull();
    }
    expect(place.querySelectorAll(".image-link")).toHaveLength(6);
  });
});

test("a link to the page is told to it, and not followed", () => {
  const onDeeplink = vi.fn();
  const link = rendered("[a](chatkit-link://open?id=1)", { onDeeplink }).querySelector("a")!;
  const click = new MouseEvent("click", { bubbles: true, cancelable: true });
  link.dispatchEvent(click);
  expect(onDeeplink).toHaveBeenCalledWith({ name: "open", data: { id: "1" } });
  expect(click.defaultPrevented).toBe(true);
});

describe("while a text grows", () => {
  test("its nodes are those of the whole text, at every step", async () => {
    for (const text of Object.values(corpus).filter((text) => text.length < 300)) {
      const { place, add } = growing({ streaming: false });
      let prefix = "";
      for (const delta of chunks(text, 25, 3)) {
        prefix += delta;
        await add(delta);
        const whole = rendered(prefix);
        expect(place.textContent, JSON.stringify(prefix)).toBe(whole.textContent);
        whole.remove();
      }
      place.remove();
    }
  });

  test("what is shown is never replaced", async () => {
    const { place, add } = growing();
    await add("# a\n\nb **c**\n\n- d\n- e\n  - f\n- g\n\n| h |\n|---|\n| i |\n\n> j\n\n---\n\nk");
    const before = [...place.querySelectorAll("*")].filter(
      (node) => !["p", "div"].includes(node.localName) || node.textContent !== "k",
    );
    for (let more = 0; more < 40; more++) await add(` l\n\n- m\n\n`);
    const kept = before.filter((node) => node.isConnected);
    expect(kept).toHaveLength(before.length);
  });

  test.each([
    ["a list", "", "- item *x*\n", "li"],
    ["a list that turns loose", "", "- item\n\n", "li"],
    ["a table", "| a |\n|---|\n", "| cell |\n", "td"],
    ["a code block", "```js\n", "line\n".repeat(30), ".chunk"],
    ["a long paragraph", "", `${"some words and ".repeat(60)}*more* `, "em"],
    ["many blocks", "", "block\n\n", "p"],
  ])("the parts of %s stay the same nodes", async (_, start, part, selector) => {
    const { place, add } = growing();
    await add(start + part.repeat(12));
    const before = [...place.querySelectorAll(selector)].slice(0, -2);
    expect(before.length).toBeGreaterThan(5);
    for (let more = 0; more < 40; more++) await add(part);
    expect(before.every((node) => node.isConnected)).toBe(true);
    expect([...place.querySelectorAll(selector)].slice(0, before.length)).toEqual(before);
  });

  test("no node changes but at its end", async () => {
    const { place, add } = growing();
    await add(
      "# a\n\n".repeat(3) +
        "- b\n".repeat(40) +
        "\nc\n\n| d |\n|---|\n" +
        "| e |\n".repeat(40) +
        "\n",
    );
    await add("f\n\ng");
    const changed = new Set<Node>();
    const observer = new MutationObserver((records) =>
      records.forEach(({ target }) => changed.add(target)),
    );
    observer.observe(place, {
      subtree: true,
      childList: true,
      characterData: true,
      attributes: true,
    });
    await add(" h");
    await settled();
    observer.disconnect();
    const last = [...place.querySelectorAll("p")].at(-1)!;
    expect(changed.size).toBeGreaterThan(0);
    expect([...changed].every((node) => last.contains(node) || node.contains(last))).toBe(true);
  });
});
