/**
 * The wire's types, by the names that the rest of the element uses.
 *
 * All of them are made from the Python models (`contract.gen.ts`). What stands
 * here in full is what a server may send beyond them.
 */

import type {
  DynamicWidgetComponent,
  DynamicWidgetRoot,
  Request,
  StreamingRequest,
  ThreadItem,
  Action as WireAction,
  ErrorEvent as WireErrorEvent,
  ThreadStreamEvent as WireStreamEvent,
} from "./contract.gen";

export type {
  ActionConfig,
  Annotation,
  AssistantMessageContent,
  AssistantMessageItem,
  Attachment,
  AttachmentUploadDescriptor,
  ClientToolCallItem,
  CustomSummary,
  CustomTask,
  DurationSummary,
  EndOfTurnItem,
  EntitySource,
  FeedbackKind,
  FileAttachment,
  FileSource,
  FileTask,
  GeneratedImage,
  GeneratedImageItem,
  IconName,
  ImageAttachment,
  ImageTask,
  InferenceOptions,
  ItemPage,
  NoticeEvent,
  ProgressUpdateEvent,
  SearchTask,
  Source,
  StreamingRequest,
  StructuredInput,
  StructuredInputAnswer,
  StructuredInputAnswerSubmission,
  StructuredInputFreeform,
  StructuredInputItem,
  StructuredInputMultipleChoice,
  StructuredInputMultipleChoiceOption,
  StructuredInputSubmission,
  SyncCustomActionResponse,
  Task,
  TaskItem,
  ThoughtTask,
  Thread,
  ThreadItem,
  ThreadItemUpdate,
  ThreadPage,
  ThreadStatus,
  ToolChoice,
  URLSource,
  UserMessageContent,
  UserMessageInput,
  UserMessageItem,
  UserMessageTagContent,
  UserMessageTextContent,
  WidgetItem,
  Workflow,
  WorkflowItem,
  WorkflowSummary,
} from "./contract.gen";

/** What a widget sends to the server: the rest of its `ActionConfig` is for the client. */
export type Action = WireAction;

/** A node of a widget. Which fields it has is for `widgets/` to find out. */
export type WidgetNode = DynamicWidgetComponent;

/** The root of a widget. */
export type WidgetRoot = DynamicWidgetRoot;

/** An error that ended a turn. Chatkeep adds its stable code, and the id in its log. */
export interface ErrorEvent extends WireErrorEvent {
  readonly reason?: string;
  readonly error_id?: string;
}

export type ThreadStreamEvent = Exclude<WireStreamEvent, WireErrorEvent> | ErrorEvent;

export type { Request };
export type RequestType = Request["type"];
export type StreamingRequestType = StreamingRequest["type"];

/** The parameters of a request type. */
export type Params<T extends RequestType> = Extract<Request, { type: T }>["params"];

/** Items that a client is never shown, whatever a server sends. */
type HiddenItem = Extract<ThreadItem, { type: "hidden_context_item" | "sdk_hidden_context" }>;

/** Items that a client is shown. */
export type VisibleItem = Exclude<ThreadItem, HiddenItem>;

/** A part of a message as the page gives it, whose tags may be incomplete. */
export type LooseContent =
  | { readonly type: "input_text"; readonly text: string }
  | {
      readonly type: "input_tag";
      readonly id: string;
      readonly text: string;
      readonly data?: Readonly<Record<string, unknown>> | undefined;
      readonly group?: string | null | undefined;
      readonly interactive?: boolean | undefined;
    };
