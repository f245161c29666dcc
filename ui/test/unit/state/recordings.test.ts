import { describe, expect, test } from "vitest";
import { toWire } from "../../../src/state/items";
import type { ThreadState } from "../../../src/state/reduce";
import { indexOf, threadInfo } from "../../../src/state/reduce";
import type { Thread, ThreadStreamEvent } from "../../../src/wire/types";
import schema from "../../fixtures/contract.schema.json";
import { isStream, recording, recordings } from "../../fixtures/recordings";
import { eventsOf, replay } from "./replay";

const named = recordings.map((one) => [one.name, one] as const);
const wire = (state: ThreadState) => state.items.map(toWire);

describe.each(named)("the recording %s", (_name, recorded) => {
  test("ends in what the server has", () => {
    const { state } = replay(recorded);
    expect(wire(state)).toEqual(recorded.items.toReversed());
    expect(state.thread).toEqual(threadInfo(recorded.thread as Thread));
    expect(state.progress).toBeNull();
  });

  test("leaves nothing open, and nothing that isn't understood", () => {
    const { state, effects } = replay(recorded);
    expect(new Set(state.items.map(({ stage }) => stage))).toEqual(new Set(["done"]));
    expect(effects.filter(({ kind }) => kind === "log")).toEqual([]);
  });

  test("is folded without changing a state that was", () => {
    const seen: [ThreadState, string][] = [];
    replay(recorded, (state) => seen.push([state, JSON.stringify([state, wire(state)])]));
    for (const [state, then] of seen) expect(JSON.stringify([state, wire(state)])).toBe(then);
  });

  test("shows on its way what the server says in the end", () => {
    replay(recorded, (state, event) => {
      const before = beforeItsEnd(state, event);
      if (before) expect(before.now).toEqual(before.final);
    });
  });
});

/** What of an open item should be as it is about to be told whole. */
function beforeItsEnd({ items }: ThreadState, event: ThreadStreamEvent) {
  if (event.type !== "thread.item.done") return null;
  const open = items[indexOf(items, event.item.id)];
  const now = open?.stage === "open" ? toWire(open) : null;
  const { item: final } = event;
  if (now?.type === "workflow" && final.type === "workflow") {
    return { now: now.workflow.tasks, final: final.workflow.tasks };
  }
  return now?.type === "assistant_message" || now?.type === "widget" ? { now, final } : null;
}

describe("the recordings together", () => {
  const events = recordings
    .flatMap(({ exchanges }) => exchanges.filter(isStream))
    .flatMap(eventsOf);
  const definitions = schema.$defs as Record<string, unknown>;

  /** The types in a union of the contract. */
  function typesOf(union: string): Set<string> {
    const { oneOf, anyOf } = definitions[union] as Record<string, { $ref: string }[]>;
    const names = (oneOf ?? anyOf ?? []).map(({ $ref }) => $ref.replace("#/$defs/", ""));
    return new Set(
      names.map((name) => {
        const { properties } = definitions[name] as { properties: { type: { const: string } } };
        return properties.type.const;
      }),
    );
  }

  test("hold every type of event", () => {
    expect(new Set(events.map(({ type }) => type))).toEqual(typesOf("ThreadStreamEvent"));
  });

  test("hold every type of update", () => {
    const updates = events.flatMap((event) =>
      event.type === "thread.item.updated" ? event.update.type : [],
    );
    expect(new Set(updates)).toEqual(typesOf("ThreadItemUpdate"));
  });

  test("hold every type of item that may be shown, and of task", () => {
    const items = recordings.flatMap(({ items: kept }) => kept);
    const types = new Set<string>(items.map(({ type }) => type));
    const hidden = ["hidden_context_item", "sdk_hidden_context"];
    expect(new Set([...types, ...hidden])).toEqual(typesOf("ThreadItem"));
    for (const type of hidden) expect(types).not.toContain(type);
    const tasks = items.flatMap((item) => (item.type === "workflow" ? item.workflow.tasks : []));
    expect(new Set(tasks.map(({ type }) => type))).toEqual(typesOf("Task"));
  });
});

describe("what the recordings show besides", () => {
  test("effects and notices", () => {
    const { state, effects } = replay(recording("notes"));
    expect(effects).toEqual([
      { kind: "effect", name: "open_map", data: { place: "Oslo", zoom: 3 } },
    ]);
    const question = state.items[0]?.key;
    expect(state.notices).toMatchObject([
      { id: 1, level: "warning", title: "Almost", after: question },
      { id: 2, level: "info", title: null, after: question },
    ]);
    expect(state.thread?.allowed_image_domains).toEqual(["images.example.com"]);
  });

  test("progress, until there is something to show", () => {
    const shown: (string | undefined)[] = [];
    replay(recording("text"), ({ progress }) => shown.push(progress?.text));
    expect(shown.filter(Boolean)).toEqual(["Looking up"]);
  });

  test("the progress of an image", () => {
    const seen = new Set<number | null>();
    replay(recording("image"), ({ items }) => {
      for (const item of items) if (item.type === "generated_image") seen.add(item.progress);
    });
    expect([...seen]).toEqual([null, 0.25, 0.75]);
  });

  test("why an answer failed", () => {
    const { state } = replay(recording("failure"));
    expect(state.error).toMatchObject({ allow_retry: true, reason: "responder.failed" });
  });

  test("that a locked thread takes nothing", () => {
    const { state } = replay(recording("locked"));
    expect(state.thread?.status).toEqual({ type: "locked", reason: "It is settled." });
    expect(state.error).toMatchObject({ allow_retry: false, reason: "thread.locked" });
  });
});
