// @vitest-environment happy-dom
import { afterEach, describe, expect, test, vi } from "vitest";

import { blockMath, inlineMath } from "../../../src/markdown/mathsyntax";
import { fonts, growing, rendered, settled } from "./render";

afterEach(() => document.body.replaceChildren());

describe("a formula within a line", () => {
  test.each([
    ["$a$", "a", false],
    ["$a + b$, c", "a + b", false],
    ["$\\$5$", "\\$5", false],
    ["\\(a_1\\) b", "a_1", false],
    ["$$a$$", "a", true],
    ["\\[ a \\] b", "a", true],
    ["$$a\nb$$", "a\nb", true],
  ])("%j", (text, tex, display) => expect(inlineMath(text, " ")).toMatchObject({ tex, display }));

  test.each([
    "$5 and $6",
    "$5",
    "$ a $",
    "$a $",
    "$5-$10",
    "$HOME/$USER",
    "$a\nb$",
    "$a `b$`",
    "$$",
    "\\(a",
    "\\a$b$",
    "$$$",
  ])("%j is none", (text) => expect(inlineMath(text, " ")).toBeUndefined());

  test("is none right after a word", () => {
    expect(inlineMath("$5 or A$", "US")).toBeUndefined();
    expect(inlineMath("$a$", "(")).toBeDefined();
  });
});

describe("a formula on lines of its own", () => {
  test.each([
    ["$$\na\n$$\nb", "a", true],
    ["  $$a$$  \n", "a", true],
    ["\\[\na &= b \\\\\n- c\n\\]", "a &= b \\\\\n- c", true],
    ["$$\\begin{x}\na\n\\end{x}$$", "\\begin{x}\na\n\\end{x}", true],
    ["$$\na\n- b", "a\n- b", false],
    ["\\[ a = ", "a =", false],
    ["$$", "", false],
  ])("%j", (text, tex, closed) => expect(blockMath(text)).toMatchObject({ tex, closed }));

  test.each([
    "$$\na\n\nb\n$$",
    "$$ signs are nice",
    "$$a$$ b",
    "$a$",
    "    $$\na\n$$",
    "\\[1\\] note",
    "$$\n\na",
  ])("%j is none", (text) => expect(blockMath(text)).toBeUndefined());
});

describe("shown", () => {
  const katex = (place: Element, count = 1) =>
    vi.waitFor(() => expect(place.querySelectorAll(".katex")).toHaveLength(count));

  test("a formula looks like one, and is read as one", async () => {
    const place = rendered("Euler: $e^{i\\pi} = -1$");
    await katex(place);
    expect(place.querySelector(".katex-html")!.getAttribute("aria-hidden")).toBe("true");
    expect(
      [...place.querySelectorAll("math mi, math mo, math mn")]
        .map((node) => node.textContent)
        .join(""),
    ).toBe("eiπ=−1");
    expect(place.querySelector("math annotation")).toBeNull();
  });

  test("a formula on lines of its own can be scrolled by keyboard, and has a name", async () => {
    const place = rendered("$$\n\\begin{matrix} a & b \\\\ c & d \\end{matrix}\n$$");
    await katex(place);
    const block = place.querySelector<HTMLElement>(".math-block")!;
    expect([block.tabIndex, block.getAttribute("aria-label")]).toEqual([0, "Formula"]);
    expect(place.querySelectorAll("math mtd")).toHaveLength(4);
  });

  test("roots and arrows are drawn", async () => {
    const place = rendered("$\\sqrt{x}$ and $\\xrightarrow{f}$");
    await katex(place, 2);
    const paths = [...place.querySelectorAll("svg path")];
    expect(paths.length).toBeGreaterThan(1);
    expect(paths.every((path) => /^M\d/.test(path.getAttribute("d")!.trim()))).toBe(true);
  });

  test("what is no LaTeX stays as it was written", async () => {
    const place = rendered("$\\frac{$ and $\\nosuchthing{a}$ and $x$");
    await katex(place);
    expect([...place.querySelectorAll(".math-source")].map((node) => node.textContent)).toEqual([
      "$\\frac{$",
      "$\\nosuchthing{a}$",
    ]);
  });

  test("a formula that is still being written is not tried", async () => {
    const { place, add } = growing();
    await add("$$\n\\frac{1}");
    await settled();
    expect(place.querySelector(".katex")).toBeNull();
    expect(place.textContent).toBe("$$\n\\frac{1}");
    await add("{2}\n$$\n");
    await katex(place);
  });

  test("emphasis does not reach into formulas", async () => {
    const place = rendered("*a $b * c$ d* and $x_1$ _y_ $z_2$");
    await katex(place, 3);
    expect([...place.querySelectorAll("em")].map((node) => node.firstChild!.textContent)).toEqual([
      "a ",
      "y",
    ]);
  });

  test("the fonts are the page's, and come from where the element does", async () => {
    await katex(rendered("$x$"));
    expect(fonts.size).toBe(20);
    expect(
      [...fonts].every(({ source }) =>
        /^url\("(file|http:\/\/localhost)[^"]*\.woff2"\)$/.test(source),
      ),
    ).toBe(true);
  });

  test("within a shadow root the styles apply there, once", async () => {
    const host = document.createElement("div");
    document.body.append(host);
    const root = host.attachShadow({ mode: "open" });
    await katex(rendered("$x$ $y$", {}, root), 2);
    await settled();
    expect(root.adoptedStyleSheets).toHaveLength(1);
    expect(root.adoptedStyleSheets[0]!.cssRules.length).toBeGreaterThan(50);
  });
});
