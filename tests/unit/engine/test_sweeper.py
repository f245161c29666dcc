"""Whose turns are ended with nobody asking, and whose are not."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from chatkeep import Context
from chatkeep.engine.sweeper import Sweeper
from chatkeep.engine.worker import Worker
from chatkeep.engine.workers import new_holder, place_prefix
from chatkeep.live.memory import MemoryLiveLog
from chatkeep.settings import Settings
from chatkeep.stores.base import TurnRecord
from chatkeep.stores.memory import MemoryStore
from chatkeep.testing.store_contract.records import begun

OWNER = Context().owner
DEAD = f"{place_prefix()}4194304:1:x"
"""A worker of this machine whose number no process can have."""

QUICK = Settings(lease_seconds=0.04, sweep_interval=0.01)


@pytest.fixture
async def store() -> AsyncGenerator[MemoryStore]:
    store = MemoryStore()
    await store.open()
    yield store
    await store.close()


def a_worker(store: MemoryStore) -> Worker:
    worker = Worker(store, MemoryLiveLog(0, 0), QUICK)
    worker.open()
    return worker


async def turn_of(
    store: MemoryStore, holder: str, thread_id: str = "t", lease: float = 30
) -> TurnRecord:
    """A turn of some worker's under way, as the store has it."""
    turn = await begun(store, thread_id, lease, owner=OWNER, holder=holder)
    return await store.get_turn(OWNER, turn.id)


async def is_active(store: MemoryStore, turn: TurnRecord) -> bool:
    return (await store.get_turn(OWNER, turn.id)).status == "active"


async def test_a_worker_knows_its_own_turns(store: MemoryStore) -> None:
    worker = a_worker(store)
    sweeper = Sweeper(store, worker)
    mine = await turn_of(store, worker.holder)
    assert await sweeper.is_abandoned(mine)
    worker.beginning[mine.id] = mine
    assert not await sweeper.is_abandoned(mine)


async def test_a_turn_of_another_worker_that_lives_is_let_be(store: MemoryStore) -> None:
    sweeper = Sweeper(store, a_worker(store))
    assert not await sweeper.is_abandoned(await turn_of(store, new_holder()))


async def test_turns_of_dead_workers_end_as_soon_as_a_server_opens(store: MemoryStore) -> None:
    dead, living = await turn_of(store, DEAD, "t1"), await turn_of(store, new_holder(), "t2")
    sweeper = Sweeper(store, a_worker(store))
    await sweeper.open()
    assert not await is_active(store, dead)
    assert await is_active(store, living)
    await sweeper.close()


async def test_a_turn_whose_lease_has_lapsed_ends_unless_it_is_renewed(store: MemoryStore) -> None:
    gone = await turn_of(store, "elsewhere:0:1:1:a", "t1", lease=0)
    late = await turn_of(store, "elsewhere:0:2:1:b", "t2", lease=0)
    sweeper = Sweeper(store, a_worker(store))

    async def renew() -> None:
        while True:
            await store.renew(late.holder, 0.02)
            await asyncio.sleep(0.001)

    renewing = asyncio.create_task(renew())
    await sweeper.open()
    async with asyncio.timeout(10):
        while await is_active(store, gone):  # noqa: ASYNC110 - a store tells nobody
            await asyncio.sleep(0.01)
    assert await is_active(store, late)
    renewing.cancel()
    await sweeper.close()


async def test_one_turn_that_cannot_be_ended_keeps_no_other_from_its_end(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, other = await turn_of(store, DEAD, "t1"), await turn_of(store, DEAD, "t2")
    load = store.load_checkpoints

    async def load_some(turn: TurnRecord, start: int = 0) -> Any:
        if turn.id == broken.id:
            raise OSError("these can't be read")
        return await load(turn, start)

    monkeypatch.setattr(store, "load_checkpoints", load_some)
    sweeper = Sweeper(store, a_worker(store))
    await sweeper.open()
    assert await is_active(store, broken)
    assert not await is_active(store, other)
    await sweeper.close()


async def test_a_closed_sweeper_sweeps_no_more(store: MemoryStore) -> None:
    sweeper = Sweeper(store, a_worker(store))
    await sweeper.open()
    await sweeper.close()
    dead = await turn_of(store, DEAD)
    await asyncio.sleep(5 * QUICK.sweep_interval)
    assert await is_active(store, dead)
