"""A request that comes twice: which it is, and what its second answer begins with."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from chatkit.types import (
    AssistantMessageContent,
    AssistantMessageItem,
    HiddenContextItem,
    ThreadItem,
    UserMessageItem,
    UserMessageTextContent,
)

from chatkeep import Context
from chatkeep.engine.openings import Opening, Openings
from chatkeep.engine.repeats import is_repeat, open_again, stored_answer
from chatkeep.protocol.requests import parse_request
from chatkeep.protocol.wire import item_record
from chatkeep.settings import Settings
from chatkeep.stores.base import TurnRecord
from chatkeep.stores.memory import MemoryStore
from chatkeep.testing.store_contract.records import a_thread, a_turn
from support.clients import add, create

OWNER = Context().owner


def said(item_id: str, text: str) -> UserMessageItem:
    return UserMessageItem(
        id=item_id,
        thread_id="t",
        created_at=datetime.now(UTC),
        content=[UserMessageTextContent(text=text)],
        inference_options={},  # type: ignore[arg-type]
    )


def answered(item_id: str, text: str) -> AssistantMessageItem:
    content = [AssistantMessageContent(text=text)]
    return AssistantMessageItem(
        id=item_id, thread_id="t", created_at=datetime.now(UTC), content=content
    )


async def kept(*items: ThreadItem) -> Openings:
    """Openings over a store with the thread ``t`` and these items."""
    store = MemoryStore()
    await store.open()
    await store.save_thread(OWNER, a_thread("t", title="First"))
    await store.save_items(OWNER, "t", [item_record(item) for item in items])
    return Openings(store, OWNER, Settings())


async def asked(openings: Openings, content: bytes) -> Opening:
    return await openings.open(parse_request(content))


def earlier(status: Any = "stopped", message: str | None = "m1") -> TurnRecord:
    return a_turn("t", OWNER, status=status, input_item_id=message)


def events_of(made: Opening) -> list[dict[str, Any]]:
    return [msgspec.json.decode(event) for event in made.prelude]


async def test_it_is_a_repeat_until_something_else_was_said() -> None:
    openings = await kept(said("m1", "hi"), answered("a1", "hello"))
    opening = await asked(openings, add("t", "hi"))
    assert await is_repeat(openings, opening, earlier())
    assert not await is_repeat(openings, opening, earlier(message="m0"))


async def test_an_output_for_a_call_that_waits_is_new() -> None:
    openings = await kept(said("m1", "hi"))
    opening = Opening("tool_output", a_thread("t"), "threads.add_client_tool_output", [b"{}"])
    assert not await is_repeat(openings, opening, earlier())


@pytest.mark.parametrize(("status", "repeated"), [("finished", True), ("failed", False)])
async def test_an_action_that_came_to_nothing_is_done_again(status: str, repeated: bool) -> None:
    openings = await kept(said("m1", "hi"))
    opening = Opening("action", a_thread("t"), "threads.custom_action", [b"{}"])
    assert await is_repeat(openings, opening, earlier(status)) is repeated


async def test_the_client_is_shown_the_first_message_and_its_thread_not_new_ones() -> None:
    openings = await kept(said("m1", "hi"), answered("a1", "hel"))
    again = await open_again(openings, await asked(openings, create("hi")), earlier())
    created, done, options = events_of(again)
    assert (created["type"], created["thread"]["id"]) == ("thread.created", "t")
    assert (done["type"], done["item"]["id"]) == ("thread.item.done", "m1")
    assert options["type"] == "stream_options"
    assert again.is_retry
    assert not again.is_new
    assert not again.items
    assert again.input is not None
    assert again.input.id == "m1"


async def test_what_the_client_may_do_is_what_it_was_told_first() -> None:
    openings = await kept(said("m1", "hi"))
    opening = await asked(openings, add("t", "hi"))
    told = b'{"type":"stream_options","stream_options":{"allow_cancel":false}}'
    changed = Opening(
        opening.kind, opening.thread, opening.request_type, [*opening.prelude[:-1], told]
    )
    again = await open_again(openings, changed, earlier())
    assert [event["type"] for event in events_of(again)] == ["thread.item.done", "stream_options"]
    assert again.prelude[-1] == told


async def test_a_finished_answer_is_told_from_what_is_kept_without_what_is_hidden() -> None:
    hidden = HiddenContextItem(
        id="h1", thread_id="t", created_at=datetime.now(UTC), content="secret"
    )
    openings = await kept(said("m1", "hi"), answered("a1", "hello"), hidden)
    again = await open_again(openings, await asked(openings, add("t", "hi")), earlier("finished"))
    frames = await stored_answer(openings, again)
    events = [msgspec.json.decode(each.removeprefix(b"data: ")) for each in frames]
    items = [event["item"]["id"] for event in events if event["type"] == "thread.item.done"]
    assert items == ["m1", "a1"]
