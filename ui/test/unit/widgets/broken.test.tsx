// @vitest-environment happy-dom
import { afterEach, describe, expect, test, vi } from "vitest";

import { card, Shown } from "./show";

const UNSUPPORTED = "This part of the response can't be shown here yet.";
const WELL = { type: "Text", value: "Well" };

afterEach(() => vi.unstubAllGlobals());

const TYPES = (
  "Badge Basic Box Button Caption Card Col Divider Icon Image ListView ListViewItem Markdown " +
  "Row Spacer Text Title Transition"
).split(" ");
const FIELDS = (
  "align asForm aspectRatio background block border cancel collapsed color confirm direction " +
  "disabled editable fit flex flush frame gap height iconSize iconStart id italic justify key " +
  "label limit margin maxLines maxSize minLines minSize name onClickAction padding pill position " +
  "radius size spacing src status streaming style textAlign theme truncate uniform value variant " +
  "weight width wrap"
).split(" ");

function nested(depth: number): unknown {
  let node: unknown = WELL;
  for (let level = 0; level < depth; level++) node = { type: "Box", children: [node] };
  return card(node);
}

describe("what is unknown or wrong", () => {
  test("is a note in its place; the rest is shown", () => {
    const unknown = [{ type: "Chart", data: [] }, { type: "Nonsense" }];
    const shown = new Shown().show(card(WELL, ...unknown, WELL));
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
    for (const value of odd) {
      const onBroken = vi.fn();
      const fields = Object.fromEntries(FIELDS.map((field) => [field, value]));
      const nodes = TYPES.map((type) => ({ ...fields, type, children: [WELL] }));
      expect(new Shown().show(card(...nodes, WELL), { onBroken }).text).toMatch(/Well$/);
      expect(onBroken).not.toHaveBeenCalled();
    }
  });

  test("a node that fails is replaced by a note, until it is another one", () => {
    const onBroken = vi.fn();
    const failing = Object.defineProperty({ type: "Text" }, "value", {
      get: () => {
        throw new Error("broken");
      },
    });
    const row = { type: "Row", children: [failing, WELL] };
    const shown = new Shown().show(card(row, WELL), { onBroken });
    expect(shown.text).toBe(`${UNSUPPORTED}WellWell`);
    expect(onBroken).toHaveBeenCalledOnce();
    expect(onBroken.mock.lastCall?.[0] === failing).toBe(true);
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
        { type: "Text", value: "<script>alert(1)</script>" },
        { type: "Text", value: "A", dangerouslySetInnerHTML: { __html: "<i>" } },
        { type: "Text", value: { constructor: null, type: "img", props: { src: "x" } } },
        { type: "Row", onClick: "alert(1)", href: "javascript:alert(1)", class: "app" },
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
      ...{ margin: { x: value }, border: { size: 1, color: value }, aspectRatio: value },
    };
    const text = { type: "Text", value: "A", ...all };
    const shown = new Shown().show(card({ type: "Row", ...all }, text));
    const styles = shown
      .all("[style]")
      .map((element) => element.getAttribute("style"))
      .join();
    expect(styles).not.toContain(value);
    expect(styles).not.toContain("evil");
  });

  test("a value that is none for its property is left out", () => {
    const supports = vi.fn(() => false);
    vi.stubGlobal("CSS", { supports });
    const row = { type: "Row", width: "12parsecs", background: "mauve-ish" };
    const shown = new Shown().show(card(row));
    expect(supports).toHaveBeenCalledWith("width", "12parsecs");
    expect(supports).toHaveBeenCalledWith("color", "mauve-ish");
    expect(shown.one(".w-row").getAttribute("style")).toBeNull();
  });
});
