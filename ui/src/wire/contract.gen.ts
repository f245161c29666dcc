// Made by ui/scripts/contract.py from the Python models: change those, never this.
// What may be null or missing in Python is optional here; nulls are left out on the
// wire, but a server that sends them is understood.

export interface Action {
  readonly type: string;
  readonly payload?: unknown;
}

export interface ActionConfig {
  readonly type: string;
  readonly payload?: unknown;
  readonly handler: "client" | "server";
  readonly loadingBehavior: "auto" | "none" | "self" | "container";
  readonly streaming: boolean;
}

export interface ActiveStatus {
  readonly type: "active";
}

export interface Annotation {
  readonly type: "annotation";
  readonly source: URLSource | FileSource | EntitySource;
  readonly index?: number | null;
}

export interface AreaSeries {
  readonly type: "area";
  readonly label?: string | null;
  readonly dataKey: string;
  readonly stack?: string | null;
  readonly color?: string | ThemeColor | null;
  readonly curveType?:
    | "basis"
    | "basisClosed"
    | "basisOpen"
    | "bumpX"
    | "bumpY"
    | "bump"
    | "linear"
    | "linearClosed"
    | "natural"
    | "monotoneX"
    | "monotoneY"
    | "monotone"
    | "step"
    | "stepBefore"
    | "stepAfter"
    | null;
}

export interface AssistantMessageContent {
  readonly annotations: readonly Annotation[];
  readonly text: string;
  readonly type: "output_text";
}

export interface AssistantMessageContentPartAdded {
  readonly type: "assistant_message.content_part.added";
  readonly content_index: number;
  readonly content: AssistantMessageContent;
}

export interface AssistantMessageContentPartAnnotationAdded {
  readonly type: "assistant_message.content_part.annotation_added";
  readonly content_index: number;
  readonly annotation_index: number;
  readonly annotation: Annotation;
}

export interface AssistantMessageContentPartDone {
  readonly type: "assistant_message.content_part.done";
  readonly content_index: number;
  readonly content: AssistantMessageContent;
}

export interface AssistantMessageContentPartTextDelta {
  readonly type: "assistant_message.content_part.text_delta";
  readonly content_index: number;
  readonly delta: string;
}

export interface AssistantMessageItem {
  readonly id: string;
  readonly thread_id: string;
  readonly created_at: string;
  readonly type: "assistant_message";
  readonly content: readonly AssistantMessageContent[];
}

export type Attachment = FileAttachment | ImageAttachment;

export interface AttachmentCreateParams {
  readonly name: string;
  readonly size: number;
  readonly mime_type: string;
}

export interface AttachmentDeleteParams {
  readonly attachment_id: string;
}

export interface AttachmentUploadDescriptor {
  readonly url: string;
  readonly method: "POST" | "PUT";
  readonly headers?: Readonly<Record<string, string>> | null;
}

export interface AttachmentsCreateReq {
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly type: "attachments.create";
  readonly params: AttachmentCreateParams;
}

export interface AttachmentsDeleteReq {
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly type: "attachments.delete";
  readonly params: AttachmentDeleteParams;
}

export interface Badge {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Badge";
  readonly label: string;
  readonly color?: "secondary" | "success" | "danger" | "warning" | "info" | "discovery" | null;
  readonly variant?: "solid" | "soft" | "outline" | null;
  readonly size?: "sm" | "md" | "lg" | null;
  readonly pill?: boolean | null;
}

export interface BarSeries {
  readonly type: "bar";
  readonly label?: string | null;
  readonly dataKey: string;
  readonly stack?: string | null;
  readonly color?: string | ThemeColor | null;
}

export interface BasicRoot {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Basic";
  readonly children?: DynamicWidgetComponent | readonly DynamicWidgetComponent[] | null;
  readonly [field: string]: unknown;
}

export interface Border {
  readonly size: number;
  readonly color?: string | ThemeColor | null;
  readonly style?:
    | "solid"
    | "dashed"
    | "dotted"
    | "double"
    | "groove"
    | "ridge"
    | "inset"
    | "outset"
    | null;
}

export interface Borders {
  readonly top?: number | Border | null;
  readonly right?: number | Border | null;
  readonly bottom?: number | Border | null;
  readonly left?: number | Border | null;
  readonly x?: number | Border | null;
  readonly y?: number | Border | null;
}

export interface Box {
  readonly children?: readonly DynamicWidgetComponent[] | null;
  readonly align?: "start" | "center" | "end" | "baseline" | "stretch" | null;
  readonly justify?:
    | "start"
    | "center"
    | "end"
    | "between"
    | "around"
    | "evenly"
    | "stretch"
    | null;
  readonly wrap?: "nowrap" | "wrap" | "wrap-reverse" | null;
  readonly flex?: number | string | null;
  readonly gap?: number | string | null;
  readonly height?: number | string | null;
  readonly width?: number | string | null;
  readonly size?: number | string | null;
  readonly minHeight?: number | string | null;
  readonly minWidth?: number | string | null;
  readonly minSize?: number | string | null;
  readonly maxHeight?: number | string | null;
  readonly maxWidth?: number | string | null;
  readonly maxSize?: number | string | null;
  readonly padding?: number | string | Spacing | null;
  readonly margin?: number | string | Spacing | null;
  readonly border?: number | Border | Borders | null;
  readonly radius?:
    | "2xs"
    | "xs"
    | "sm"
    | "md"
    | "lg"
    | "xl"
    | "2xl"
    | "3xl"
    | "4xl"
    | "full"
    | "100%"
    | "none"
    | null;
  readonly background?: string | ThemeColor | null;
  readonly aspectRatio?: number | string | null;
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Box";
  readonly direction?: "row" | "col" | null;
}

export interface Button {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Button";
  readonly submit?: boolean | null;
  readonly label?: string | null;
  readonly onClickAction?: ActionConfig | null;
  readonly iconStart?: IconName | null;
  readonly iconEnd?: IconName | null;
  readonly style?: "primary" | "secondary" | null;
  readonly iconSize?: "sm" | "md" | "lg" | "xl" | "2xl" | null;
  readonly color?:
    | "primary"
    | "secondary"
    | "info"
    | "discovery"
    | "success"
    | "caution"
    | "warning"
    | "danger"
    | null;
  readonly variant?: "solid" | "soft" | "outline" | "ghost" | null;
  readonly size?: "3xs" | "2xs" | "xs" | "sm" | "md" | "lg" | "xl" | "2xl" | "3xl" | null;
  readonly pill?: boolean | null;
  readonly uniform?: boolean | null;
  readonly block?: boolean | null;
  readonly disabled?: boolean | null;
}

export interface Caption {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Caption";
  readonly value: string;
  readonly color?: string | ThemeColor | null;
  readonly weight?: "normal" | "medium" | "semibold" | "bold" | null;
  readonly size?: "sm" | "md" | "lg" | null;
  readonly textAlign?: "start" | "center" | "end" | null;
  readonly truncate?: boolean | null;
  readonly maxLines?: number | null;
}

export interface Card {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Card";
  readonly asForm?: boolean | null;
  readonly children: readonly DynamicWidgetComponent[];
  readonly background?: string | ThemeColor | null;
  readonly size?: "sm" | "md" | "lg" | "full" | null;
  readonly padding?: number | string | Spacing | null;
  readonly status?: WidgetStatusWithFavicon | WidgetStatusWithIcon | null;
  readonly collapsed?: boolean | null;
  readonly confirm?: CardAction | null;
  readonly cancel?: CardAction | null;
  readonly theme?: "light" | "dark" | null;
}

export interface CardAction {
  readonly label: string;
  readonly action: ActionConfig;
}

export interface Chart {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Chart";
  readonly data: readonly (Readonly<Record<string, string | number>>)[];
  readonly series: readonly (BarSeries | AreaSeries | LineSeries)[];
  readonly xAxis: string | XAxisConfig;
  readonly showYAxis?: boolean | null;
  readonly showLegend?: boolean | null;
  readonly showTooltip?: boolean | null;
  readonly barGap?: number | null;
  readonly barCategoryGap?: number | null;
  readonly flex?: number | string | null;
  readonly height?: number | string | null;
  readonly width?: number | string | null;
  readonly size?: number | string | null;
  readonly minHeight?: number | string | null;
  readonly minWidth?: number | string | null;
  readonly minSize?: number | string | null;
  readonly maxHeight?: number | string | null;
  readonly maxWidth?: number | string | null;
  readonly maxSize?: number | string | null;
  readonly aspectRatio?: number | string | null;
}

export interface Checkbox {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Checkbox";
  readonly name: string;
  readonly label?: string | null;
  readonly defaultChecked?: boolean | null;
  readonly onChangeAction?: ActionConfig | null;
  readonly disabled?: boolean | null;
  readonly required?: boolean | null;
}

export interface ClientEffectEvent {
  readonly type: "client_effect";
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface ClientToolCallItem {
  readonly id: string;
  readonly thread_id: string;
  readonly created_at: string;
  readonly type: "client_tool_call";
  readonly status: "pending" | "completed";
  readonly call_id: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly output?: unknown;
}

export interface ClosedStatus {
  readonly type: "closed";
  readonly reason?: string | null;
}

export interface Col {
  readonly children?: readonly DynamicWidgetComponent[] | null;
  readonly align?: "start" | "center" | "end" | "baseline" | "stretch" | null;
  readonly justify?:
    | "start"
    | "center"
    | "end"
    | "between"
    | "around"
    | "evenly"
    | "stretch"
    | null;
  readonly wrap?: "nowrap" | "wrap" | "wrap-reverse" | null;
  readonly flex?: number | string | null;
  readonly gap?: number | string | null;
  readonly height?: number | string | null;
  readonly width?: number | string | null;
  readonly size?: number | string | null;
  readonly minHeight?: number | string | null;
  readonly minWidth?: number | string | null;
  readonly minSize?: number | string | null;
  readonly maxHeight?: number | string | null;
  readonly maxWidth?: number | string | null;
  readonly maxSize?: number | string | null;
  readonly padding?: number | string | Spacing | null;
  readonly margin?: number | string | Spacing | null;
  readonly border?: number | Border | Borders | null;
  readonly radius?:
    | "2xs"
    | "xs"
    | "sm"
    | "md"
    | "lg"
    | "xl"
    | "2xl"
    | "3xl"
    | "4xl"
    | "full"
    | "100%"
    | "none"
    | null;
  readonly background?: string | ThemeColor | null;
  readonly aspectRatio?: number | string | null;
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Col";
}

export interface CustomSummary {
  readonly title: string;
  readonly icon?: IconName | null;
}

export interface CustomTask {
  readonly status_indicator: "none" | "loading" | "complete";
  readonly type: "custom";
  readonly title?: string | null;
  readonly icon?: IconName | null;
  readonly content?: string | null;
}

export interface DatePicker {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "DatePicker";
  readonly name: string;
  readonly onChangeAction?: ActionConfig | null;
  readonly placeholder?: string | null;
  readonly defaultValue?: string | null;
  readonly min?: string | null;
  readonly max?: string | null;
  readonly variant?: "solid" | "soft" | "outline" | "ghost" | null;
  readonly size?: "3xs" | "2xs" | "xs" | "sm" | "md" | "lg" | "xl" | "2xl" | "3xl" | null;
  readonly side?: "top" | "bottom" | "left" | "right" | null;
  readonly align?: "start" | "center" | "end" | null;
  readonly pill?: boolean | null;
  readonly block?: boolean | null;
  readonly clearable?: boolean | null;
  readonly disabled?: boolean | null;
}

export interface Divider {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Divider";
  readonly color?: string | ThemeColor | null;
  readonly size?: number | string | null;
  readonly spacing?: number | string | null;
  readonly flush?: boolean | null;
}

export interface DurationSummary {
  readonly duration: number;
}

export interface DynamicWidgetComponent {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: string;
  readonly children?: DynamicWidgetComponent | readonly DynamicWidgetComponent[] | null;
  readonly [field: string]: unknown;
}

export interface DynamicWidgetRoot {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Card" | "ListView" | "Basic";
  readonly children?: DynamicWidgetComponent | readonly DynamicWidgetComponent[] | null;
  readonly [field: string]: unknown;
}

export interface EditableProps {
  readonly name: string;
  readonly autoFocus?: boolean | null;
  readonly autoSelect?: boolean | null;
  readonly autoComplete?: string | null;
  readonly allowAutofillExtensions?: boolean | null;
  readonly pattern?: string | null;
  readonly placeholder?: string | null;
  readonly required?: boolean | null;
}

export interface EndOfTurnItem {
  readonly id: string;
  readonly thread_id: string;
  readonly created_at: string;
  readonly type: "end_of_turn";
}

export interface EntitySource {
  readonly title: string;
  readonly description?: string | null;
  readonly timestamp?: string | null;
  readonly group?: string | null;
  readonly type: "entity";
  readonly id: string;
  readonly icon?: IconName | null;
  readonly label?: string | null;
  readonly inline_label?: string | null;
  readonly interactive: boolean;
  readonly data: Readonly<Record<string, unknown>>;
  readonly preview?: "lazy" | null;
}

export type ErrorCode = "stream.error";

export interface ErrorEvent {
  readonly type: "error";
  readonly code: ErrorCode | "custom";
  readonly message?: string | null;
  readonly allow_retry: boolean;
}

export type FeedbackKind = "positive" | "negative";

export interface FileAttachment {
  readonly id: string;
  readonly name: string;
  readonly mime_type: string;
  readonly upload_descriptor?: AttachmentUploadDescriptor | null;
  readonly thread_id?: string | null;
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly type: "file";
}

export interface FileSource {
  readonly title: string;
  readonly description?: string | null;
  readonly timestamp?: string | null;
  readonly group?: string | null;
  readonly type: "file";
  readonly filename: string;
}

export interface FileTask {
  readonly status_indicator: "none" | "loading" | "complete";
  readonly type: "file";
  readonly title?: string | null;
  readonly sources: readonly FileSource[];
}

export interface Form {
  readonly children?: readonly DynamicWidgetComponent[] | null;
  readonly align?: "start" | "center" | "end" | "baseline" | "stretch" | null;
  readonly justify?:
    | "start"
    | "center"
    | "end"
    | "between"
    | "around"
    | "evenly"
    | "stretch"
    | null;
  readonly wrap?: "nowrap" | "wrap" | "wrap-reverse" | null;
  readonly flex?: number | string | null;
  readonly gap?: number | string | null;
  readonly height?: number | string | null;
  readonly width?: number | string | null;
  readonly size?: number | string | null;
  readonly minHeight?: number | string | null;
  readonly minWidth?: number | string | null;
  readonly minSize?: number | string | null;
  readonly maxHeight?: number | string | null;
  readonly maxWidth?: number | string | null;
  readonly maxSize?: number | string | null;
  readonly padding?: number | string | Spacing | null;
  readonly margin?: number | string | Spacing | null;
  readonly border?: number | Border | Borders | null;
  readonly radius?:
    | "2xs"
    | "xs"
    | "sm"
    | "md"
    | "lg"
    | "xl"
    | "2xl"
    | "3xl"
    | "4xl"
    | "full"
    | "100%"
    | "none"
    | null;
  readonly background?: string | ThemeColor | null;
  readonly aspectRatio?: number | string | null;
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Form";
  readonly onSubmitAction?: ActionConfig | null;
  readonly direction?: "row" | "col" | null;
}

export interface GeneratedImage {
  readonly id: string;
  readonly url: string;
}

export interface GeneratedImageItem {
  readonly id: string;
  readonly thread_id: string;
  readonly created_at: string;
  readonly type: "generated_image";
  readonly image?: GeneratedImage | null;
}

export interface GeneratedImageUpdated {
  readonly type: "generated_image.updated";
  readonly image: GeneratedImage;
  readonly progress?: number | null;
}

export interface HiddenContextItem {
  readonly id: string;
  readonly thread_id: string;
  readonly created_at: string;
  readonly type: "hidden_context_item";
  readonly content: unknown;
}

export interface Icon {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Icon";
  readonly name: IconName;
  readonly color?: string | ThemeColor | null;
  readonly size?: "xs" | "sm" | "md" | "lg" | "xl" | "2xl" | "3xl" | null;
}

export type IconName =
  | "agent"
  | "analytics"
  | "atom"
  | "batch"
  | "bolt"
  | "book-open"
  | "book-closed"
  | "book-clock"
  | "bug"
  | "calendar"
  | "chart"
  | "check"
  | "check-circle"
  | "check-circle-filled"
  | "chevron-left"
  | "chevron-right"
  | "circle-question"
  | "clock"
  | "compass"
  | "confetti"
  | "cube"
  | "desktop"
  | "document"
  | "dot"
  | "dots-horizontal"
  | "dots-vertical"
  | "empty-circle"
  | "external-link"
  | "globe"
  | "keys"
  | "lab"
  | "images"
  | "info"
  | "lifesaver"
  | "lightbulb"
  | "mail"
  | "map-pin"
  | "maps"
  | "mobile"
  | "name"
  | "notebook"
  | "notebook-pencil"
  | "page-blank"
  | "phone"
  | "play"
  | "plus"
  | "profile"
  | "profile-card"
  | "reload"
  | "star"
  | "star-filled"
  | "search"
  | "sparkle"
  | "sparkle-double"
  | "square-code"
  | "square-image"
  | "square-text"
  | "suitcase"
  | "settings-slider"
  | "user"
  | "wreath"
  | "write"
  | "write-alt"
  | "write-alt2"
  | `vendor:${string}`
  | `lucide:${string}`;

export interface Image {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Image";
  readonly src: string;
  readonly alt?: string | null;
  readonly fit?: "cover" | "contain" | "fill" | "scale-down" | "none" | null;
  readonly position?:
    | "top left"
    | "top"
    | "top right"
    | "left"
    | "center"
    | "right"
    | "bottom left"
    | "bottom"
    | "bottom right"
    | null;
  readonly radius?:
    | "2xs"
    | "xs"
    | "sm"
    | "md"
    | "lg"
    | "xl"
    | "2xl"
    | "3xl"
    | "4xl"
    | "full"
    | "100%"
    | "none"
    | null;
  readonly frame?: boolean | null;
  readonly flush?: boolean | null;
  readonly height?: number | string | null;
  readonly width?: number | string | null;
  readonly size?: number | string | null;
  readonly minHeight?: number | string | null;
  readonly minWidth?: number | string | null;
  readonly minSize?: number | string | null;
  readonly maxHeight?: number | string | null;
  readonly maxWidth?: number | string | null;
  readonly maxSize?: number | string | null;
  readonly margin?: number | string | Spacing | null;
  readonly background?: string | ThemeColor | null;
  readonly aspectRatio?: number | string | null;
  readonly flex?: number | string | null;
}

export interface ImageAttachment {
  readonly id: string;
  readonly name: string;
  readonly mime_type: string;
  readonly upload_descriptor?: AttachmentUploadDescriptor | null;
  readonly thread_id?: string | null;
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly type: "image";
  readonly preview_url: string;
}

export interface ImageTask {
  readonly status_indicator: "none" | "loading" | "complete";
  readonly type: "image";
  readonly title?: string | null;
}

export interface InferenceOptions {
  readonly tool_choice?: ToolChoice | null;
  readonly model?: string | null;
}

export interface Input {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Input";
  readonly name: string;
  readonly inputType?: "number" | "email" | "text" | "password" | "tel" | "url" | null;
  readonly defaultValue?: string | null;
  readonly required?: boolean | null;
  readonly pattern?: string | null;
  readonly placeholder?: string | null;
  readonly allowAutofillExtensions?: boolean | null;
  readonly autoSelect?: boolean | null;
  readonly autoFocus?: boolean | null;
  readonly disabled?: boolean | null;
  readonly variant?: "soft" | "outline" | null;
  readonly size?: "3xs" | "2xs" | "xs" | "sm" | "md" | "lg" | "xl" | "2xl" | "3xl" | null;
  readonly gutterSize?: "2xs" | "xs" | "sm" | "md" | "lg" | "xl" | null;
  readonly pill?: boolean | null;
}

export interface InputTranscribeParams {
  readonly audio_base64: string;
  readonly mime_type: string;
}

export interface InputTranscribeReq {
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly type: "input.transcribe";
  readonly params: InputTranscribeParams;
}

export interface ItemFeedbackParams {
  readonly thread_id: string;
  readonly item_ids: readonly string[];
  readonly kind: FeedbackKind;
}

export interface ItemPage {
  readonly data: readonly ThreadItem[];
  readonly has_more: boolean;
  readonly after?: string | null;
}

export interface ItemsFeedbackReq {
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly type: "items.feedback";
  readonly params: ItemFeedbackParams;
}

export interface ItemsListParams {
  readonly thread_id: string;
  readonly limit?: number | null;
  readonly order: "asc" | "desc";
  readonly after?: string | null;
}

export interface ItemsListReq {
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly type: "items.list";
  readonly params: ItemsListParams;
}

export interface Label {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Label";
  readonly value: string;
  readonly fieldName: string;
  readonly size?: "xs" | "sm" | "md" | "lg" | "xl" | null;
  readonly weight?: "normal" | "medium" | "semibold" | "bold" | null;
  readonly textAlign?: "start" | "center" | "end" | null;
  readonly color?: string | ThemeColor | null;
}

export interface LineSeries {
  readonly type: "line";
  readonly label?: string | null;
  readonly dataKey: string;
  readonly color?: string | ThemeColor | null;
  readonly curveType?:
    | "basis"
    | "basisClosed"
    | "basisOpen"
    | "bumpX"
    | "bumpY"
    | "bump"
    | "linear"
    | "linearClosed"
    | "natural"
    | "monotoneX"
    | "monotoneY"
    | "monotone"
    | "step"
    | "stepBefore"
    | "stepAfter"
    | null;
}

export interface ListView {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "ListView";
  readonly children: readonly ListViewItem[];
  readonly limit?: number | "auto" | null;
  readonly status?: WidgetStatusWithFavicon | WidgetStatusWithIcon | null;
  readonly theme?: "light" | "dark" | null;
}

export interface ListViewItem {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "ListViewItem";
  readonly children: readonly DynamicWidgetComponent[];
  readonly onClickAction?: ActionConfig | null;
  readonly gap?: number | string | null;
  readonly align?: "start" | "center" | "end" | "baseline" | "stretch" | null;
}

export interface LockedStatus {
  readonly type: "locked";
  readonly reason?: string | null;
}

export interface Markdown {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Markdown";
  readonly value: string;
  readonly streaming?: boolean | null;
}

export interface NoticeEvent {
  readonly type: "notice";
  readonly level: "info" | "warning" | "danger";
  readonly message: string;
  readonly title?: string | null;
}

export interface ProgressUpdateEvent {
  readonly type: "progress_update";
  readonly icon?: IconName | null;
  readonly text: string;
}

export interface RadioGroup {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "RadioGroup";
  readonly name: string;
  readonly options?: readonly RadioOption[] | null;
  readonly ariaLabel?: string | null;
  readonly onChangeAction?: ActionConfig | null;
  readonly defaultValue?: string | null;
  readonly direction?: "row" | "col" | null;
  readonly disabled?: boolean | null;
  readonly required?: boolean | null;
}

export interface RadioOption {
  readonly label: string;
  readonly value: string;
  readonly disabled?: boolean | null;
}

export type Request =
  | ThreadsCreateReq
  | ThreadsAddUserMessageReq
  | ThreadsAddClientToolOutputReq
  | ThreadsAddStructuredInputReq
  | ThreadsRetryAfterItemReq
  | ThreadsCustomActionReq
  | ThreadsGetByIdReq
  | ThreadsListReq
  | ItemsListReq
  | ItemsFeedbackReq
  | AttachmentsCreateReq
  | AttachmentsDeleteReq
  | ThreadsUpdateReq
  | ThreadsDeleteReq
  | InputTranscribeReq
  | ThreadsSyncCustomActionReq
  | ThreadsStopReq
  | ThreadsFollowReq;

export interface Row {
  readonly children?: readonly DynamicWidgetComponent[] | null;
  readonly align?: "start" | "center" | "end" | "baseline" | "stretch" | null;
  readonly justify?:
    | "start"
    | "center"
    | "end"
    | "between"
    | "around"
    | "evenly"
    | "stretch"
    | null;
  readonly wrap?: "nowrap" | "wrap" | "wrap-reverse" | null;
  readonly flex?: number | string | null;
  readonly gap?: number | string | null;
  readonly height?: number | string | null;
  readonly width?: number | string | null;
  readonly size?: number | string | null;
  readonly minHeight?: number | string | null;
  readonly minWidth?: number | string | null;
  readonly minSize?: number | string | null;
  readonly maxHeight?: number | string | null;
  readonly maxWidth?: number | string | null;
  readonly maxSize?: number | string | null;
  readonly padding?: number | string | Spacing | null;
  readonly margin?: number | string | Spacing | null;
  readonly border?: number | Border | Borders | null;
  readonly radius?:
    | "2xs"
    | "xs"
    | "sm"
    | "md"
    | "lg"
    | "xl"
    | "2xl"
    | "3xl"
    | "4xl"
    | "full"
    | "100%"
    | "none"
    | null;
  readonly background?: string | ThemeColor | null;
  readonly aspectRatio?: number | string | null;
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Row";
}

export interface SDKHiddenContextItem {
  readonly id: string;
  readonly thread_id: string;
  readonly created_at: string;
  readonly type: "sdk_hidden_context";
  readonly content: string;
}

export interface SearchTask {
  readonly status_indicator: "none" | "loading" | "complete";
  readonly type: "web_search";
  readonly title?: string | null;
  readonly title_query?: string | null;
  readonly queries: readonly string[];
  readonly sources: readonly URLSource[];
}

export interface Select {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Select";
  readonly name: string;
  readonly options: readonly SelectOption[];
  readonly onChangeAction?: ActionConfig | null;
  readonly placeholder?: string | null;
  readonly defaultValue?: string | null;
  readonly variant?: "solid" | "soft" | "outline" | "ghost" | null;
  readonly size?: "3xs" | "2xs" | "xs" | "sm" | "md" | "lg" | "xl" | "2xl" | "3xl" | null;
  readonly pill?: boolean | null;
  readonly block?: boolean | null;
  readonly clearable?: boolean | null;
  readonly disabled?: boolean | null;
  readonly searchable?: boolean | null;
}

export interface SelectOption {
  readonly value: string;
  readonly label: string;
  readonly disabled?: boolean | null;
  readonly description?: string | null;
}

export type Source = URLSource | FileSource | EntitySource;

export interface Spacer {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Spacer";
  readonly minSize?: number | string | null;
}

export interface Spacing {
  readonly top?: number | string | null;
  readonly right?: number | string | null;
  readonly bottom?: number | string | null;
  readonly left?: number | string | null;
  readonly x?: number | string | null;
  readonly y?: number | string | null;
}

export interface StreamOptions {
  readonly allow_cancel: boolean;
}

export interface StreamOptionsEvent {
  readonly type: "stream_options";
  readonly stream_options: StreamOptions;
}

export type StreamingRequest =
  | ThreadsCreateReq
  | ThreadsAddUserMessageReq
  | ThreadsAddClientToolOutputReq
  | ThreadsAddStructuredInputReq
  | ThreadsRetryAfterItemReq
  | ThreadsCustomActionReq;

export type StructuredInput = StructuredInputMultipleChoice | StructuredInputFreeform;

export interface StructuredInputAnswer {
  readonly values: readonly string[];
  readonly skipped: boolean;
}

export interface StructuredInputAnswerSubmission {
  readonly values: readonly string[];
  readonly skipped: boolean;
}

export interface StructuredInputFreeform {
  readonly id: string;
  readonly question: string;
  readonly answer?: StructuredInputAnswer | null;
  readonly type: "freeform";
  readonly description?: string | null;
}

export interface StructuredInputItem {
  readonly id: string;
  readonly thread_id: string;
  readonly created_at: string;
  readonly type: "structured_input";
  readonly status: "pending" | "answered" | "skipped";
  readonly inputs: readonly StructuredInput[];
}

export interface StructuredInputMultipleChoice {
  readonly id: string;
  readonly question: string;
  readonly answer?: StructuredInputAnswer | null;
  readonly type: "multiple_choice";
  readonly options: readonly StructuredInputMultipleChoiceOption[];
  readonly multiple: boolean;
}

export interface StructuredInputMultipleChoiceOption {
  readonly value: string;
}

export interface StructuredInputSubmission {
  readonly status: "answered" | "skipped";
  readonly answers: Readonly<Record<string, StructuredInputAnswerSubmission>>;
}

export interface SyncCustomActionResponse {
  readonly updated_item?: ThreadItem | null;
}

export type Task = CustomTask | SearchTask | ThoughtTask | FileTask | ImageTask;

export interface TaskItem {
  readonly id: string;
  readonly thread_id: string;
  readonly created_at: string;
  readonly type: "task";
  readonly task: Task;
}

export interface Text {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Text";
  readonly value: string;
  readonly streaming?: boolean | null;
  readonly italic?: boolean | null;
  readonly lineThrough?: boolean | null;
  readonly color?: string | ThemeColor | null;
  readonly weight?: "normal" | "medium" | "semibold" | "bold" | null;
  readonly width?: number | string | null;
  readonly size?: "xs" | "sm" | "md" | "lg" | "xl" | null;
  readonly textAlign?: "start" | "center" | "end" | null;
  readonly truncate?: boolean | null;
  readonly minLines?: number | null;
  readonly maxLines?: number | null;
  readonly editable?: false | EditableProps | null;
}

export interface Textarea {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Textarea";
  readonly name: string;
  readonly defaultValue?: string | null;
  readonly required?: boolean | null;
  readonly pattern?: string | null;
  readonly placeholder?: string | null;
  readonly autoSelect?: boolean | null;
  readonly autoFocus?: boolean | null;
  readonly disabled?: boolean | null;
  readonly variant?: "soft" | "outline" | null;
  readonly size?: "3xs" | "2xs" | "xs" | "sm" | "md" | "lg" | "xl" | "2xl" | "3xl" | null;
  readonly gutterSize?: "2xs" | "xs" | "sm" | "md" | "lg" | "xl" | null;
  readonly rows?: number | null;
  readonly autoResize?: boolean | null;
  readonly maxRows?: number | null;
  readonly allowAutofillExtensions?: boolean | null;
}

export interface ThemeColor {
  readonly dark: string;
  readonly light: string;
}

export interface ThoughtTask {
  readonly status_indicator: "none" | "loading" | "complete";
  readonly type: "thought";
  readonly title?: string | null;
  readonly content: string;
}

export interface Thread {
  readonly title?: string | null;
  readonly id: string;
  readonly created_at: string;
  readonly status: ThreadStatus;
  readonly allowed_image_domains?: readonly string[] | null;
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly items: ItemPage;
}

export interface ThreadAddClientToolOutputParams {
  readonly thread_id: string;
  readonly result: unknown;
}

export interface ThreadAddStructuredInputParams {
  readonly thread_id: string;
  readonly item_id: string;
  readonly input: StructuredInputSubmission;
}

export interface ThreadAddUserMessageParams {
  readonly input: UserMessageInput;
  readonly thread_id: string;
}

export interface ThreadCreateParams {
  readonly input: UserMessageInput;
}

export interface ThreadCreatedEvent {
  readonly type: "thread.created";
  readonly thread: Thread;
}

export interface ThreadCustomActionParams {
  readonly thread_id: string;
  readonly item_id?: string | null;
  readonly action: Action;
}

export interface ThreadDeleteParams {
  readonly thread_id: string;
}

export interface ThreadFollowParams {
  readonly thread_id: string;
}

export interface ThreadGetByIdParams {
  readonly thread_id: string;
}

export type ThreadItem =
  | UserMessageItem
  | AssistantMessageItem
  | ClientToolCallItem
  | WidgetItem
  | GeneratedImageItem
  | StructuredInputItem
  | WorkflowItem
  | TaskItem
  | HiddenContextItem
  | SDKHiddenContextItem
  | EndOfTurnItem;

export interface ThreadItemAddedEvent {
  readonly type: "thread.item.added";
  readonly item: ThreadItem;
}

export interface ThreadItemDoneEvent {
  readonly type: "thread.item.done";
  readonly item: ThreadItem;
}

export interface ThreadItemRemovedEvent {
  readonly type: "thread.item.removed";
  readonly item_id: string;
}

export interface ThreadItemReplacedEvent {
  readonly type: "thread.item.replaced";
  readonly item: ThreadItem;
}

export type ThreadItemUpdate =
  | AssistantMessageContentPartAdded
  | AssistantMessageContentPartTextDelta
  | AssistantMessageContentPartAnnotationAdded
  | AssistantMessageContentPartDone
  | WidgetStreamingTextValueDelta
  | WidgetComponentUpdated
  | WidgetRootUpdated
  | WorkflowTaskAdded
  | WorkflowTaskUpdated
  | GeneratedImageUpdated;

export interface ThreadItemUpdatedEvent {
  readonly type: "thread.item.updated";
  readonly item_id: string;
  readonly update: ThreadItemUpdate;
}

export interface ThreadListParams {
  readonly limit?: number | null;
  readonly order: "asc" | "desc";
  readonly after?: string | null;
}

export interface ThreadPage {
  readonly data: readonly Thread[];
  readonly has_more: boolean;
  readonly after?: string | null;
}

export interface ThreadRetryAfterItemParams {
  readonly thread_id: string;
  readonly item_id: string;
}

export type ThreadStatus = ActiveStatus | LockedStatus | ClosedStatus;

export interface ThreadStopParams {
  readonly thread_id: string;
}

export type ThreadStreamEvent =
  | ThreadCreatedEvent
  | ThreadUpdatedEvent
  | ThreadItemDoneEvent
  | ThreadItemAddedEvent
  | ThreadItemUpdatedEvent
  | ThreadItemRemovedEvent
  | ThreadItemReplacedEvent
  | StreamOptionsEvent
  | ProgressUpdateEvent
  | ClientEffectEvent
  | ErrorEvent
  | NoticeEvent;

export interface ThreadUpdateParams {
  readonly thread_id: string;
  readonly title: string;
}

export interface ThreadUpdatedEvent {
  readonly type: "thread.updated";
  readonly thread: Thread;
}

export interface ThreadsAddClientToolOutputReq {
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly type: "threads.add_client_tool_output";
  readonly params: ThreadAddClientToolOutputParams;
}

export interface ThreadsAddStructuredInputReq {
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly type: "threads.add_structured_input";
  readonly params: ThreadAddStructuredInputParams;
}

export interface ThreadsAddUserMessageReq {
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly type: "threads.add_user_message";
  readonly params: ThreadAddUserMessageParams;
}

export interface ThreadsCreateReq {
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly type: "threads.create";
  readonly params: ThreadCreateParams;
}

export interface ThreadsCustomActionReq {
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly type: "threads.custom_action";
  readonly params: ThreadCustomActionParams;
}

export interface ThreadsDeleteReq {
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly type: "threads.delete";
  readonly params: ThreadDeleteParams;
}

export interface ThreadsFollowReq {
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly type: "threads.follow";
  readonly params: ThreadFollowParams;
}

export interface ThreadsGetByIdReq {
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly type: "threads.get_by_id";
  readonly params: ThreadGetByIdParams;
}

export interface ThreadsListReq {
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly type: "threads.list";
  readonly params: ThreadListParams;
}

export interface ThreadsRetryAfterItemReq {
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly type: "threads.retry_after_item";
  readonly params: ThreadRetryAfterItemParams;
}

export interface ThreadsStopReq {
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly type: "threads.stop";
  readonly params: ThreadStopParams;
}

export interface ThreadsSyncCustomActionReq {
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly type: "threads.sync_custom_action";
  readonly params: ThreadCustomActionParams;
}

export interface ThreadsUpdateReq {
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly type: "threads.update";
  readonly params: ThreadUpdateParams;
}

export interface Title {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Title";
  readonly value: string;
  readonly color?: string | ThemeColor | null;
  readonly weight?: "normal" | "medium" | "semibold" | "bold" | null;
  readonly size?: "sm" | "md" | "lg" | "xl" | "2xl" | "3xl" | "4xl" | "5xl" | null;
  readonly textAlign?: "start" | "center" | "end" | null;
  readonly truncate?: boolean | null;
  readonly maxLines?: number | null;
}

export interface ToolChoice {
  readonly id: string;
}

export interface TranscriptionResult {
  readonly text: string;
}

export interface Transition {
  readonly key?: string | null;
  readonly id?: string | null;
  readonly type: "Transition";
  readonly children?: DynamicWidgetComponent | null;
}

export interface URLSource {
  readonly title: string;
  readonly description?: string | null;
  readonly timestamp?: string | null;
  readonly group?: string | null;
  readonly type: "url";
  readonly url: string;
  readonly attribution?: string | null;
}

export type UserMessageContent = UserMessageTextContent | UserMessageTagContent;

export interface UserMessageInput {
  readonly content: readonly UserMessageContent[];
  readonly attachments: readonly string[];
  readonly quoted_text?: string | null;
  readonly inference_options: InferenceOptions;
}

export interface UserMessageItem {
  readonly id: string;
  readonly thread_id: string;
  readonly created_at: string;
  readonly type: "user_message";
  readonly content: readonly UserMessageContent[];
  readonly attachments: readonly Attachment[];
  readonly quoted_text?: string | null;
  readonly inference_options: InferenceOptions;
}

export interface UserMessageTagContent {
  readonly type: "input_tag";
  readonly id: string;
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly group?: string | null;
  readonly interactive: boolean;
}

export interface UserMessageTextContent {
  readonly type: "input_text";
  readonly text: string;
}

export interface WidgetComponentUpdated {
  readonly type: "widget.component.updated";
  readonly component_id: string;
  readonly component: DynamicWidgetComponent;
}

export interface WidgetItem {
  readonly id: string;
  readonly thread_id: string;
  readonly created_at: string;
  readonly type: "widget";
  readonly widget: DynamicWidgetRoot;
  readonly copy_text?: string | null;
}

export interface WidgetRootUpdated {
  readonly type: "widget.root.updated";
  readonly widget: DynamicWidgetRoot;
}

export interface WidgetStatusWithFavicon {
  readonly text: string;
  readonly favicon?: string | null;
  readonly frame?: boolean | null;
}

export interface WidgetStatusWithIcon {
  readonly text: string;
  readonly icon?: IconName | null;
}

export interface WidgetStreamingTextValueDelta {
  readonly type: "widget.streaming_text.value_delta";
  readonly component_id: string;
  readonly delta: string;
  readonly done: boolean;
}

export interface Workflow {
  readonly type: "custom" | "reasoning";
  readonly tasks: readonly Task[];
  readonly summary?: WorkflowSummary | null;
  readonly expanded: boolean;
}

export interface WorkflowItem {
  readonly id: string;
  readonly thread_id: string;
  readonly created_at: string;
  readonly type: "workflow";
  readonly workflow: Workflow;
}

export type WorkflowSummary = CustomSummary | DurationSummary;

export interface WorkflowTaskAdded {
  readonly type: "workflow.task.added";
  readonly task_index: number;
  readonly task: Task;
}

export interface WorkflowTaskUpdated {
  readonly type: "workflow.task.updated";
  readonly task_index: number;
  readonly task: Task;
}

export interface XAxisConfig {
  readonly dataKey: string;
  readonly hide?: boolean | null;
  readonly labels?: Readonly<Record<string, string>> | null;
}
