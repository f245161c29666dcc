import { describe, expect, test } from "vitest";
import {
  ended,
  withNewest,
  withOlder,
  withoutSending,
  withSending,
} from "../../../src/state/edits";
import { fromWire, isVisible, toWire } from "../../../src/state/items";
import type { Step, ThreadState } from "../../../src/state/reduce";
import { EMPTY, reduce } from "../../../src/state/reduce";
import { changeNode } from "../../../src/state/widget_tree";
import type { ThreadItem, ThreadStreamEvent, UserMessageItem } from "../../../src/wire/types";
import { added, assistant, created, delta, done, updated, user, widget } from "./server";

const own = { thread_id: "thr_1", created_at: "2026-01-02T03:04:05Z" };

function fold(...events: object[]): ThreadState {
  return events.reduce<ThreadState>(
    (state, event) => reduce(state, event as ThreadStreamEvent).state,
    EMPTY,
  );
}

function step(state: ThreadState, event: object): Step {
  return reduce(state, event as ThreadStreamEvent);
}

const update = (itemId: string, change: object) => ({
  type: "thread.item.updated",
  item_id: itemId,
  update: change,
});
const task = (what: string, index: number) =>
  update("f", { type: `workflow.task.${what}`, task_index: index, task: { type: "image" } });
const annotated = (index: number) =>
  update("a", part(0, "annotation_added", { annotation_index: index, annotation: {} }));
const part = (index: number, what: string, more: object) => ({
  type: `assistant_message.content_part.${what}`,
  content_index: index,
  ...more,
});

describe("reduce", () => {
  test("takes no items from a thread's metadata, which come empty", () => {
    const state = fold(created(), done(user("msg_1", "A")), updated({ title: "T" }));
    expect(state.items.map(({ id }) => id)).toEqual(["msg_1"]);
    expect(state.thread?.title).toBe("T");
  });

  test("takes no icon that is no name, and no text that is no text", () => {
    const state = fold({ type: "progress_update", text: 7, icon: { name: "x" } });
    expect(state.progress).toEqual({ text: "7", icon: null });
  });

  test("puts an item that comes again in its place", () => {
    const state = fold(added(assistant("a")), done(user("b", "B")), done(assistant("a", "A")));
    expect(state.items.map(({ id, stage }) => [id, stage])).toEqual([
      ["a", "done"],
      ["b", "done"],
    ]);
  });

  test("keeps a text's buffer when the whole text turns out the same, and only then", () => {
    const open = fold(added(assistant("a")), delta("a", "Hel"), delta("a", "lo"));
    const textOf = ({ items }: ThreadState) =>
      items[0]?.type === "assistant_message" ? items[0].parts[0]?.text : undefined;
    expect(textOf(step(open, done(assistant("a", "Hello"))).state)).toBe(textOf(open));
    expect(String(textOf(step(open, done(assistant("a", "Hullo"))).state))).toBe("Hullo");
  });

  test("makes the part that a delta begins", () => {
    const begin = (index: number) => update("a", part(index, "text_delta", { delta: `${index}` }));
    const [item] = fold(added(assistant("a")), begin(0), begin(1)).items;
    const texts = item?.type === "assistant_message" && item.parts.map(({ text }) => `${text}`);
    expect(texts).toEqual(["0", "1"]);
  });

  test("puts annotations where they belong", () => {
    const annotation = (title: string) => ({
      type: "annotation" as const,
      source: { type: "url" as const, url: "https://example.com", title },
    });
    const add = (at: number, title: string) =>
      update(
        "a",
        part(0, "annotation_added", { annotation_index: at, annotation: annotation(title) }),
      );
    const state = fold(added(assistant("a")), add(0, "b"), add(0, "a"), add(2, "c"));
    const [item] = state.items;
    const annotations = item?.type === "assistant_message" ? item.parts[0]?.annotations : [];
    expect(annotations?.map(({ source }) => source.title)).toEqual(["a", "b", "c"]);
  });

  test("understands a server that leaves out what is empty, or sends nulls", () => {
    const bare = { id: "a", ...own, type: "assistant_message", content: [{ type: "output_text" }] };
    const image = { id: "i", ...own, type: "generated_image", image: null };
    const state = fold(done(bare as unknown as ThreadItem), done(image as ThreadItem));
    expect(state.items.map(toWire)).toMatchObject([
      { content: [{ text: "", annotations: [] }] },
      { image: null },
    ]);
    const meta = { id: "thr_1", created_at: "x", title: null };
    expect(fold({ type: "thread.created", thread: meta }).thread).toEqual({
      ...meta,
      status: { type: "active" },
      allowed_image_domains: null,
    });
  });

  test.each([
    ["to an item that isn't there", delta("nowhere", "x")],
    ["to another kind of item", delta("w", "x")],
    ...[-1, 0.5, 1, 5_000_000, Infinity].flatMap((index): [string, object][] => [
      [`of part ${index}`, update("a", part(index, "text_delta", { delta: "x" }))],
      [`of annotation ${index}`, annotated(index)],
      [`of task ${index}, which is new`, task("added", index)],
      [`of task ${index}`, task("updated", index)],
    ]),
    [
      "of a component that isn't there",
      update("w", {
        type: "widget.streaming_text.value_delta",
        component_id: "none",
        delta: "x",
        done: false,
      }),
    ],
    ["of a task that isn't there", task("updated", 0)],
    [
      "of an image to no image",
      update("w", { type: "generated_image.updated", image: { id: "i", url: "u" } }),
    ],
  ])("logs an update %s, and changes nothing", (_name, event) => {
    const workflow = { type: "custom", tasks: [], expanded: false };
    const state = fold(
      added(assistant("a")),
      added(widget("w", "x")),
      added({ id: "f", ...own, type: "workflow", workflow } as ThreadItem),
    );
    const { state: next, effects } = step(state, event);
    expect(next).toBe(state);
    expect(effects).toMatchObject([{ kind: "log", name: "update.unmatched" }]);
  });

  test("removes an item, and what isn't there without ado", () => {
    const state = fold(done(user("a", "A")), done(user("b", "B")));
    const gone = step(state, { type: "thread.item.removed", item_id: "a" }).state;
    expect(gone.items.map(({ id }) => id)).toEqual(["b"]);
    expect(step(gone, { type: "thread.item.removed", item_id: "a" }).state.items).toHaveLength(1);
  });

  test("does not copy a long answer for each delta of it", () => {
    let state = fold(added(assistant("a")), delta("a", "x".repeat(1000)));
    const buffers = [];
    for (let count = 0; count < 100; count += 1) {
      state = step(state, delta("a", "y")).state;
      const [item] = state.items;
      if (item?.type === "assistant_message") buffers.push(item.parts[0]?.text);
    }
    const [first] = buffers;
    expect(buffers.every((buffer) => first && buffer?.continues(first))).toBe(true);
  });
});

describe("a notice", () => {
  const notice = { type: "notice", level: "info", message: "N" };
  const afterOf = ({ notices }: ThreadState) => notices.map(({ after }) => after);
  const told = fold(done(user("a", "A")), added(assistant("b")), notice);

  test("follows the item before, if the one that it followed is dropped", () => {
    const page = { data: [user("a", "A")], has_more: false };
    const removed = { type: "thread.item.removed", item_id: "b" };
    expect(afterOf(told)).toEqual(["b"]);
    expect(afterOf(ended(told))).toEqual(["a"]);
    expect(afterOf(step(told, removed).state)).toEqual(["a"]);
    const whole = step(told, done(assistant("b", "B"))).state;
    expect(afterOf(withNewest(whole, page, new Set(["a", "b"])))).toEqual(["a"]);
  });

  test("comes first, if nothing is left before it", () => {
    const remove = (state: ThreadState, id: string) =>
      step(state, { type: "thread.item.removed", item_id: id }).state;
    expect(afterOf(remove(remove(told, "a"), "b"))).toEqual([null]);
  });

  test("stays with the message that the server names, and leaves with one that is lost", () => {
    const message = user("local:1", "B") as UserMessageItem;
    const { state } = step(withSending(fold(done(user("a", "A"))), message), notice);
    const confirmed = step(state, done(user("b", "B"))).state;
    expect(afterOf(confirmed)).toEqual([confirmed.items.at(-1)?.key]);
    expect(afterOf(withoutSending(state))).toEqual(["a"]);
  });
});

test("an item is the same on the wire after it was shown", () => {
  for (const item of [user("a", "A"), assistant("b", "B"), widget("w", "x")]) {
    expect(isVisible(item) && toWire(fromWire(item, "done"))).toEqual(item);
  }
});

test("a page of older items that overlaps brings nothing twice", () => {
  const state = fold(done(user("b", "B")), done(user("c", "C")));
  const { items } = withOlder(state, [user("b", "B"), user("a", "A")]);
  expect(items.map(({ id }) => id)).toEqual(["a", "b", "c"]);
});

describe("a node of a widget", () => {
  const tree = {
    type: "Card",
    children: [
      { type: "Row", children: [{ type: "Text", id: "deep", value: "a" }] },
      { type: "Transition", children: { type: "Text", id: "only", value: "b" } },
      { type: "Text", id: "deep", value: "second" },
    ],
  };
  const change = (id: string) => changeNode(tree, id, (node) => ({ ...node, value: "changed" }));

  test("is changed wherever it is, the first of its id, and nothing beside it", () => {
    const changed = change("deep");
    expect(changed).toEqual({
      ...tree,
      children: [
        { type: "Row", children: [{ type: "Text", id: "deep", value: "changed" }] },
        ...tree.children.slice(1),
      ],
    });
    const children = changed?.children as unknown as object[];
    expect(children[1]).toBe(tree.children[1]);
    expect(tree.children[0]).toEqual({
      type: "Row",
      children: [{ type: "Text", id: "deep", value: "a" }],
    });
  });

  test("is found where a child stands alone, and at the root", () => {
    expect(change("only")?.children).toMatchObject([{}, { children: { value: "changed" } }, {}]);
    const root = { ...tree, id: "root" };
    expect(changeNode(root, "root", (node) => ({ ...node, size: "sm" }))).toMatchObject({
      size: "sm",
    });
  });

  test("that isn't there is not found", () => {
    expect(change("none")).toBeNull();
    expect(
      changeNode({ type: "Card", children: "text" as never }, "none", (node) => node),
    ).toBeNull();
  });
});
