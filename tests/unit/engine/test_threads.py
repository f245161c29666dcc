"""Threads and their items, without a model."""

from typing import Any

import msgspec
import pytest

from chatkeep import Context
from chatkeep.engine import threads
from chatkeep.errors import InvalidRequest
from chatkeep.protocol.requests import parse_request
from chatkeep.settings import Settings
from chatkeep.stores.memory import MemoryStore
from chatkeep.testing.store_contract.records import a_thread, an_item
from support.clients import body

OWNER = Context().owner


async def a_store(*item_ids: str) -> MemoryStore:
    """A store with the thread ``t``."""
    store = MemoryStore()
    await store.open()
    await store.save_thread(OWNER, a_thread("t", title="Before"))
    items = [an_item(id_, data=b'{"id":"%b"}' % id_.encode()) for id_ in item_ids]
    await store.save_items(OWNER, "t", items)
    return store


def request(request_type: str, **params: Any) -> Any:
    return parse_request(body(request_type, **params))


async def test_a_thread_comes_with_its_oldest_items_first() -> None:
    store = await a_store("a", "b", "c")
    reply = await threads.get_thread(store, OWNER, request("threads.get_by_id", thread_id="t"))
    thread = msgspec.json.decode(reply)
    assert [item["id"] for item in thread["items"]["data"]] == ["a", "b", "c"]


@pytest.mark.parametrize("title", ["", "  \n ", "x" * 11])
async def test_a_title_that_cannot_be_is_refused_and_changes_nothing(title: str) -> None:
    store, settings = await a_store(), Settings(max_title_length=10)
    rename = request("threads.update", thread_id="t", title=title)
    with pytest.raises(InvalidRequest):
        await threads.rename_thread(store, OWNER, rename, settings)
    assert (await store.get_thread(OWNER, "t")).title == "Before"


async def test_a_person_s_title_is_one_line_and_stays() -> None:
    store = await a_store()
    rename = request("threads.update", thread_id="t", title="  My \n trip ")
    await threads.rename_thread(store, OWNER, rename, Settings())
    thread = await store.get_thread(OWNER, "t")
    assert (thread.title, thread.title_source) == ("My trip", "user")


@pytest.mark.parametrize("count", [0, 101])
async def test_no_items_and_too_many_are_not_rated(count: int) -> None:
    store = await a_store("a")
    ids = ["a"] * count
    rating = request("items.feedback", thread_id="t", item_ids=ids, kind="positive")
    with pytest.raises(InvalidRequest):
        await threads.save_feedback(store, OWNER, rating)
    assert await store.list_feedback(OWNER, "t") == []


def test_a_page_has_the_usual_size_unless_one_is_asked_for() -> None:
    assert threads.page_query(None, None, "asc").limit == 20
    assert threads.page_query(7, "a", "desc").limit == 7
    assert threads.page_query(9999, None, "asc").limit == 100
