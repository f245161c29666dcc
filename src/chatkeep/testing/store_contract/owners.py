"""Owners: what is another's is not found, and is not changed."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from ...context import Owner
from ...errors import NotFound
from ...stores.base import PageQuery, Store, ThreadChanges, TurnChanges
from .records import (
    ALICE,
    COLLEAGUE,
    NAMESAKE,
    STRANGERS,
    a_piece,
    a_thread,
    a_turn,
    an_attachment,
    begin,
    ids_of,
    items_named,
)

Attempt = Callable[[Store, Owner], Awaitable[object]]

_TURN = a_turn("t", id="trn", request_key="k", delivered=False)

ATTEMPTS: dict[str, Attempt] = {
    "get_thread": lambda store, who: store.get_thread(who, "t"),
    "open_thread": lambda store, who: store.open_thread(who, "t", PageQuery()),
    "list_threads": lambda store, who: store.list_threads(who, PageQuery(after="t")),
    "update_thread": lambda store, who: store.update_thread(who, "t", ThreadChanges(title="x")),
    "delete_thread": lambda store, who: store.delete_thread(who, "t"),
    "get_item": lambda store, who: store.get_item(who, "t", "i"),
    "list_items": lambda store, who: store.list_items(who, "t", PageQuery()),
    "save_items": lambda store, who: store.save_items(who, "t", items_named("i", "new")),
    "delete_items": lambda store, who: store.delete_items(who, "t", ["i"]),
    "join_thread": lambda store, who: store.save_attachment(who, an_attachment("b", "t")),
    "get_attachment": lambda store, who: store.get_attachment(who, "a"),
    "list_attachments": lambda store, who: store.list_attachments(who, "t"),
    "delete_attachment": lambda store, who: store.delete_attachment(who, "a"),
    "save_feedback": lambda store, who: store.save_feedback(who, "t", ["i"], "negative"),
    "list_feedback": lambda store, who: store.list_feedback(who, "t"),
    "begin_turn": lambda store, who: begin(store, a_turn("t", who)),
    "begin_turn_with_attachment": lambda store, who: begin(
        store, a_turn("mine", who), thread=a_thread("mine"), attachments=[an_attachment("b", "t")]
    ),
    "get_turn": lambda store, who: store.get_turn(who, "trn"),
    "request_stop": lambda store, who: store.request_stop(who, "t"),
    "active_turn": lambda store, who: store.active_turn(who, "t"),
    "get_state": lambda store, who: store.get_state(who, "t", "agent"),
    "mark_delivered": lambda store, who: store.mark_delivered(who, "trn", False),
}

REPLACEMENTS: dict[str, Attempt] = {
    "save_thread": lambda store, who: store.save_thread(who, a_thread("t", title="x")),
    "save_attachment": lambda store, who: store.save_attachment(who, an_attachment("a")),
    "begin_turn_with_thread": lambda store, who: begin(
        store, a_turn("t", who), thread=a_thread("t", title="x")
    ),
    "begin_turn_with_attachment": lambda store, who: begin(
        store,
        a_turn("mine", who),
        thread=a_thread("mine"),
        attachments=[an_attachment("a", "mine")],
    ),
}


async def _everything(store: Store) -> list[Any]:
    """All that Alice has."""
    return [
        await store.list_threads(ALICE, PageQuery()),
        await store.list_items(ALICE, "t", PageQuery(), hidden=True),
        await store.list_attachments(ALICE, "t"),
        await store.list_feedback(ALICE, "t"),
        await store.get_turn(ALICE, "trn"),
        await store.load_checkpoints(_TURN),
        await store.get_state(ALICE, "t", "agent"),
    ]


class OwnersContract:
    """What a store promises about owners."""

    @pytest.mark.parametrize("who", STRANGERS)
    @pytest.mark.parametrize("name", sorted(ATTEMPTS))
    async def test_what_is_anothers_is_not_found(self, store: Store, name: str, who: Owner) -> None:
        before = await self._with_alices_thread(store)
        with pytest.raises(NotFound):
            await ATTEMPTS[name](store, who)

        assert await _everything(store) == before
        with pytest.raises(NotFound):
            await store.get_thread(who, "mine")

    @pytest.mark.parametrize("name", sorted(REPLACEMENTS))
    async def test_a_colleague_cant_replace_what_is_anothers(self, store: Store, name: str) -> None:
        before = await self._with_alices_thread(store)
        with pytest.raises(NotFound):
            await REPLACEMENTS[name](store, COLLEAGUE)

        assert await _everything(store) == before
        with pytest.raises(NotFound):
            await store.get_thread(COLLEAGUE, "mine")

    @pytest.mark.parametrize("name", sorted(REPLACEMENTS))
    async def test_another_tenants_same_id_touches_nothing(self, store: Store, name: str) -> None:
        before = await self._with_alices_thread(store)
        with suppress(NotFound):  # it may keep both rows, or refuse the second
            await REPLACEMENTS[name](store, NAMESAKE)

        assert await _everything(store) == before

    @pytest.mark.parametrize("who", STRANGERS)
    async def test_anothers_turn_cant_be_ended_or_read(self, store: Store, who: Owner) -> None:
        before = await self._with_alices_thread(store)
        forged = replace(_TURN, owner=who)

        assert await store.load_checkpoints(forged) == []
        changes = TurnChanges(items=items_named("new"), removed=["i"])
        assert await store.finish_turn(forged, "finished", changes) is False
        assert await _everything(store) == before

    async def test_a_list_has_the_owners_threads_only(self, store: Store) -> None:
        for owner, name in ((ALICE, "a"), (COLLEAGUE, "b"), (NAMESAKE, "c")):
            await store.save_thread(owner, a_thread(name))

        for owner, name in ((ALICE, "a"), (COLLEAGUE, "b"), (NAMESAKE, "c")):
            page = await store.list_threads(owner, PageQuery(limit=1))
            assert ids_of(page) == [name]
            assert not page.has_more

    async def _with_alices_thread(self, store: Store) -> list[Any]:
        await begin(
            store,
            _TURN,
            thread=a_thread("t", title="Mine"),
            items=items_named("i"),
            attachments=[an_attachment("a", "t")],
        )
        await store.save_feedback(ALICE, "t", ["i"], "positive")
        await store.checkpoint(_TURN.holder, [a_piece(_TURN.id, 0, b"said")])
        return await _everything(store)
