"""Purging: what ended long ago goes, what is under way or was said stays."""

import asyncio

import pytest

from ...errors import NotFound
from ...stores.base import PageQuery, Store, TurnChanges
from ...stores.capabilities import Purges
from .records import ALICE, HOLDER, a_piece, begun, ids_of, items_named

_LONG = 3600.0

_TICK = 0.002
"""A clock that counts milliseconds, as SQLite's does, has moved on after so many seconds."""


def _purges(store: Store) -> Purges:
    assert isinstance(store, Purges)
    return store


@pytest.mark.asyncio
class PurgingContract:
    """What a store promises that `Purges`; a subclass brings the fixture ``store``."""

    async def test_what_a_turn_streamed_stays_a_while_after_its_end(self, store: Store) -> None:
        turn = await begun(store)
        await store.checkpoint(HOLDER, [a_piece(turn.id, 0, b"a")])
        await store.finish_turn(turn, "finished", TurnChanges(tail=a_piece(turn.id, 1, b"end")))
        purged = await _purges(store).purge(streamed_seconds=_LONG, turns_seconds=_LONG, limit=10)

        assert purged == 0
        assert [piece.data for piece in await store.load_checkpoints(turn)] == [b"a", b"end"]

        assert await _purges(store).purge(streamed_seconds=0, turns_seconds=_LONG, limit=10) == 1
        assert await store.load_checkpoints(turn) == []
        assert (await store.get_turn(ALICE, turn.id)).status == "finished"

    async def test_an_old_turns_row_goes_and_what_was_said_stays(self, store: Store) -> None:
        turn = await begun(store)
        await store.finish_turn(turn, "finished", TurnChanges(items=items_named("answer")))
        await asyncio.sleep(_TICK)
        await _purges(store).purge(streamed_seconds=0, turns_seconds=0, limit=10)

        with pytest.raises(NotFound):
            await store.get_turn(ALICE, turn.id)
        assert ids_of(await store.list_items(ALICE, "t", PageQuery())) == ["answer"]

    async def test_a_turn_under_way_stays_whole(self, store: Store) -> None:
        turn = await begun(store)
        await store.checkpoint(HOLDER, [a_piece(turn.id, 0, b"a")])

        assert await _purges(store).purge(streamed_seconds=0, turns_seconds=0, limit=10) == 0
        assert [piece.data for piece in await store.load_checkpoints(turn)] == [b"a"]
        assert (await store.get_turn(ALICE, turn.id)).status == "active"

    async def test_only_so_many_go_at_once(self, store: Store) -> None:
        for number in range(5):
            turn = await begun(store, f"t{number}")
            await store.finish_turn(turn, "finished", TurnChanges())
        await asyncio.sleep(_TICK)

        async def purge() -> int:
            return await _purges(store).purge(streamed_seconds=0, turns_seconds=0, limit=2)

        assert [await purge() for _ in range(4)] == [2, 2, 1, 0]
