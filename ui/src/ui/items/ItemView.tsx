import type { ReadonlySignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Boundary } from "../../parts/Boundary";
import type { Conversation, Item } from "../../state";
import { AnsweredQuestions } from "./AnsweredQuestions";
import { AssistantMessage } from "./AssistantMessage";
import { BrokenItem } from "./BrokenItem";
import { GeneratedImage } from "./GeneratedImage";
import { ToolCall } from "./ToolCall";
import { UserMessage } from "./UserMessage";
import { WidgetView } from "./WidgetView";
import { TaskView, WorkflowView } from "./WorkflowView";

interface Props {
  item: ReadonlySignal<Item>;
  conversation: Conversation;
}

/** One item of a thread. Its type decides how it is shown; the end of a turn isn't at all. */
export class ItemView extends Boundary<Props, Item> {
  protected override value({ item }: Props) {
    return item.value;
  }

  protected override show(item: Item, { conversation }: Props) {
    return item.type === "end_of_turn" ? null : framed(item, bodyOf(item, conversation));
  }

  protected override instead(item: Item, error: unknown) {
    return framed(item, <BrokenItem item={item} error={error} />);
  }
}

function framed(item: Item, body: ComponentChildren) {
  return (
    <div class={`item ${item.type}`} data-key={item.key} data-item-id={item.id}>
      {body}
    </div>
  );
}

function bodyOf(item: Item, conversation: Conversation) {
  switch (item.type) {
    case "user_message":
      return <UserMessage item={item} />;
    case "assistant_message":
      return <AssistantMessage item={item} />;
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
