/** Items as the state has them: from the wire, changed by one update, and back. Pure. */

import type {
  Annotation,
  AssistantMessageContent,
  GeneratedImage,
  Task,
  ThreadItem,
  ThreadItemUpdate,
  VisibleItem,
} from "../wire/types";
import type { AssistantItem, Item, MessagePart, Stage, WidgetEntry, WorkflowEntry } from "./model";
import { TextBuffer } from "./text";
import { changeNode } from "./widget_tree";

const TYPES: Record<VisibleItem["type"], true> = {
  user_message: true,
  assistant_message: true,
  client_tool_call: true,
  widget: true,
  generated_image: true,
  structured_input: true,
  workflow: true,
  task: true,
  end_of_turn: true,
};

const HIDDEN = new Set(["hidden_context_item", "sdk_hidden_context"]);

/** Whether an item is for no client's eyes. */
export function isHidden(item: ThreadItem): boolean {
  return HIDDEN.has(item.type);
}

/** Whether an item can be shown: it is not hidden, and not of a type made after us. */
export function isVisible(item: ThreadItem): item is VisibleItem {
  return Object.hasOwn(TYPES, item.type);
}

/**
 * The item that wire JSON describes.
 *
 * `known` is the same item as it was before: its key stays, and text that is the
 * same stays the same buffer, so that no view begins anew.
 */
export function fromWire(item: VisibleItem, stage: Stage, known?: Item): Item {
  const own = { key: known?.key ?? item.id, stage };
  switch (item.type) {
    case "assistant_message": {
      const { content, ...rest } = item;
      const parts = known?.type === "assistant_message" ? known.parts : [];
      const done = stage === "done";
      return {
        ...rest,
        ...own,
        parts: (content ?? []).map((part, index) => toPart(part, done, parts[index])),
      };
    }
    case "generated_image":
      return { ...item, ...own, progress: null };
    default:
      return { ...item, ...own };
  }
}

/** The wire JSON of an item as it stands. */
export function toWire(item: Item): VisibleItem {
  switch (item.type) {
    case "assistant_message": {
      const { key: _key, stage: _stage, parts, ...rest } = item;
      return { ...rest, content: parts.map(partToWire) };
    }
    case "generated_image": {
      const { key: _key, stage: _stage, progress: _progress, ...rest } = item;
      return rest;
    }
    default: {
      const { key: _key, stage: _stage, ...rest } = item;
      return rest;
    }
  }
}

/** The item after an update, or null if the update doesn't fit it. */
export function updated(item: Item, update: ThreadItemUpdate): Item | null {
  switch (update.type) {
    case "assistant_message.content_part.text_delta":
      return withPart(item, update.content_index, (part) => ({
        ...part,
        text: part.text.append(update.delta),
      }));
    case "assistant_message.content_part.annotation_added":
      return withPart(item, update.content_index, (part) =>
        withAnnotation(part, update.annotation_index, update.annotation),
      );
    case "assistant_message.content_part.added":
      return withPart(item, update.content_index, () => toPart(update.content, false));
    case "assistant_message.content_part.done":
      return withPart(item, update.content_index, (part) => toPart(update.content, true, part));
    case "widget.streaming_text.value_delta":
      return withNode(item, update.component_id, (node) => ({
        ...node,
        value: (typeof node.value === "string" ? node.value : "") + update.delta,
        ...(update.done ? { streaming: false } : {}),
      }));
    case "widget.component.updated":
      return withNode(item, update.component_id, () => update.component);
    case "widget.root.updated":
      return item.type === "widget" ? { ...item, widget: update.widget } : null;
    case "workflow.task.added":
      return withTask(item, update.task_index, 0, update.task);
    case "workflow.task.updated":
      return withTask(item, update.task_index, 1, update.task);
    case "generated_image.updated":
      return withImage(item, update.image, update.progress ?? null);
    default:
      update satisfies never;
      return null;
  }
}

/** Whether there is nothing in an open item that anyone would miss. */
export function isEmpty(item: Item): boolean {
  switch (item.type) {
    case "assistant_message":
      return item.parts.every((part) => part.text.toString().trim() === "");
    case "generated_image":
      return item.image == null;
    default:
      return false;
  }
}

function toPart(content: AssistantMessageContent, done: boolean, known?: MessagePart): MessagePart {
  const text = content.text ?? "";
  const isKnown = known !== undefined && known.text.toString() === text;
  return {
    text: isKnown ? known.text : TextBuffer.of(text),
    annotations: content.annotations ?? [],
    done,
  };
}

function partToWire(part: MessagePart): AssistantMessageContent {
  return { annotations: part.annotations, text: part.text.toString(), type: "output_text" };
}

const EMPTY_PART: MessagePart = { text: TextBuffer.of(""), annotations: [], done: false };

function withPart(
  item: Item,
  index: number,
  change: (part: MessagePart) => MessagePart | null,
): AssistantItem | null {
  if (item.type !== "assistant_message" || !isPlace(index, item.parts)) return null;
  const part = change(item.parts[index] ?? EMPTY_PART);
  return part && { ...item, parts: item.parts.toSpliced(index, 1, part) };
}

function withAnnotation(part: MessagePart, index: number, added: Annotation): MessagePart | null {
  const { annotations } = part;
  if (!isPlace(index, annotations)) return null;
  return { ...part, annotations: annotations.toSpliced(index, 0, added) };
}

/** Whether an index is of something in a list, or of what comes next. */
function isPlace(index: number, list: readonly unknown[]): boolean {
  return Number.isInteger(index) && index >= 0 && index <= list.length;
}

function withNode(
  item: Item,
  id: string,
  change: Parameters<typeof changeNode>[2],
): WidgetEntry | null {
  const widget = item.type === "widget" ? changeNode(item.widget, id, change) : null;
  return item.type === "widget" && widget !== null ? { ...item, widget } : null;
}

function withTask(item: Item, index: number, replaced: 0 | 1, task: Task): WorkflowEntry | null {
  if (item.type !== "workflow") return null;
  const { tasks } = item.workflow;
  if (!isPlace(index, tasks) || index + replaced > tasks.length) return null;
  return { ...item, workflow: { ...item.workflow, tasks: tasks.toSpliced(index, replaced, task) } };
}

function withImage(item: Item, image: GeneratedImage, progress: number | null): Item | null {
  return item.type === "generated_image" ? { ...item, image, progress } : null;
}
