"""Waking: what one worker keeps is noticed by those that wait in others."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from ...stores.base import Store, TurnChanges
from ...stores.capabilities import Wakes
from .records import HOLDER, a_piece, begun

_PATIENCE = 30.0


def _woken(store: Store) -> AsyncGenerator[None]:
    assert isinstance(store, Wakes)
    return store.woken()


async def _next(woken: AsyncGenerator[None]) -> None:
    async with asyncio.timeout(_PATIENCE):
        await anext(woken)


async def _settled(woken: AsyncGenerator[None]) -> "asyncio.Task[None]":
    """Wait for the next time, once nothing comes any more of what has happened."""
    while True:
        waiting = asyncio.ensure_future(_next(woken))
        done, _ = await asyncio.wait([waiting], timeout=0.2)
        if not done:
            return waiting
        waiting.result()


@pytest.mark.asyncio
class WakingContract:
    """What a store promises that `Wakes`; a subclass brings the fixture ``store``."""

    async def test_checkpoints_and_ends_of_turns_wake_who_waits(self, store: Store) -> None:
        turn = await begun(store)
        one, two = _woken(store), _woken(store)
        waiting = [await _settled(one), await _settled(two)]
        await store.checkpoint(HOLDER, [a_piece(turn.id, 0, b"a")])
        await asyncio.gather(*waiting)
        waiting = [await _settled(one), await _settled(two)]
        await store.finish_turn(turn, "finished", TurnChanges())
        await asyncio.gather(*waiting)
        await one.aclose()
        await two.aclose()

    async def test_who_waits_no_more_leaves_nothing_behind(self, store: Store) -> None:
        turn = await begun(store)
        woken = _woken(store)
        waiting = await _settled(woken)
        waiting.cancel()
        await asyncio.wait([waiting])
        await woken.aclose()
        await store.checkpoint(HOLDER, [a_piece(turn.id, 0, b"a")])
