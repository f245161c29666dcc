"""A store whose keys are of a kind of their own: all that is made gets such keys."""

from collections.abc import AsyncGenerator
from itertools import count
from typing import Any

from chatkit.types import UserMessageItem
from chatkit.widgets import Text

from chatkeep import Chatkeep, Turn
from chatkeep.stores.memory import MemoryStore
from chatkeep.testing.client import connected
from support.events import collected, thread_id_of
from support.items import assistant_message


class Numbered(MemoryStore):
    """Has numbers for keys."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = map(str, count(1))

    def new_thread_id(self) -> str:
        return next(self._numbers)

    def new_item_id(self, thread_id: str, item_type: str) -> str:
        return next(self._numbers)


async def answers(turn: Turn) -> AsyncGenerator[Any]:
    """Text, a widget, an item of the responder's own making, and hidden context."""
    assert isinstance(turn.input, UserMessageItem)
    yield "Hello"
    yield Text(value="widget")
    yield assistant_message(turn, "mine", turn.item_id("assistant_message"))
    await turn.add_hidden_context("secret")


async def test_everything_that_is_made_has_a_key_of_the_store_s_own() -> None:
    chat = Chatkeep("memory:", responder=answers, store=Numbered())
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        thread_id = thread_id_of(events)
        page = await client.items(thread_id, order="asc")
    ids = [thread_id, *(item["id"] for item in page["data"])]
    assert len(ids) == 5
    assert all(id_.isdecimal() for id_ in ids)
    assert len(set(ids)) == 5
