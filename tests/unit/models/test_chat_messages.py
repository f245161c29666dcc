"""A conversation as an OpenAI-compatible server is sent it."""

from typing import Any

import pytest

from chatkeep.messages import (
    FilePart,
    ImagePart,
    Message,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from chatkeep.models.chat_messages import chat_messages

HTTPS = ImagePart("https://example.com/a.png", "a.png")
DATA = ImagePart("data:image/png;base64,AA==")
LOCAL = ImagePart("http://127.0.0.1/a.png", "local.png")
UNKNOWN = ImagePart()


def image(part: ImagePart) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": part.url}}


def text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


@pytest.mark.parametrize(
    ("message", "blind", "seeing"),
    [
        (Message("system", "Be brief."), "Be brief.", "Be brief."),
        (Message("user", [TextPart("a"), TextPart("b")]), "a b", "a b"),
        (Message("user", "\n\n  As it is.\n"), "\n\n  As it is.\n", "\n\n  As it is.\n"),
        (Message("user", [HTTPS]), "[Image: a.png]", [image(HTTPS)]),
        (
            Message("user", [TextPart("See"), HTTPS, DATA]),
            "See\n[Image: a.png]\n[Image]",
            [text("See"), image(HTTPS), image(DATA)],
        ),
        (
            Message("user", [TextPart("See"), LOCAL, HTTPS, UNKNOWN]),
            "See\n[Image: local.png]\n[Image: a.png]\n[Image]",
            [text("See\n[Image: local.png]\n[Image]"), image(HTTPS)],
        ),
        (
            Message("user", [TextPart("Read"), FilePart("b.pdf")]),
            "Read\n[File: b.pdf]",
            "Read\n[File: b.pdf]",
        ),
        (Message("assistant", [HTTPS]), "[Image: a.png]", "[Image: a.png]"),
        (Message("assistant", [ReasoningPart("Hm."), TextPart("Yes.")]), "Yes.", "Yes."),
    ],
)
def test_a_message_is_sent_so(message: Message, blind: Any, seeing: Any) -> None:
    role = message.role
    assert chat_messages([message]) == [{"role": role, "content": blind}]
    assert chat_messages([message], sees_images=True) == [{"role": role, "content": seeing}]


def test_what_says_nothing_is_not_sent() -> None:
    silent = [Message("user"), Message("assistant", [ReasoningPart("Hm.")])]
    assert chat_messages(silent) == []


def test_what_a_clients_tool_gave_is_told_in_words() -> None:
    """No server is sent calls of tools that the request declares none of."""
    messages = [
        Message("user", "Where am I?"),
        Message("assistant", [ToolCallPart("c1", "locate", {"precise": True})]),
        Message("tool", [ToolResultPart("c1", "locate", {"city": "Oslo"})]),
        Message("assistant", [ToolCallPart("c2", "time")]),
        Message("tool", [ToolResultPart("c2", "time", "noon")]),
    ]
    assert chat_messages(messages) == [
        {"role": "user", "content": "Where am I?"},
        {
            "role": "user",
            "content": 'Result of the tool locate with {"precise":true}: {"city":"Oslo"}',
        },
        {"role": "user", "content": 'Result of the tool time: "noon"'},
    ]
