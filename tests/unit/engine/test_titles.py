"""What a new thread is called."""

from datetime import UTC, datetime

import pytest
from chatkit.types import InferenceOptions, UserMessageItem, UserMessageTextContent

from chatkeep import Chatkeep
from chatkeep.engine.titles import MAX_LENGTH, title_from_text
from chatkeep.settings import Settings
from chatkeep.testing.client import connected
from chatkeep.testing.responder import ScriptedResponder
from support.events import collected, thread_id_of

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


def title_of(text: str) -> str | None:
    return title_from_text(
        UserMessageItem(
            id="x",
            thread_id="t",
            created_at=datetime.now(UTC),
            content=[UserMessageTextContent(text=text)],
            inference_options=InferenceOptions(),
        )
    )


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("", None),
        (" \n ", None),
        ("  Two\n words ", "Two words"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 60 + "…"),
        ("word " * 20, "word " * 11 + "word…"),
        ("Well, " * 20, "Well, " * 9 + "Well…"),
        ("x" * 58 + FAMILY, "x" * 58 + "…"),
        (FAMILY * 20, FAMILY * 12 + "…"),
        ("e\u0301" * 40, "e\u0301" * 30 + "…"),
        ("x" + "e\u0301" * 40, "x" + "e\u0301" * 29 + "…"),
    ],
)
def test_a_title_is_the_beginning_of_the_first_message(text: str, title: str | None) -> None:
    assert title_of(text) == title
    assert len(title or "") <= MAX_LENGTH + 1


async def test_a_given_title_ends_at_a_whole_character() -> None:
    responder = ScriptedResponder("Yes.")
    chat = Chatkeep(
        "memory:",
        responder=responder,
        titles=lambda turn: "Trip " + FAMILY * 3,
        settings=Settings(max_title_length=12),
    )
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        assert (await client.thread(thread_id))["title"] == "Trip " + FAMILY
