// @vitest-environment happy-dom
import { afterEach, describe, expect, test, vi } from "vitest";

import { card, Shown } from "./show";

const UNSUPPORTED = "This part of the response can't be shown here yet.";
const WELL = { type: "Text", value: "Well" };

afterEach(() => vi.unstubAllGlobals());

function nested(depth: number): unknown {
  let node: unknown = WELL;
  for (let level = 0; level < depth; level++) node = { type: "Box", children: [node] };
  return card(node);
}

describe("what is unknown or wrong", () => {
  test("is a note in its place; the rest is shown", () => {
    const shown = new Shown().show(card(WELL, { type: "Chart", data: [] }, { type: "Nonsense" }, WELL));
    expect(shown.text).toBe(`Well${UNSUPPORTED}Well`);
  });

  test.each(["constructor", "__proto__", "toString", "", 7, null, undefined])(
    "a node of type %s is a note",
    (type) => {
      expect(new Shown().show(card(WELL, { type })).text).toBe(`Well${UNSUPPORTED}`);
    },
  );

  test("a root that can't be shown says what it is in plain text", () => {
    for (const widget of [null, undefined, "text", [], {}, { type: "Chart" }]) {
      expect(new Shown().show(widget, { plainText: "3 rooms" }).text).toBe("3 rooms");
      expect(new Shown().show(widget).text).toBe(UNSUPPORTED);
    }
  });

  test("children that are none are left out", () => {
    for (const children of [null, 7, "text", [null, "text", 7, WELL], WELL]) {
      expect(["", "Well"]).toContain(new Shown().show({ type: "Card", children }).text);
    }
  });

  test("fields of any kind do no harm", () => {
    const odd = [null, -1, 1e99, Number.NaN, "", "💥", {}, [], [[]], { size: {} }, true];
    const fields = [
      ..."align asForm aspectRatio background block border cancel collapsed color confirm".split(" "),
      ..."direction disabled editable fit flex flush frame gap height iconSize iconStart id".split(" "),
      ..."italic justify key label limit margin maxLines maxSize minLines minSize name".split(" "),
      ..."onClickAction padding pill position radius size spacing src status streaming style".split(" "),
      ..."textAlign theme truncate uniform value variant weight width wrap".split(" "),
    ];
    const types = ["Badge", "Basic", "Box", "Button", "Caption", "Card", "Col", "Divider", "Icon"];
    types.push("Image", "ListView", "ListViewItem", "Markdown", "Row", "Spacer", "Text", "Title");
    for (const value of odd) {
      const props = Object.fromEntries(fields.map((field) => [field, value]));
      const children = types.map((type) => ({ ...props, type, children: [WELL] }));
      expect(new Shown().show({ type: "Card", children: [...children, WELL] }).text).toMatch(/Well$/);
    }
  });

  test("a node that fails is replaced by a note, until it is another one", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const failing = Object.defineProperty({ type: "Text" }, "value", {
      get: () => {
        throw new Error("broken");
      },
    });
    const row = { type: "Row", children: [failing, WELL] };
    const shown = new Shown().show(card(row, WELL));
    expect(shown.text).toBe(`${UNSUPPORTED}WellWell`);
    expect(warn).toHaveBeenCalledOnce();
    shown.show(card({ type: "Row", children: [{ type: "Text", value: "Mended" }, WELL] }, WELL));
    expect(shown.text).toBe("MendedWellWell");
  });

  test("a tree that is too deep is not begun", () => {
    expect(new Shown().show(nested(40)).text).toBe("Well");
    expect(new Shown().show(nested(5_000)).text).toBe(UNSUPPORTED);
  });
});

describe("what would do harm", () => {
  test("stays text, or is left out", () => {
    const shown = new Shown().show(
      card(
        { type: "Text", value: "<script>alert(1)</script>", dangerouslySetInnerHTML: { __html: "<i>" } },
        { type: "Text", value: { constructor: null, type: "img", props: { src: "x" } } },
        { type: "Row", onClick: "alert(1)", href: "javascript:alert(1)", class: "app", children: [] },
        { type: "Icon", name: "x' onload='alert(1)" },
        { type: "Title", value: "T", ref: {}, innerHTML: "<i>", style: "position:fixed" },
      ),
    );
    expect(shown.all("script, i, a, [onclick], [onload], [href], .app")).toEqual([]);
    expect(shown.one("h4").getAttribute("style")).toBeNull();
  });

  test.each([
    "url(https://evil.example/track)",
    "image-set('https://evil.example/track' 1x)",
    "-webkit-image-set(url(x) 1x)",
    "var(--ck-ink)",
    "attr(data-item-id)",
    "\\75rl(https://evil.example/track)",
  ])("the style value %s is left out", (value) => {
    const all = {
      ...{ background: value, color: value, width: value, gap: value, flex: value, padding: value },
      ...{ margin: { x: value }, border: { size: 1, color: value }, aspectRatio: value, radius: value },
    };
    const shown = new Shown().show(card({ type: "Row", ...all }, { type: "Text", value: "A", ...all }));
    const styles = shown.all("[style]").map((element) => element.getAttribute("style")).join();
    expect(styles).not.toContain(value);
    expect(styles).not.toContain("evil");
  });

  test("a value that is none for its property is left out", () => {
    const supports = vi.fn(() => false);
    vi.stubGlobal("CSS", { supports });
    const shown = new Shown().show(card({ type: "Row", width: "12parsecs", background: "mauve-ish" }));
    expect(supports).toHaveBeenCalledWith("width", "12parsecs");
    expect(supports).toHaveBeenCalledWith("color", "mauve-ish");
    expect(shown.one(".w-row").getAttribute("style")).toBeNull();
  });
});
