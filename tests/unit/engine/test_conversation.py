"""What a model is told of a conversation, and how much of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from chatkit.types import (
    AssistantMessageContent,
    AssistantMessageItem,
    ClientToolCallItem,
    CustomTask,
    EndOfTurnItem,
    FileAttachment,
    GeneratedImage,
    GeneratedImageItem,
    HiddenContextItem,
    ImageAttachment,
    InferenceOptions,
    SDKHiddenContextItem,
    TaskItem,
    ThoughtTask,
    UserMessageItem,
    UserMessageTextContent,
    WidgetItem,
    Workflow,
    WorkflowItem,
)
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AnyUrl

from chatkeep.engine.conversation import (
    FILE_TOKENS,
    IMAGE_TOKENS,
    messages_of,
    newest_that_fit,
)
from chatkeep.messages import (
    FilePart,
    ImagePart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from support.items import widget_root

BASE: dict[str, Any] = {"id": "x", "thread_id": "t", "created_at": datetime.now(UTC)}


def user(text: str, quoted: str | None = None, attachments: Any = ()) -> UserMessageItem:
    return UserMessageItem(
        content=[UserMessageTextContent(text=text)],
        quoted_text=quoted,
        attachments=list(attachments),
        inference_options=InferenceOptions(),
        **BASE,
    )


IMAGE = ImageAttachment(
    id="a1",
    name="a.png",
    mime_type="image/png",
    preview_url=AnyUrl("https://example.com/a.png"),
    metadata={"path": "/srv/a"},
)
FILE = FileAttachment(id="a2", name="b.pdf", mime_type="application/pdf")

IMAGE_PART = ImagePart("https://example.com/a.png", "a.png", "image/png", "a1", {"path": "/srv/a"})
FILE_PART = FilePart("b.pdf", "application/pdf", "a2")


@pytest.mark.parametrize(
    ("item", "messages"),
    [
        (user("Hi"), [Message("user", "Hi")]),
        (user("Why?", quoted="a\nb"), [Message("user", "> a\n> b\n\nWhy?")]),
        (user(""), []),
        (
            user("See", attachments=[IMAGE, FILE]),
            [Message("user", [TextPart("See"), IMAGE_PART, FILE_PART])],
        ),
        (user("", attachments=[FILE]), [Message("user", [FILE_PART])]),
        (
            AssistantMessageItem(content=[AssistantMessageContent(text="Yes.")], **BASE),
            [Message("assistant", "Yes.")],
        ),
        (AssistantMessageItem(content=[], **BASE), []),
        (HiddenContextItem(content="plain", **BASE), [Message("user", "plain")]),
        (HiddenContextItem(content={"a": [None]}, **BASE), [Message("user", '{"a":[null]}')]),
        (SDKHiddenContextItem(content="x", **BASE), [Message("user", "x")]),
        (
            ClientToolCallItem(
                call_id="c", name="find", arguments={"a": 1}, status="completed", output=[2], **BASE
            ),
            [
                Message("assistant", [ToolCallPart("c", "find", {"a": 1})]),
                Message("tool", [ToolResultPart("c", "find", [2])]),
            ],
        ),
        (ClientToolCallItem(call_id="c", name="find", arguments={}, **BASE), []),
        (
            WidgetItem(widget=widget_root("x"), copy_text="Copied", **BASE),
            [Message("assistant", "Copied")],
        ),
        (WidgetItem(widget=widget_root("x"), **BASE), []),
        (
            GeneratedImageItem(image=GeneratedImage(id="i", url="https://e/i"), **BASE),
            [Message("assistant", [ImagePart("https://e/i")])],
        ),
        (GeneratedImageItem(**BASE), []),
        (
            WorkflowItem(
                workflow=Workflow(
                    type="reasoning",
                    tasks=[
                        ThoughtTask(title="Hm", content="First."),
                        CustomTask(title="Search"),
                        ThoughtTask(content=""),
                        ThoughtTask(content="Second."),
                    ],
                ),
                **BASE,
            ),
            [Message("assistant", [ReasoningPart("First.", "Hm"), ReasoningPart("Second.")])],
        ),
        (WorkflowItem(workflow=Workflow(type="custom", tasks=[]), **BASE), []),
        (
            TaskItem(task=ThoughtTask(content="Hm."), **BASE),
            [Message("assistant", [ReasoningPart("Hm.")])],
        ),
        (TaskItem(task=CustomTask(title="Search"), **BASE), []),
        (EndOfTurnItem(**BASE), []),
    ],
)
def test_an_item_says_this_to_a_model(item: Any, messages: list[Message]) -> None:
    assert messages_of(item) == messages


def texts(*contents: str) -> list[list[Message]]:
    return [[Message("user", content)] for content in contents]


@pytest.mark.parametrize(
    ("bound", "kept"),
    [(None, 3), (100, 3), (7, 2), (6, 2), (5, 1), (3, 1), (0, 1), (-1, 1)],
)
def test_the_newest_that_fit_are_kept_in_order(bound: int | None, kept: int) -> None:
    newest_first = texts("ccc", "bbb", "aaa")
    expected = [message for group in newest_first[:kept] for message in group][::-1]
    assert newest_that_fit(newest_first, bound, len) == expected


def test_an_old_message_that_does_not_fit_is_the_end() -> None:
    """What is older than a gap would stand without its context."""
    assert newest_that_fit(texts("c", "bbbbbb", "a"), 3, len) == [Message("user", "c")]


CALL = [
    Message("assistant", [ToolCallPart("c", "ab", {"x": 1})]),
    Message("tool", [ToolResultPart("c", "ab", "four")]),
]
CALL_SIZE = len('ab{"x":1}') + len('"four"')


@pytest.mark.parametrize(
    ("parts", "size"),
    [
        ([TextPart("abc"), TextPart("de")], 5),
        ([TextPart("abc"), IMAGE_PART], 3 + IMAGE_TOKENS),
        ([FILE_PART, FILE_PART], 2 * FILE_TOKENS),
        ([ReasoningPart("A long thought.")], 0),
    ],
)
def test_every_part_counts(parts: list[Part], size: int) -> None:
    groups = [*texts("!"), [Message("user", parts)]]
    assert len(newest_that_fit(groups, 1 + size, len)) == 2
    assert len(newest_that_fit(groups, size, len)) == 1


@pytest.mark.parametrize(("room", "kept"), [(0, 1), (CALL_SIZE - 1, 1), (CALL_SIZE, 3)])
def test_a_result_is_never_without_its_call(room: int, kept: int) -> None:
    groups: list[Sequence[Message]] = [*texts("!"), CALL]
    assert newest_that_fit(groups, 1 + room, len) == [*CALL, Message("user", "!")][-kept:]
    assert newest_that_fit([CALL], 0, len) == CALL


@given(st.lists(st.sampled_from([*texts("", "a", "bb"), CALL, []])), st.integers(-1, 40))
def test_whatever_fits_is_an_unbroken_end_of_the_conversation(groups: Any, room: int) -> None:
    whole = [message for group in reversed(groups) for message in group]
    kept = newest_that_fit(groups, room, len)
    assert kept == whole[len(whole) - len(kept) :]
    assert bool(kept) == bool(whole)
    assert not kept or kept[0].role != "tool"
