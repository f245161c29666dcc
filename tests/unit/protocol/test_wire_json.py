"""What goes over the wire is, byte for byte, what the SDK's own serialiser makes of it."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import msgspec
import pytest
from chatkit.types import (
    ActiveStatus,
    Annotation,
    AssistantMessageContent,
    AssistantMessageContentPartAdded,
    AssistantMessageContentPartAnnotationAdded,
    AssistantMessageContentPartDone,
    AssistantMessageContentPartTextDelta,
    AssistantMessageItem,
    AttachmentUploadDescriptor,
    ClientEffectEvent,
    ClientToolCallItem,
    ClosedStatus,
    CustomSummary,
    CustomTask,
    DurationSummary,
    EndOfTurnItem,
    EntitySource,
    ErrorEvent,
    FileAttachment,
    FileSource,
    FileTask,
    GeneratedImage,
    GeneratedImageItem,
    GeneratedImageUpdated,
    HiddenContextItem,
    ImageAttachment,
    ImageTask,
    InferenceOptions,
    LockedStatus,
    NoticeEvent,
    Page,
    ProgressUpdateEvent,
    SDKHiddenContextItem,
    SearchTask,
    StreamOptions,
    StreamOptionsEvent,
    StructuredInputAnswer,
    StructuredInputFreeform,
    StructuredInputItem,
    StructuredInputMultipleChoice,
    StructuredInputMultipleChoiceOption,
    TaskItem,
    ThoughtTask,
    Thread,
    ThreadCreatedEvent,
    ThreadItem,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemRemovedEvent,
    ThreadItemReplacedEvent,
    ThreadItemUpdate,
    ThreadItemUpdatedEvent,
    ThreadStreamEvent,
    ThreadUpdatedEvent,
    ToolChoice,
    URLSource,
    UserMessageItem,
    UserMessageTagContent,
    UserMessageTextContent,
    WidgetComponentUpdated,
    WidgetItem,
    WidgetRootUpdated,
    WidgetStreamingTextValueDelta,
    Workflow,
    WorkflowItem,
    WorkflowTaskAdded,
    WorkflowTaskUpdated,
)
from chatkit.widgets import DynamicWidgetComponent, DynamicWidgetRoot
from pydantic import AnyUrl, BaseModel

from chatkeep.engine.failures import error_event
from chatkeep.errors import ThreadLocked
from chatkeep.protocol.sse import delta_frame, delta_prefix, frame
from chatkeep.protocol.wire import (
    aware,
    from_json,
    item_record,
    items_json,
    model_json,
    parse_item,
    public_attachment,
    public_item,
    text_json,
    thread_json,
    to_json,
)
from chatkeep.stores.base import Page as StoredPage
from chatkeep.stores.base import ThreadRecord
from support.recording import THREAD, Recording

NOON = datetime(2026, 3, 1, 12, 0, 0, 123450, tzinfo=UTC)
BASE: dict[str, Any] = {"thread_id": THREAD, "created_at": NOON}


def sdk_json(model: BaseModel) -> bytes:
    """What the SDK's server would send."""
    context = {"exclude_metadata": True}
    return model.model_dump_json(by_alias=True, exclude_none=True, context=context).encode()


def sdk_frame(event: BaseModel) -> bytes:
    return b"data: " + sdk_json(event) + b"\n\n"


SOURCES: list[Any] = [
    URLSource(title="A", url="https://example.com/", description=None, attribution="Ann"),
    FileSource(title="B", filename="b.md", group="docs", timestamp="yesterday"),
    EntitySource(title="C", id="c", icon="user", data={"n": 1, "none": None}, interactive=True),
]
ANNOTATION = Annotation(source=SOURCES[0], index=0)
CONTENT = AssistantMessageContent(
    text='Gr\u00fc\u00dfe "quoted" \\ \n\t\x00\x7f\u2028 \U0001f600 </script>',
    annotations=[Annotation(source=source, index=3) for source in SOURCES],
)
ROOT = DynamicWidgetRoot.model_validate(
    {
        "type": "Card",
        "key": None,
        "size": "md",
        "children": [
            {"type": "Text", "id": "text", "value": "", "streaming": True},
            {"type": "Button", "label": "Go", "onClickAction": {"type": "go", "payload": None}},
        ],
    }
)
COMPONENT = DynamicWidgetComponent.model_validate({"type": "Text", "id": "text", "value": "New"})
TASKS: list[Any] = [
    CustomTask(title="a", icon="search", content="b", status_indicator="loading"),
    SearchTask(title="a", queries=["q"], sources=[SOURCES[0]]),
    ThoughtTask(content="hm"),
    FileTask(sources=[SOURCES[1]]),
    ImageTask(title="i"),
]
ATTACHMENTS: list[Any] = [
    FileAttachment(
        id="a1",
        name="a.txt",
        mime_type="text/plain",
        thread_id=THREAD,
        metadata={"path": "/srv"},
        upload_descriptor=AttachmentUploadDescriptor(
            url=AnyUrl("https://example.com/u"), method="PUT", headers={"x": "y"}
        ),
    ),
    ImageAttachment(
        id="a2",
        name="a.png",
        mime_type="image/png",
        preview_url=AnyUrl("https://example.com/p.png"),
    ),
]

ITEMS: list[Any] = [
    UserMessageItem(
        id="user",
        content=[
            UserMessageTextContent(text="Hi"),
            UserMessageTagContent(id="t", text="@a", data={"n": None, "x": [1.5]}, group="g"),
        ],
        attachments=ATTACHMENTS,
        quoted_text="q",
        inference_options=InferenceOptions(tool_choice=ToolChoice(id="s"), model="m"),
        **BASE,
    ),
    UserMessageItem(
        id="bare", content=[], inference_options=InferenceOptions(), attachments=[], **BASE
    ),
    AssistantMessageItem(id="assistant", content=[CONTENT, CONTENT], **BASE),
    ClientToolCallItem(
        id="call", call_id="c", name="n", arguments={"a": None, "b": [{}]}, output=None, **BASE
    ),
    ClientToolCallItem(
        id="called",
        call_id="c",
        name="n",
        arguments={},
        output={"none": None, "big": 2**70, "float": 1e300},
        status="completed",
        **BASE,
    ),
    WidgetItem(id="widget", widget=ROOT, copy_text="copy", **BASE),
    GeneratedImageItem(id="image", image=GeneratedImage(id="i", url="https://e/i"), **BASE),
    GeneratedImageItem(id="no_image", **BASE),
    StructuredInputItem(
        id="input",
        inputs=[
            StructuredInputMultipleChoice(
                id="a",
                question="?",
                options=[StructuredInputMultipleChoiceOption(value="x")],
                answer=StructuredInputAnswer(values=["x"]),
            ),
            StructuredInputFreeform(id="b", question="?", description="d"),
        ],
        **BASE,
    ),
    TaskItem(id="task", task=TASKS[0], **BASE),
    WorkflowItem(
        id="workflow",
        workflow=Workflow(type="custom", tasks=TASKS, summary=CustomSummary(title="s")),
        **BASE,
    ),
    WorkflowItem(
        id="reasoning",
        workflow=Workflow(type="reasoning", tasks=[], summary=DurationSummary(duration=3)),
        **BASE,
    ),
    EndOfTurnItem(id="end", **BASE),
]
HIDDEN: list[Any] = [
    HiddenContextItem(id="hidden", content={"a": [1, None]}, **BASE),
    SDKHiddenContextItem(id="sdk_hidden", content="x", **BASE),
]

NOTES: list[Any] = [
    ProgressUpdateEvent(text="t", icon="search"),
    ProgressUpdateEvent(text="t"),
    ClientEffectEvent(name="n", data={"none": None, "time": 1}),
    ErrorEvent(message="m", allow_retry=True),
    ErrorEvent(),
    NoticeEvent(level="info", message="m", title="t"),
    StreamOptionsEvent(stream_options=StreamOptions(allow_cancel=False)),
]

UPDATES: list[tuple[str, Any]] = [
    ("assistant", AssistantMessageContentPartAdded(content_index=2, content=CONTENT)),
    ("assistant", AssistantMessageContentPartTextDelta(content_index=0, delta=CONTENT.text)),
    (
        "assistant",
        AssistantMessageContentPartAnnotationAdded(
            content_index=0, annotation_index=0, annotation=ANNOTATION
        ),
    ),
    ("assistant", AssistantMessageContentPartDone(content_index=0, content=CONTENT)),
    ("widget", WidgetStreamingTextValueDelta(component_id="text", delta="d", done=False)),
    ("widget", WidgetComponentUpdated(component_id="text", component=COMPONENT)),
    ("widget", WidgetRootUpdated(widget=ROOT)),
    *(("workflow", WorkflowTaskAdded(task_index=0, task=task)) for task in TASKS),
    *(("workflow", WorkflowTaskUpdated(task_index=0, task=task)) for task in TASKS),
    ("image", GeneratedImageUpdated(image=GeneratedImage(id="i", url="u"), progress=0.5)),
    ("image", GeneratedImageUpdated(image=GeneratedImage(id="i", url="u"))),
]


def members(union: Any) -> set[type]:
    """The classes of a union, or of an annotated one."""
    first = get_args(union)[0]
    return set(get_args(union if isinstance(first, type) else first))


def named(models: list[Any]) -> Any:
    return [pytest.param(model, id=getattr(model, "id", type(model).__name__)) for model in models]


def test_every_type_is_tried_here() -> None:
    """A type that a new release of the SDK brings is missed here first."""

    assert members(ThreadItem) == {type(item) for item in ITEMS + HIDDEN}
    assert members(ThreadItemUpdate) == {type(update) for _, update in UPDATES}
    assert members(ThreadStreamEvent) == {type(note) for note in NOTES} | {
        ThreadCreatedEvent,
        ThreadItemAddedEvent,
        ThreadItemDoneEvent,
        ThreadItemRemovedEvent,
        ThreadItemReplacedEvent,
        ThreadItemUpdatedEvent,
        ThreadUpdatedEvent,
    }


@pytest.mark.parametrize("item", named(ITEMS))
@pytest.mark.parametrize(
    "kind", [ThreadItemAddedEvent, ThreadItemDoneEvent, ThreadItemReplacedEvent]
)
async def test_an_item_goes_out_as_the_sdk_sends_it(item: Any, kind: Any) -> None:
    recording = Recording()
    assert await recording(kind(item=item)) == [sdk_frame(kind(item=item))]
    if kind is not ThreadItemAddedEvent:
        kept = recording.store.items[item.id].data
        assert kept == model_json(item)
        assert type(parse_item(kept)) is type(item)


@pytest.mark.parametrize("item", named(ITEMS))
def test_a_stored_item_is_listed_as_the_sdk_lists_it(item: Any) -> None:
    page = Page[ThreadItem](data=[item, item], has_more=True, after=item.id)
    assert items_json(StoredPage([item_record(item)] * 2, item.id)) == sdk_json(page)
    assert items_json(StoredPage([item_record(item)])) == sdk_json(Page[ThreadItem](data=[item]))


@pytest.mark.parametrize("item", named(ITEMS))
async def test_a_bare_item_goes_out_as_done(item: Any) -> None:
    assert await Recording()(item) == [sdk_frame(ThreadItemDoneEvent(item=item))]


@pytest.mark.parametrize("item", named(HIDDEN))
async def test_a_hidden_item_is_kept_and_never_goes_out(item: Any) -> None:
    recording = Recording()
    removed = ThreadItemRemovedEvent(item_id=item.id)
    for output in (
        ThreadItemAddedEvent(item=item),
        ThreadItemDoneEvent(item=item),
        ThreadItemReplacedEvent(item=item),
        item,
    ):
        assert await recording(output) == []
    assert parse_item(recording.store.items[item.id].data) == item
    assert await recording(removed) == []
    assert recording.store.items == {}


@pytest.mark.parametrize("note", named(NOTES))
async def test_a_note_goes_out_as_the_sdk_sends_it(note: Any) -> None:
    assert await Recording()(note) == [sdk_frame(note)]


@pytest.mark.parametrize(("item_id", "update"), UPDATES, ids=lambda value: type(value).__name__)
async def test_an_update_goes_out_as_the_sdk_sends_it(item_id: str, update: Any) -> None:
    recording = Recording()
    (item,) = [item for item in ITEMS if item.id == item_id]
    await recording(ThreadItemAddedEvent(item=item))
    event = ThreadItemUpdatedEvent(item_id=item_id, update=update)
    assert await recording(event) == [sdk_frame(event)]


async def test_a_removal_goes_out_as_the_sdk_sends_it() -> None:
    event = ThreadItemRemovedEvent(item_id="x\u00e9")
    assert await Recording()(event) == [sdk_frame(event)]


async def test_plain_text_goes_out_as_the_sdk_sends_it() -> None:
    recording = Recording()
    await recording(CONTENT.text, "more")
    recording.recorder.cite(SOURCES_ANNOTATION, None)
    await recording.recorder.end_message()
    (record,) = recording.store.items.values()
    item = parse_item(record.data)
    assert isinstance(item, AssistantMessageItem)
    (content,) = item.content
    empty = item.model_copy(update={"content": []})
    assert content.text == CONTENT.text + "more"

    def update(value: Any) -> bytes:
        return sdk_frame(ThreadItemUpdatedEvent(item_id=item.id, update=value))

    expected = [
        sdk_frame(ThreadItemAddedEvent(item=empty)),
        update(
            AssistantMessageContentPartAdded(
                content_index=0, content=AssistantMessageContent(text="")
            )
        ),
        update(AssistantMessageContentPartTextDelta(content_index=0, delta=CONTENT.text)),
        update(AssistantMessageContentPartTextDelta(content_index=0, delta="more")),
        update(
            AssistantMessageContentPartAnnotationAdded(
                content_index=0, annotation_index=0, annotation=content.annotations[0]
            )
        ),
        update(AssistantMessageContentPartDone(content_index=0, content=content)),
        sdk_frame(ThreadItemDoneEvent(item=item)),
    ]
    assert [_moment_free(f) for f in recording.log.frames] == [_moment_free(f) for f in expected]


SOURCES_ANNOTATION = Annotation(source=SOURCES[2])


def _moment_free(data: bytes) -> Any:
    """A frame, with its time as a moment: there is more than one way to write one."""
    value = msgspec.json.decode(data.removeprefix(b"data: "))
    if "created_at" in value.get("item", {}):
        value["item"]["created_at"] = datetime.fromisoformat(value["item"]["created_at"])
    return json.dumps(value, default=str)


# Threads

THREADS = [
    Thread(id=THREAD, created_at=NOON, items=Page()),
    Thread(
        id=THREAD,
        created_at=NOON,
        title="T\u00e9 \U0001f600",
        status=LockedStatus(reason="r"),
        allowed_image_domains=["example.com"],
        items=Page(),
    ),
    Thread(
        id=THREAD, created_at=NOON, status=ClosedStatus(), allowed_image_domains=[], items=Page()
    ),
]


def record_of(thread: Thread) -> ThreadRecord:
    return ThreadRecord(
        thread.id,
        thread.created_at,
        title=thread.title,
        status=thread.status.model_dump(),
        allowed_image_domains=thread.allowed_image_domains,
        metadata={"secret": 1},
    )


@pytest.mark.parametrize("thread", THREADS, ids=lambda thread: thread.status.type)
@pytest.mark.parametrize("kind", [ThreadCreatedEvent, ThreadUpdatedEvent])
async def test_a_thread_goes_out_without_its_metadata_and_items(thread: Thread, kind: Any) -> None:
    expected = json.loads(sdk_json(thread))
    assert json.loads(thread_json(record_of(thread))) == expected

    private = thread.model_copy(
        update={"metadata": {"secret": 1}, "items": Page(data=[ITEMS[0]], has_more=True)}
    )
    (sent,) = await Recording()(kind(thread=private))
    assert json.loads(sent.removeprefix(b"data: ")) == {
        "type": kind(thread=thread).type,
        "thread": expected,
    }


def test_an_active_thread_says_so() -> None:
    assert ActiveStatus().model_dump() == {"type": "active"}
    assert b'"status":{"type":"active"}' in thread_json(record_of(THREADS[0]))


@pytest.mark.parametrize("attachment", ATTACHMENTS, ids=["file", "image"])
def test_an_attachment_goes_out_without_its_metadata(attachment: Any) -> None:
    assert public_attachment(attachment) == sdk_json(attachment)
    assert b"/srv" not in public_attachment(attachment)


def test_an_error_has_all_that_the_sdk_sends_and_more() -> None:
    sent = json.loads(error_event(ThreadLocked("No."), "err_1"))
    expected = json.loads(sdk_json(ErrorEvent(message="No.", allow_retry=False)))
    assert sent == expected | {"reason": "thread.locked", "error_id": "err_1"}


# Text that UTF-8 can't carry, and other oddities

ODD_TEXTS = ["\ud800", "a\udfffb", "\ud83d", "\x00", "\x1f\x7f", "\u2028\u2029", "\ufeff", "\uffff"]


@pytest.mark.parametrize("text", ODD_TEXTS, ids=ascii)
def test_any_text_survives(text: str) -> None:
    assert from_json(text_json(text)) == text
    assert from_json(to_json({"a": [text]})) == {"a": [text]}
    sent = delta_frame(delta_prefix("msg_1", 3), text)
    assert sent.endswith(b"}}\n\n")
    event = json.loads(sent.removeprefix(b"data: "))
    assert event["update"]["delta"] == text
    assert event["update"]["content_index"] == 3
    assert b"\n" not in sent.removesuffix(b"\n\n")


@pytest.mark.parametrize("text", ODD_TEXTS, ids=ascii)
async def test_any_text_survives_in_items(text: str) -> None:
    item = AssistantMessageItem(id="a", content=[AssistantMessageContent(text=text)], **BASE)
    recording = Recording()
    (sent,) = await recording(item)
    assert json.loads(sent.removeprefix(b"data: "))["item"]["content"][0]["text"] == text
    assert parse_item(recording.store.items["a"].data) == item
    recording.store.items["a"].data.decode()  # it is UTF-8

    hidden = HiddenContextItem(id="h", content={text: [text]}, **BASE)
    assert parse_item(item_record(hidden).data) == hidden


@pytest.mark.parametrize("text", ODD_TEXTS, ids=ascii)
async def test_any_text_survives_in_updates(text: str) -> None:
    recording = Recording()
    await recording(ThreadItemAddedEvent(item=AssistantMessageItem(id="a", content=[], **BASE)))
    update = AssistantMessageContentPartTextDelta(content_index=0, delta=f"x{text}")
    await recording(ThreadItemUpdatedEvent(item_id="a", update=update))
    annotation = Annotation(source=URLSource(title=text, url=text))
    added = AssistantMessageContentPartAnnotationAdded(
        content_index=0, annotation_index=0, annotation=annotation
    )
    await recording(ThreadItemUpdatedEvent(item_id="a", update=added))
    (record,) = recording.recorder.remaining(finished=False)
    item = parse_item(record.data)
    assert isinstance(item, AssistantMessageItem)
    assert item.content == [AssistantMessageContent(text=f"x{text}", annotations=[annotation])]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_in_json_becomes_null(number: float) -> None:
    item = HiddenContextItem(id="h", content=[number], **BASE)
    assert json.loads(model_json(item), parse_constant=pytest.fail)["content"] == [None]
    assert to_json([number]) == b"[null]"


@pytest.mark.parametrize(
    "moment",
    [
        NOON.replace(tzinfo=None),
        datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        NOON,
    ],
)
def test_every_time_becomes_utc(moment: datetime) -> None:
    assert aware(moment).tzinfo is UTC
    assert aware(moment).timestamp() == moment.timestamp()


async def test_a_naive_time_goes_out_with_an_offset() -> None:
    naive = EndOfTurnItem(id="e", thread_id=THREAD, created_at=NOON.replace(tzinfo=None))
    recording = Recording()
    (sent,) = await recording(naive)
    assert sent == sdk_frame(
        ThreadItemDoneEvent(item=naive.model_copy(update={"created_at": aware(naive.created_at)}))
    )
    assert frame(b"{}") == b"data: {}\n\n"
    assert public_item(recording.store.items["e"]).count(b"Z") == 1
