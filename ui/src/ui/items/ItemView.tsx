import type { ReadonlySignal } from "@preact/signals";

import type { Conversation, Item } from "../../state";
import { WidgetView } from "../../widgets";

import { AnsweredQuestions } from "./AnsweredQuestions";
import { AssistantMessage } from "./AssistantMessage";
import { GeneratedImage } from "./GeneratedImage";
import { ToolCall } from "./ToolCall";
import { UserMessage } from "./UserMessage";
import { TaskView, WorkflowView } from "./WorkflowView";

interface Props {
  item: ReadonlySignal<Item>;
  conversation: Conversation;
}

/** One item of a thread. Its type decides how it is shown; the end of a turn isn't at all. */
export function ItemView({ item, conversation }: Props) {
  const shown = item.value;
  if (shown.type === "end_of_turn") return null;
  return (
    <div class={`item ${shown.type}`} data-key={shown.key} data-item-id={shown.id}>
      {bodyOf(shown, conversation)}
    </div>
  );
}

function bodyOf(item: Item, conversation: Conversation) {
  switch (item.type) {
    case "user_message":
      return <UserMessage item={item} />;
    case "assistant_message":
      return <AssistantMessage item={item} conversation={conversation} />;
    case "workflow":
      return <WorkflowView item={item} />;
    case "task":
      return <TaskView item={item} />;
    case "client_tool_call":
      return <ToolCall item={item} conversation={conversation} />;
    case "generated_image":
      return <GeneratedImage item={item} />;
    case "structured_input":
      return <AnsweredQuestions item={item} />;
    case "widget":
      return <WidgetView item={item} />;
    default:
      return null; // of a server that is newer than this
  }
}
