"""Any text goes through a whole turn and comes back as it was, on every store."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from chatkit.types import URLSource

from chatkeep import Chatkeep, Context, Turn
from chatkeep.testing.client import connected
from support.events import (
    collected,
    conversation,
    done,
    errors,
    streamed_text,
    the,
    thread_id_of,
)
from support.items import assistant_message, widget, widget_texts
from support.stores import ObservedStore

TEXTS = {
    "null bytes": "a\x00b",
    "a lone high surrogate": "a" + chr(0xD83D),
    "a lone low surrogate": chr(0xDE00) + "b",
    "control characters": "\x01\x1f\x7f\x85",
    "separators": "a\u2028b\u2029c",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈",
    "right to left": "שלום \u202eabc\u202c عالم",
    "a byte order mark": "\ufeffa\uffff",
    "quotes": "\"'\\/</script><!-- ' OR 1=1 --",
    "frames": "data: x\n\nid: 3\r\n\r\n: y\n\n",
    "percent and braces": "%s {0} ${x}",
    "a megabyte": "é" * 400_000,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_any_text_survives_a_whole_turn(observed: ObservedStore, text: str) -> None:
    seen: list[Any] = []

    async def responder(turn: Turn) -> AsyncGenerator[Any]:
        assert turn.message is not None
        said = turn.message.text
        seen.append(said)
        turn.thread.metadata[said] = said
        await turn.add_hidden_context({"said": said})
        yield assistant_message(turn, said)
        yield widget(turn, said)
        yield said
        await turn.cite(URLSource(title=said, url="https://example.com/"))
        seen.append((await turn.history())[-3:])

    chat = Chatkeep(store=observed.store, responder=responder)
    async with connected(chat) as client:
        events = await collected(client.send(text))
        assert errors(events) == []
        thread_id = thread_id_of(events)
        items = (await client.items(thread_id, order="asc"))["data"]

        assert seen[0] == text
        assert [message.text for message in seen[1]][-1] == text
        assert streamed_text(events) == text
        assert conversation(items) == [("user", text), *[("assistant", text)] * 2]
        assert widget_texts(items[2]) == [text]
        (note,) = items[3]["content"][0]["annotations"]
        assert (note["source"]["title"], note["index"]) == (text, len(text))
        assert items == done(events)
        kept = await observed.store.get_thread(Context().owner, thread_id)
        assert kept.metadata == {text: text}

        if len(text) <= 200 and text.split():
            title = " ".join(text.split())
            assert the(events, "thread.created")["thread"]["title"] == title
            assert (await client.rename(thread_id, text))["title"] == title
            assert (await client.threads())["data"][0]["title"] == title


async def test_surrogates_in_two_pieces_are_one_character(observed: ObservedStore) -> None:
    """Models that count in UTF-16 cut an emoji in two; together they are whole again."""

    async def responder(_: Turn) -> AsyncGenerator[str]:
        yield "a" + chr(0xD83D)
        yield chr(0xDE00) + "b"

    chat = Chatkeep(store=observed.store, responder=responder)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        items = (await client.items(thread_id_of(events), order="asc"))["data"]
    assert errors(events) == []
    (answer,) = done(events, "assistant_message")
    assert answer == items[1]
    text = answer["content"][0]["text"]
    assert text.encode("utf-16", "surrogatepass").decode("utf-16") == "a😀b"
