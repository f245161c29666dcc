"""A worker's hold on its turns, with turns that do as they are told."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, cast

import pytest

from chatkeep.engine import worker as module
from chatkeep.engine.journal import Journal
from chatkeep.engine.worker import Worker
from chatkeep.errors import NotFound
from chatkeep.live.memory import MemoryLiveLog
from chatkeep.protocol.sse import frame
from chatkeep.settings import Settings
from chatkeep.stores.base import Checkpoint, Held, TurnChanges, TurnRecord
from chatkeep.testing.store_contract.records import a_turn

QUICK = Settings(lease_seconds=0.04, checkpoint_interval=0.01, keep_timeout=0.1, shutdown_grace=0)


class Leases:
    """A store of leases: it says which turns are held, keeps pieces, and fails when told."""

    def __init__(self) -> None:
        self.held: set[str] = set()
        self.to_stop: set[str] = set()
        self.pieces: asyncio.Queue[list[Checkpoint]] = asyncio.Queue()
        self.taken_back: list[tuple[str, str, bool | None]] = []
        self.failures = 0

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("the store is gone")

    async def renew(self, holder: str, lease_seconds: float) -> Held:
        return Held(frozenset(self.held), frozenset(self.to_stop))

    async def checkpoint(self, holder: str, pieces: Sequence[Checkpoint]) -> None:
        self._fail()
        self.pieces.put_nowait([*pieces])

    async def finish_turn(
        self, turn: TurnRecord, status: str, changes: TurnChanges, *, takeover: bool = False
    ) -> bool:
        self._fail()
        self.taken_back.append((turn.id, status, changes.delivered))
        return True


class Running:
    """A turn under way, which notes what is done to it."""

    def __init__(self, store: Leases, turn_id: str) -> None:
        self.record = a_turn("t", id=turn_id)
        self.store = store
        self.journal = Journal(turn_id)
        self.ending = self.ended = self.kept = self.lost = self.stopping = False
        self.renewals = asyncio.Event()
        self.stopped = asyncio.Event()
        self.was_lost = asyncio.Event()
        store.held.add(turn_id)

    def renewed(self, *_: Any) -> None:
        self.renewals.set()

    def tick(self, seconds: float) -> None:
        pass

    def stop(self, *, left: bool = False) -> None:
        self.stopped.set()

    def lose(self) -> None:
        self.ending = True
        self.was_lost.set()

    def fail(self, error: BaseException, status: str) -> None:
        self.ending = True

    async def join(self) -> None:
        await asyncio.Event().wait()

    async def keep(self) -> None:
        await asyncio.Event().wait()


def a_worker(leases: Leases) -> Worker:
    worker = Worker(leases, MemoryLiveLog(0, 0), QUICK)
    worker.open()
    return worker


def run(worker: Worker, runner: Running) -> None:
    worker.add(cast("Any", runner))


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE", 0.001)


async def soon(event: asyncio.Event) -> None:
    await asyncio.wait_for(event.wait(), 10)


def test_a_name_is_made_whenever_a_worker_opens_and_kept_till_it_does_again() -> None:
    worker = a_worker(Leases())
    first = worker.holder
    assert worker.holder == first
    worker.open()
    assert worker.holder != first


async def test_turns_that_are_held_are_renewed_and_others_lost() -> None:
    worker = a_worker(store := Leases())
    mine, taken = Running(store, "trn_1"), Running(store, "trn_2")
    store.held.discard("trn_2")
    run(worker, mine)
    run(worker, taken)
    await soon(mine.renewals)
    await soon(taken.was_lost)
    assert not mine.was_lost.is_set()
    await worker.close()


async def test_a_turn_that_was_stopped_elsewhere_stops() -> None:
    worker = a_worker(store := Leases())
    runner, other = Running(store, "trn_1"), Running(store, "trn_2")
    run(worker, runner)
    run(worker, other)
    store.to_stop.add("trn_1")
    await soon(runner.stopped)
    assert not other.stopped.is_set()
    await worker.close()


async def test_what_was_streamed_is_saved_once_and_again_if_that_failed() -> None:
    worker = a_worker(store := Leases())
    runner = Running(store, "trn_1")
    runner.journal.entries.append(frame(b"1"))
    store.failures = 2
    run(worker, runner)
    (first,) = await asyncio.wait_for(store.pieces.get(), 10)
    assert first.data == frame(b"1")
    await asyncio.sleep(0)
    runner.journal.entries.append(frame(b"2"))
    (second,) = await asyncio.wait_for(store.pieces.get(), 10)
    assert second.data == frame(b"2")
    await worker.close()


async def test_a_turn_in_doubt_is_taken_back_before_its_request_may_come_again() -> None:
    worker = a_worker(store := Leases())
    store.failures = 3
    turn = a_turn("t", id="trn_1", request_key="key")
    worker.doubt(cast("Any", store), turn)
    await worker.settled("another")
    assert store.taken_back == []
    await worker.settled("key")
    assert store.taken_back == [("trn_1", "interrupted", False)]
    await worker.close()


async def test_a_note_that_fails_is_logged_unless_its_thread_is_gone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    worker = a_worker(Leases())

    async def raises(error: Exception) -> None:
        raise error

    notes = [worker.in_background(raises(error)) for error in (NotFound(), OSError("gone"))]
    with caplog.at_level(logging.ERROR, "chatkeep.turn"):
        await asyncio.wait(notes)
        await asyncio.sleep(0)
    assert [record.exc_info and record.exc_info[0] for record in caplog.records] == [OSError]
    await worker.close()


async def test_a_worker_closes_though_nothing_that_it_runs_ever_ends() -> None:
    worker = a_worker(store := Leases())
    runner = Running(store, "trn_1")
    run(worker, runner)
    assert worker.runs("trn_1")
    await asyncio.wait_for(worker.close(), 10)
    assert worker.closing
    assert not worker.runs("trn_1")


async def test_a_turn_that_is_about_to_begin_counts_as_running() -> None:
    worker = a_worker(Leases())
    worker.beginning["trn_1"] = a_turn("t", id="trn_1")
    assert worker.runs("trn_1")
    assert not worker.runs("trn_2")
