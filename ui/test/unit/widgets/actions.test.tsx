// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { describe, expect, test } from "vitest";

import { card, Shown } from "./show";

const BOOK = { type: "book", payload: { room: 7 } };

function button(more: object = {}, action: object = BOOK) {
  return { type: "Button", label: "Book", onClickAction: action, ...more };
}

/** Answers actions when it is told to. */
function later(shown: Shown): (went: boolean) => Promise<void> {
  let done: (went: boolean) => void = () => {};
  shown.onAction.mockImplementation(() => new Promise((resolve) => (done = resolve)));
  return (went) => act(async () => done(went));
}

describe("a button", () => {
  test("sends its action with the item that it is of, and the defaults", async () => {
    const shown = new Shown().show(card(button()));
    await shown.press("Book");
    expect(shown.onAction.mock.calls).toEqual([
      [{ ...BOOK, handler: "server", loadingBehavior: "auto", streaming: true }, "wgt_1"],
    ]);
  });

  test("leaves it to others what a handler and no streaming mean", async () => {
    const others = { handler: "client", streaming: false };
    const shown = new Shown().show(card(button({}, { ...BOOK, ...others })));
    await shown.press("Book");
    expect(shown.onAction.mock.lastCall?.[0]).toMatchObject(others);
  });

  test("shows that it works, keeps the focus, and can't be pressed twice", async () => {
    const shown = new Shown().show(card(button(), { ...button(), label: "Other" }));
    const finish = later(shown);
    shown.button("Book").focus();
    await shown.press("Book");
    expect(shown.one("[aria-busy=true]").textContent).toContain("Working");
    expect(shown.root.activeElement).toBe(shown.one("button[aria-busy=true]"));
    shown.one("button[aria-busy=true]").click();
    expect(shown.onAction).toHaveBeenCalledTimes(1);
    expect(shown.button("Other").hasAttribute("aria-disabled")).toBe(false);
    await finish(true);
    expect(shown.all("button[aria-busy=true]")).toEqual([]);
    await shown.press("Book");
    expect(shown.onAction).toHaveBeenCalledTimes(2);
  });

  test("with the behaviour `container` holds the whole widget", async () => {
    const holding = button({}, { ...BOOK, loadingBehavior: "container" });
    const shown = new Shown().show(card(holding, { ...button(), label: "Other" }));
    const finish = later(shown);
    await shown.press("Book");
    expect(shown.one(".widget").hasAttribute("data-held")).toBe(true);
    await shown.press("Other");
    expect(shown.onAction).toHaveBeenCalledTimes(1);
    await finish(false);
    expect(shown.one(".widget").hasAttribute("data-held")).toBe(false);
  });

  test("with the behaviour `none` shows nothing", async () => {
    const shown = new Shown().show(card(button({}, { ...BOOK, loadingBehavior: "none" })));
    later(shown);
    await shown.press("Book");
    expect(shown.button("Book").hasAttribute("aria-busy")).toBe(false);
    expect(shown.one(".widget").hasAttribute("data-held")).toBe(false);
  });

  test("waits for the answer that is under way, unless its action needs no stream", async () => {
    const shown = new Shown().show(
      card(
        button(),
        button({ label: "Page" }, { ...BOOK, handler: "client" }),
        button({ label: "Sync" }, { ...BOOK, streaming: false }),
      ),
      { isAnswering: true },
    );
    expect(shown.button("Book").getAttribute("aria-disabled")).toBe("true");
    await shown.press("Book");
    expect(shown.onAction).not.toHaveBeenCalled();
    await shown.press("Page");
    await shown.press("Sync");
    expect(shown.onAction).toHaveBeenCalledTimes(2);
  });

  test("that is disabled, or has nothing to do, can't be pressed", () => {
    const shown = new Shown().show(
      card(
        button({ disabled: true }),
        { type: "Button", label: "Idle" },
        { type: "Button", label: "Bad", onClickAction: { type: 7 } },
      ),
    );
    expect(shown.all("button").map((each) => (each as HTMLButtonElement).disabled)).toEqual([
      true,
      true,
      true,
    ]);
  });

  test("of only an icon has a name", () => {
    const shown = new Shown().show(card(button({ label: undefined, iconStart: "external-link" })));
    expect(shown.button("external link").querySelector("svg")).not.toBeNull();
  });
});

describe("a card", () => {
  const asking = {
    ...card({ type: "Text", value: "Room 7" }),
    confirm: { label: "Confirm", action: { type: "yes" } },
    cancel: { label: "Cancel", action: { type: "no" } },
  };

  test("confirms or cancels, and is held meanwhile", async () => {
    const shown = new Shown().show(asking);
    const finish = later(shown);
    await shown.press("Confirm");
    expect(shown.onAction.mock.lastCall?.[0]).toMatchObject({ type: "yes" });
    expect(shown.one(".widget").getAttribute("aria-busy")).toBe("true");
    await shown.press("Cancel");
    expect(shown.onAction).toHaveBeenCalledTimes(1);
    await finish(true);
    await shown.press("Cancel");
    expect(shown.onAction.mock.lastCall?.[0]).toMatchObject({ type: "no" });
  });

  test("folds after it was confirmed, and unfolds", async () => {
    const shown = new Shown().show({ ...asking, collapsed: true, status: { text: "Booking" } });
    shown.onAction.mockResolvedValueOnce(false);
    await shown.press("Confirm");
    expect(shown.text).toContain("Room 7");
    await shown.press("Confirm");
    await expect.poll(() => shown.text).toBe("Booking");
    expect(shown.button("Booking").getAttribute("aria-expanded")).toBe("false");
    await shown.press("Booking");
    expect(shown.text).toContain("Room 7");
  });

  test("with nothing to confirm is folded from the start, but never to nothing", () => {
    const folded = { ...card({ type: "Text", value: "Body" }), collapsed: true };
    expect(new Shown().show(folded).text).toBe("Body");
    expect(new Shown().show({ ...folded, status: { text: "Done" } }).text).toBe("Done");
  });

  test("that is a form isn't confirmed without what can't be filled in yet", () => {
    const input = { type: "Row", children: [{ type: "Input", name: "email" }] };
    const form = new Shown().show({ ...asking, children: [input], asForm: true });
    expect(form.button("Confirm").disabled).toBe(true);
    expect(form.button("Cancel").disabled).toBe(false);
    expect(new Shown().show({ ...asking, asForm: true }).button("Confirm").disabled).toBe(false);
  });
});

describe("a list", () => {
  const item = (name: string, more: object = {}) => ({
    type: "ListViewItem",
    id: name,
    children: [{ type: "Text", value: name }],
    ...more,
  });

  test("has rows that are buttons, by the name of what is in them", async () => {
    const shown = new Shown().show({
      type: "ListView",
      children: [item("Flight", { onClickAction: { type: "pick" } }), item("Train")],
    });
    expect(shown.all("li")).toHaveLength(2);
    expect(shown.all("button")).toHaveLength(1);
    await shown.press("Flight");
    expect(shown.onAction.mock.lastCall?.[0]).toMatchObject({ type: "pick" });
  });

  test("keeps a button in a row apart from the row", async () => {
    const inner = { type: "Button", label: "More", onClickAction: { type: "more" } };
    const row = { ...item("Flight"), onClickAction: { type: "pick" }, children: [inner] };
    const shown = new Shown().show({ type: "ListView", children: [row] });
    expect(shown.all("button button")).toEqual([]);
    await act(async () => shown.one(".w-button").click());
    expect(shown.onAction.mock.calls.map(([{ type }]) => type)).toEqual(["more"]);
  });

  test("shows so many rows, and the rest when asked", async () => {
    const children = ["a", "b", "c", "d", "e", "f", "g"].map((name) => item(name));
    const shown = new Shown().show({ type: "ListView", limit: 2, children });
    expect(shown.all("li").map((row) => row.textContent)).toEqual(["a", "b"]);
    await shown.press("Show 5 more");
    expect(shown.all("li")).toHaveLength(7);
    expect(shown.root.activeElement?.textContent).toBe("c");
    expect(shown.all("button")).toEqual([]);
    const rows = (limit: unknown) =>
      new Shown().show({ type: "ListView", limit, children }).all("li").length;
    expect(rows("auto")).toBe(5);
    expect(rows(-1)).toBe(7);
  });
});
