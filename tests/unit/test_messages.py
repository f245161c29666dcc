"""Messages as a responder makes and reads them."""

import copy
import dataclasses
import pickle

import pytest

from chatkeep import ImagePart, Message, TextPart
from chatkeep.messages import estimate_tokens, join_content


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
    assert Message("user", [TextPart(part) for part in parts]).text == joined


def test_a_string_stands_for_its_text() -> None:
    assert Message("user", "Hi") == Message("user", [TextPart("Hi")])
    assert Message("user", "").parts == Message("user").parts == ()


def test_the_text_is_what_was_said_in_words() -> None:
    message = Message("user", [TextPart("Look:"), ImagePart("https://e/a.png"), TextPart("nice")])
    assert message.text == "Look: nice"


def test_a_message_is_a_value() -> None:
    message = Message("assistant", [TextPart("a")])
    with pytest.raises(dataclasses.FrozenInstanceError):
        message.role = "user"  # type: ignore[misc]
    assert dataclasses.replace(message, role="user") == Message("user", "a")
    assert copy.deepcopy(message) == pickle.loads(pickle.dumps(message)) == message  # noqa: S301
    assert "TextPart(text='a')" in repr(message)


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("a", 1), ("abcd", 1), ("\u00e9\u00e9\u00e9", 2)]
)
def test_tokens_are_estimated_from_bytes(text: str, count: int) -> None:
    assert estimate_tokens(text) == count
    assert estimate_tokens("\ud800") == 1
