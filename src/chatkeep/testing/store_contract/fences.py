"""Fences: a turn that lost its thread writes nothing in it any more."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ...errors import NotFound, TurnLost
from ...stores.base import PageQuery, Store, ThreadChanges, TurnChanges
from .records import ALICE, a_thread, a_turn, begin, begun, ids_of, items_named

Write = Callable[[Store, str | None], Awaitable[Any]]

WRITES: dict[str, Write] = {
    "save_items": lambda store, turn: store.save_items(ALICE, "t", items_named("new"), turn=turn),
    "delete_items": lambda store, turn: store.delete_items(ALICE, "t", ["old"], turn=turn),
    "update_thread": lambda store, turn: store.update_thread(
        ALICE, "t", ThreadChanges(title="New", metadata={"new": 1}), turn=turn
    ),
}


async def _seen(store: Store) -> tuple[Any, ...]:
    page = await store.list_items(ALICE, "t", PageQuery(order="asc"))
    return await store.get_thread(ALICE, "t"), ids_of(page)


class FencesContract:
    """What a store promises to whoever took a thread over."""

    @pytest.mark.parametrize("name", sorted(WRITES))
    @pytest.mark.parametrize("end", ["taken over", "ended", "another's"])
    async def test_a_turn_that_is_not_active_writes_nothing(
        self, store: Store, name: str, end: str
    ) -> None:
        turn = a_turn("t")
        await begin(store, turn, thread=a_thread("t"), items=items_named("old"), lease_seconds=-1)
        if end == "taken over":
            (left,) = await store.orphaned_turns("none:")
            await store.finish_turn(left, "interrupted", TurnChanges(), takeover=True)
            await begin(store, a_turn("t"))
        elif end == "ended":
            await store.finish_turn(turn, "finished", TurnChanges())
        else:
            turn = await begun(store, "another")
        before = await _seen(store)
        with pytest.raises(TurnLost):
            await WRITES[name](store, turn.id)

        assert await _seen(store) == before

    @pytest.mark.parametrize("name", sorted(WRITES))
    async def test_a_turn_that_holds_the_thread_writes_in_it(self, store: Store, name: str) -> None:
        turn = a_turn("t")
        await begin(store, turn, thread=a_thread("t"), items=items_named("old"))
        before = await _seen(store)
        await WRITES[name](store, turn.id)

        assert await _seen(store) != before

    @pytest.mark.parametrize("name", sorted(WRITES))
    async def test_a_lapsed_lease_alone_takes_nothing_away(self, store: Store, name: str) -> None:
        turn = a_turn("t")
        await begin(store, turn, thread=a_thread("t"), items=items_named("old"), lease_seconds=-1)
        await WRITES[name](store, turn.id)

        assert (await store.get_turn(ALICE, turn.id)).status == "active"

    @pytest.mark.parametrize("name", sorted(WRITES))
    async def test_in_a_thread_that_is_gone_there_is_nothing_to_write(
        self, store: Store, name: str
    ) -> None:
        turn = await begun(store)
        await store.delete_thread(ALICE, "t")
        with pytest.raises(NotFound):
            await WRITES[name](store, turn.id)
