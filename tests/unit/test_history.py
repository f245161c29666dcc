"""What a model is told of a conversation."""

from datetime import UTC, datetime
from typing import Any

import pytest
from chatkit.types import (
    AssistantMessageContent,
    AssistantMessageItem,
    ClientToolCallItem,
    EndOfTurnItem,
    HiddenContextItem,
    InferenceOptions,
    SDKHiddenContextItem,
    UserMessageItem,
    UserMessageTextContent,
    WidgetItem,
    Workflow,
    WorkflowItem,
)

from chatkeep.history import as_message, estimate_tokens, join_content, newest_that_fit
from chatkeep.responders.base import Message
from support.items import widget_root

BASE: dict[str, Any] = {"id": "x", "thread_id": "t", "created_at": datetime.now(UTC)}


def user(text: str, quoted: str | None = None) -> UserMessageItem:
    content = [UserMessageTextContent(text=text)]
    options = InferenceOptions()
    return UserMessageItem(
        content=[*content], quoted_text=quoted, inference_options=options, **BASE
    )


@pytest.mark.parametrize(
    ("parts", "joined"),
    [
        (["a", "b"], "a b"),
        (["a ", "b"], "a b"),
        (["a", "\nb"], "a\nb"),
        (["", "a", ""], "a"),
        ([], ""),
    ],
)
def test_parts_are_joined_as_they_read(parts: list[str], joined: str) -> None:
    assert join_content(parts) == joined


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (user("Hi"), ("user", "Hi")),
        (user("Why?", quoted="a\nb"), ("user", "> a\n> b\n\nWhy?")),
        (user(""), None),
        (
            AssistantMessageItem(content=[AssistantMessageContent(text="Yes.")], **BASE),
            ("assistant", "Yes."),
        ),
        (AssistantMessageItem(content=[], **BASE), None),
        (HiddenContextItem(content="plain", **BASE), ("user", "plain")),
        (HiddenContextItem(content={"a": [None]}, **BASE), ("user", '{"a":[null]}')),
        (SDKHiddenContextItem(content="x", **BASE), ("user", "x")),
        (
            ClientToolCallItem(
                call_id="c", name="find", arguments={}, status="completed", output="o", **BASE
            ),
            ("user", 'Result of the tool find: "o"'),
        ),
        (ClientToolCallItem(call_id="c", name="find", arguments={}, **BASE), None),
        (WidgetItem(widget=widget_root("x"), copy_text="Copied", **BASE), ("assistant", "Copied")),
        (WidgetItem(widget=widget_root("x"), **BASE), None),
        (WorkflowItem(workflow=Workflow(type="custom", tasks=[]), **BASE), None),
        (EndOfTurnItem(**BASE), None),
    ],
)
def test_an_item_says_this_to_a_model(item: Any, message: tuple[str, str] | None) -> None:
    expected = None if message is None else {"role": message[0], "content": message[1]}
    assert as_message(item) == expected


def messages(*contents: str) -> list[Message]:
    return [{"role": "user", "content": content} for content in contents]


@pytest.mark.parametrize(
    ("bound", "kept"),
    [(None, 3), (100, 3), (7, 2), (6, 2), (5, 1), (3, 1), (0, 1), (-1, 1)],
)
def test_the_newest_that_fit_are_kept_in_order(bound: int | None, kept: int) -> None:
    newest_first = messages("ccc", "bbb", "aaa")
    assert newest_that_fit(newest_first, bound, len) == newest_first[:kept][::-1]


def test_an_old_message_that_does_not_fit_is_the_end() -> None:
    """What is older than a gap would stand without its context."""
    assert newest_that_fit(messages("c", "bbbbbb", "a"), 3, len) == messages("c")


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("a", 1), ("abcd", 1), ("\u00e9\u00e9\u00e9", 2)]
)
def test_tokens_are_estimated_from_bytes(text: str, count: int) -> None:
    assert estimate_tokens(text) == count
    assert estimate_tokens("\ud800") == 1
