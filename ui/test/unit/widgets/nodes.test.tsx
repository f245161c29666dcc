// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";

import { imageRules } from "../../../src/parts/images";

import { card, Shown } from "./show";

function show(...children: unknown[]): Shown {
  return new Shown().show(card(...children));
}

describe("texts", () => {
  test("are shown as they are, and titles are headings", () => {
    const shown = show(
      { type: "Title", value: "Room 7" },
      { type: "Text", value: "<b>2 < 3</b>", weight: "bold", size: "sm" },
      { type: "Caption", value: 42 },
    );
    expect(shown.one("h4").textContent).toBe("Room 7");
    expect(shown.text).toBe("Room 7<b>2 < 3</b>42");
    expect(shown.all("b")).toEqual([]);
  });

  test("are cut after so many lines", () => {
    const shown = show({ type: "Text", value: "Long", maxLines: 2 });
    expect(shown.one(".w-clamp").style.getPropertyValue("--w-lines")).toBe("2");
  });

  test("grow in place while they stream", () => {
    const shown = new Shown();
    const title = { type: "Title", value: "Report" };
    const at = (value: string) => card(title, { type: "Text", id: "body", value, streaming: true });
    shown.show(at("Once"));
    const heading = shown.one("h4");
    const body = shown.one("p");
    shown.show(at("Once upon"));
    expect(shown.one("p").textContent).toBe("Once upon");
    expect(shown.one("p")).toBe(body);
    expect(shown.one("h4")).toBe(heading);
  });

  test("keep their elements when another comes before them", () => {
    const shown = show({ type: "Text", id: "b", value: "B" });
    const kept = shown.one("p");
    shown.show(card({ type: "Text", id: "a", value: "A" }, { type: "Text", id: "b", value: "B" }));
    expect(shown.all("p")[1]).toBe(kept);
  });

  test("with the same id are all shown", () => {
    const same = (value: string) => ({ type: "Text", id: "same", value });
    expect(show(same("A"), same("B"), same("C")).text).toBe("ABC");
  });
});

describe("Markdown", () => {
  test("is shown as such, its bad links as text", () => {
    const value = "**Bold** [good](https://a.example) [bad](javascript:alert(1)) <img src=x>";
    const shown = show({ type: "Markdown", value });
    expect(shown.one("strong").textContent).toBe("Bold");
    expect(shown.all("a").map((link) => link.getAttribute("href"))).toEqual(["https://a.example/"]);
    expect(shown.all("img")).toEqual([]);
  });

  test("that streams keeps what is there, and may become another text", async () => {
    const shown = new Shown();
    const at = (value: string, streaming = true) =>
      card({ type: "Markdown", id: "m", value, streaming });
    shown.show(at("One.\n\nTwo.\n\nThree.\n\nFo"));
    const first = shown.one("p");
    shown.show(at("One.\n\nTwo.\n\nThree.\n\nFour."));
    await expect.poll(() => shown.text).toBe("One.Two.Three.Four.");
    expect(shown.one("p")).toBe(first);
    shown.show(at("Else *where*", true)).show(at("Else *where*.", false));
    expect(shown.text).toBe("Else where.");
    shown.show(at("Else."));
    await expect.poll(() => shown.text).toBe("Else.");
  });
});

describe("containers", () => {
  test("lay out as they are told", () => {
    const shown = show({
      type: "Row",
      gap: 2,
      align: "end",
      justify: "between",
      padding: { x: 3, top: "10px" },
      width: 200,
      radius: "md",
      border: { size: 2, style: "dashed" },
      background: "surface-secondary",
      children: [
        { type: "Text", value: "A" },
        { type: "Spacer", minSize: 20 },
      ],
    });
    const { style } = shown.one(".w-row");
    expect(style.gap).toBe("calc(2 * var(--ck-unit))");
    expect(style.alignItems).toBe("flex-end");
    expect(style.justifyContent).toBe("space-between");
    expect(style.paddingLeft).toBe("calc(3 * var(--ck-unit))");
    expect(style.paddingTop).toBe("10px");
    expect(style.paddingBottom).toBe("");
    expect(style.width).toBe("200px");
    expect(style.borderRadius).toBe("8px");
    expect(style.borderTopStyle).toBe("dashed");
    expect(style.backgroundColor).toBe("var(--ck-sunken)");
    expect(shown.one(".w-spacer").style.flexBasis).toBe("20px");
  });

  test("Basic is a root, and may hold cards; Transition shows its child", () => {
    const child = { type: "Text", value: "Inner" };
    const shown = new Shown().show({
      type: "Basic",
      children: [card({ type: "Transition", children: child }), { type: "Box", children: child }],
    });
    expect(shown.text).toBe("InnerInner");
  });

  test("a scheme of its own has its own colours", () => {
    const red = { type: "Text", value: "Red", color: { light: "red-200", dark: "red-800" } };
    const background = { light: "white", dark: "black" };
    const light = new Shown().show({ ...card(red), background, theme: "light" });
    const dark = new Shown().show({ ...card(red), background, theme: "dark" });
    expect(light.one(".w-card").style.backgroundColor).toBe("white");
    expect(dark.one(".w-card").style.backgroundColor).toBe("black");
    expect(light.one(".w-card").style.getPropertyValue("--ck-ground")).toBe("");
    expect(dark.one(".w-card").style.getPropertyValue("--ck-ground")).toMatch(/^rgb/);
    expect(dark.one("p").style.color).not.toBe(light.one("p").style.color);
  });
});

describe("pictures", () => {
  test("come from where pictures may come from", () => {
    const image = (src: unknown) => ({ type: "Image", src, alt: "A cat" });
    const images = imageRules("/chatkit", ["pictures.example"], []);
    const shown = new Shown().show(
      card(
        image("https://pictures.example/cat.png"),
        image("https://elsewhere.example/cat.png"),
        image("data:image/png;base64,AAAA"),
        image("data:image/svg+xml,<svg onload=alert(1)>"),
        image("javascript:alert(1)"),
        image({ src: "x" }),
      ),
      { images },
    );
    expect(shown.all("img").map((img) => img.getAttribute("src"))).toEqual([
      "https://pictures.example/cat.png",
      "data:image/png;base64,AAAA",
    ]);
    expect(shown.all("img")[0]!.getAttribute("alt")).toBe("A cat");
    const notes = shown.all(".w-no-image").map((note) => note.textContent);
    expect(notes).toEqual(Array(4).fill("A cat"));
  });

  test("that can't be loaded say what they show", async () => {
    const shown = show({ type: "Image", src: "https://a.example/gone.png", alt: "A cat" });
    shown.one("img").dispatchEvent(new Event("error"));
    await expect.poll(() => shown.text).toBe("A cat");
  });

  test("icons are of the element's own set", () => {
    const shown = show(
      { type: "Icon", name: "check", size: "xl", color: "success" },
      { type: "Icon", name: "no-such-icon" },
    );
    expect(shown.one(".w-icon").style.color).toBe("var(--ck-success)");
    expect(shown.one("svg").getAttribute("width")).toBe("24");
    expect(shown.all("path")).toHaveLength(1);
  });
});

describe("small things", () => {
  test("badges and dividers", () => {
    const shown = show(
      { type: "Badge", label: "New", color: "danger", variant: "solid", pill: true },
      { type: "Badge", label: "Odd", color: "x onclick=alert(1)" },
      { type: "Divider", size: 3, spacing: 2, color: "strong" },
    );
    expect(shown.one(".w-tone-danger").textContent).toBe("New");
    expect(shown.one(".w-tone-secondary").textContent).toBe("Odd");
    expect(shown.one("hr").style.borderTopWidth).toBe("3px");
    expect(shown.one("hr").style.borderTopColor).toBe("var(--ck-edge)");
  });

  test("a status shows its text, and its picture if it may", () => {
    const status = (more: object) => ({ ...card(), status: { text: "Docs", ...more } });
    const good = new Shown().show(status({ favicon: "https://a.example/f.png" }));
    expect(good.text).toBe("Docs");
    expect(good.one("img").getAttribute("src")).toBe("https://a.example/f.png");
    expect(new Shown().show(status({ favicon: "javascript:alert(1)" })).all("img")).toEqual([]);
    expect(new Shown().show(status({ icon: "globe" })).all("svg")).toHaveLength(1);
  });
});
