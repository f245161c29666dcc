"""The live log over a store beside the contract: how it watches, and who took a turn over."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chatkeep.context import Owner
from chatkeep.engine.recovery import RECOVERED
from chatkeep.live import watch
from chatkeep.live.base import FollowLost, LiveLog, LogReader
from chatkeep.live.memory import MemoryLiveLog
from chatkeep.live.store import StoreLiveLog
from chatkeep.stores.base import Checkpoint, Progress, Store, ThreadRecord, TurnChanges, TurnRecord
from chatkeep.stores.capabilities import Wakes
from chatkeep.stores.memory import MemoryStore
from chatkeep.stores.sql import SQLStore

ALICE = Owner("acme", "alice")


class CountingStore(MemoryStore):
    """Counts how often it is asked how far turns have come, and fails when told."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []
        self.broken = False

    async def progress(self, turns: Sequence[TurnRecord]) -> dict[str, Progress]:
        self.asked.append(len(turns))
        if self.broken:
            raise OSError("no route to 10.0.0.7")
        return await super().progress(turns)


class WakingStore(CountingStore, Wakes):
    """Wakes when told; the connection on which it does is lost when told."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: asyncio.Queue[bool] = asyncio.Queue()
        self.listening = 0
        self.listened = 0

    async def woken(self) -> AsyncGenerator[None]:
        self.listening += 1
        self.listened += 1
        try:
            yield
            while await self.calls.get():
                yield
            raise ConnectionError("the connection was lost")
        finally:
            self.listening -= 1


@pytest.fixture
async def store() -> WakingStore:
    store = WakingStore()
    await store.open()
    return store


@pytest.fixture
async def live(store: WakingStore) -> AsyncIterator[LiveLog]:
    live = StoreLiveLog(store, MemoryLiveLog(60, 10_000))
    await live.open()
    yield live
    await live.close()
    assert store.listening == 0


async def begun(store: Store, thread_id: str = "t") -> TurnRecord:
    turn = TurnRecord(f"trn_{thread_id}", ALICE, thread_id, "x", "elsewhere", datetime.now(UTC))
    thread = ThreadRecord(thread_id, turn.started_at)
    await store.begin_turn(turn, lease_seconds=30, thread=thread)
    return turn


def piece(turn: TurnRecord, number: int, *words: str, first: int | None = None) -> Checkpoint:
    data = "".join(f"data: {word}\n\n" for word in words).encode()
    return Checkpoint(turn.id, number, number if first is None else first, len(words), data)


async def reader_of(live: LiveLog, turn: TurnRecord, position: int = 0) -> LogReader:
    reader = await live.reader(turn, position)
    assert reader is not None
    return reader


async def read(reader: LogReader) -> list[tuple[int, str]]:
    """The next frames with their numbers."""
    frames = await reader.read()
    first = reader.position - len(frames)
    words = [frame.decode().removeprefix("data: ").strip() for frame in frames]
    return list(enumerate(words, first))


async def until(condition: Any) -> None:
    while not condition():  # noqa: ASYNC110 - what is waited for tells nobody
        await asyncio.sleep(0.005)


async def test_one_question_serves_all_who_follow(store: WakingStore, live: LiveLog) -> None:
    turns = [await begun(store, f"t{number}") for number in range(5)]
    readers = [await reader_of(live, turn) for turn in turns for _ in range(10)]
    reading = [asyncio.create_task(reader.read()) for reader in readers]
    store.asked.clear()
    await until(lambda: len(store.asked) >= 2)
    assert set(store.asked) == {5}, "one for all, and not one for each"
    assert store.listened == 1
    await store.checkpoint("elsewhere", [piece(turn, 0, "a") for turn in turns])
    assert await asyncio.gather(*reading) == [[b"data: a\n\n"]] * 50
    for reader in readers:
        reader.close()


async def test_nothing_runs_while_nobody_follows(store: WakingStore, live: LiveLog) -> None:
    before = asyncio.all_tasks()
    turn = await begun(store)
    readers = [await reader_of(live, turn) for _ in range(2)]
    await asyncio.sleep(0)
    assert asyncio.all_tasks() > before
    for reader in readers:
        reader.close()
    await until(lambda: asyncio.all_tasks() == before)
    assert store.listening == 0


async def test_own_turns_ask_the_store_nothing(store: WakingStore, live: LiveLog) -> None:
    turn = await begun(store)
    writer = live.create(turn)
    reader = await reader_of(live, turn)
    writer.append(b"data: a\n\n")
    assert await reader.read() == [b"data: a\n\n"], "at once, and not once it is saved"
    writer.end()
    assert await reader.read() == []
    assert store.asked == []


async def test_a_store_that_wakes_is_not_waited_for_by_the_clock(
    store: WakingStore, live: LiveLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_PAUSE", 3600.0)
    monkeypatch.setattr(watch, "_WOKEN_PAUSE", 3600.0)
    turn = await begun(store)
    reader = await reader_of(live, turn)
    for number, word in enumerate(["a", "b", "c"]):
        await store.checkpoint("elsewhere", [piece(turn, number, word)])
        store.calls.put_nowait(True)
        assert await read(reader) == [(number, word)]
    await store.finish_turn(turn, "finished", TurnChanges(tail=piece(turn, 3, "end")))
    store.calls.put_nowait(True)
    assert await read(reader) == [(3, "end")]
    assert await read(reader) == []


async def test_a_lost_connection_leaves_the_clock_and_is_tried_again(
    store: WakingStore, live: LiveLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_WOKEN_PAUSE", 3600.0)
    before = asyncio.all_tasks()
    turn = await begun(store)
    reader = await reader_of(live, turn)
    await until(lambda: store.listening == 1)
    store.calls.put_nowait(False)
    await until(lambda: store.listening == 0)
    await store.checkpoint("elsewhere", [piece(turn, 0, "a")])
    assert await read(reader) == [(0, "a")], "by the clock"
    reader.close()
    await until(lambda: asyncio.all_tasks() == before)

    monkeypatch.setattr(watch, "_LISTEN_AGAIN", 0.01)
    reader = await reader_of(live, turn, 1)
    await until(lambda: store.listening == 1)
    store.calls.put_nowait(False)
    await until(lambda: store.listened == 3)
    reader.close()


async def test_a_store_that_fails_is_come_back_later(store: WakingStore, live: LiveLog) -> None:
    turn = await begun(store)
    reader = await reader_of(live, turn)
    waiting = asyncio.create_task(reader.read())
    store.broken = True
    with pytest.raises(FollowLost):
        await waiting
    with pytest.raises(FollowLost):
        await live.reader(turn)
    store.broken = False
    await store.checkpoint("elsewhere", [piece(turn, 0, "a")])
    other = await reader_of(live, turn, reader.position)
    assert await read(other) == [(0, "a")]
    reader.close()
    other.close()


async def test_what_cant_be_loaded_is_lost_and_not_skipped(
    store: WakingStore, live: LiveLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = await begun(store)
    await store.checkpoint("elsewhere", [piece(turn, 0, "a")])
    reader = await reader_of(live, turn)

    async def fails(*_: Any) -> list[Checkpoint]:
        raise OSError("gone")

    with monkeypatch.context() as broken, pytest.raises(FollowLost):
        broken.setattr(store, "load_checkpoints", fails)
        await reader.read()
    assert reader.position == 0
    assert await read(reader) == [(0, "a")]
    reader.close()


async def test_a_read_that_is_cancelled_while_it_loads_loses_nothing(
    store: WakingStore, live: LiveLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = await begun(store)
    await store.finish_turn(turn, "finished", TurnChanges(tail=piece(turn, 0, "a")))
    reader = await reader_of(live, turn)
    loading = asyncio.Event()

    async def hangs(*_: Any) -> list[Checkpoint]:
        loading.set()
        await asyncio.Event().wait()
        return []

    with monkeypatch.context() as slow:
        slow.setattr(store, "load_checkpoints", hangs)
        reading = asyncio.create_task(reader.read())
        await loading.wait()
        reading.cancel()
        await asyncio.wait([reading])
    assert await read(reader) == [(0, "a")]
    assert await read(reader) == []


@pytest.mark.parametrize("position", [0, 2, 3, 57, RECOVERED])
async def test_a_takeover_is_read_with_its_numbers_and_never_across_the_jump(
    store: WakingStore, live: LiveLog, position: int
) -> None:
    turn = await begun(store)
    await store.checkpoint("elsewhere", [piece(turn, 0, "a", "b")])
    await store.checkpoint("elsewhere", [piece(turn, 2, "c")])
    reader = await reader_of(live, turn, position)
    tail = piece(turn, 3, "done", "error", first=RECOVERED)
    await store.finish_turn(turn, "interrupted", TurnChanges(tail=tail))
    found: list[tuple[int, str]] = []
    while some := await read(reader):
        assert {number >= RECOVERED for number, _ in some} in ({True}, {False})
        found += some
    everything = [(0, "a"), (1, "b"), (2, "c"), (RECOVERED, "done"), (RECOVERED + 1, "error")]
    assert found == [(number, word) for number, word in everything if number >= position]


async def test_an_ended_turn_whose_pieces_are_gone_has_no_log(
    store: WakingStore, live: LiveLog
) -> None:
    turn = await begun(store)
    await store.finish_turn(turn, "finished", TurnChanges(tail=piece(turn, 0, "a")))
    reader = await reader_of(live, turn)
    assert await read(reader) == [(0, "a")]
    await store.purge(streamed_seconds=0, turns_seconds=3600, limit=10)
    assert await live.reader(turn) is None
    assert await read(reader) == [], "whoever reads already comes to the end"


async def test_a_turn_that_is_deleted_is_not_taken_for_finished(
    store: WakingStore, live: LiveLog
) -> None:
    turn = await begun(store)
    await store.checkpoint("elsewhere", [piece(turn, 0, "a")])
    reader = await reader_of(live, turn)
    assert await read(reader) == [(0, "a")]
    await store.delete_thread(ALICE, "t")
    with pytest.raises(FollowLost):
        await read(reader)
    reader.close()
    assert await live.reader(turn) is None


async def test_an_end_that_goes_before_it_was_read_is_not_taken_for_finished(
    tmp_path: Path,
) -> None:
    store = SQLStore(f"sqlite:///{tmp_path}/chat.db")
    await store.open()
    live = StoreLiveLog(store, MemoryLiveLog(60, 10_000))
    turn = await begun(store)
    await store.finish_turn(turn, "stopped", TurnChanges(tail=piece(turn, 0, "a")))
    reader = await reader_of(live, turn)
    await store.delete_thread(ALICE, "t")
    with pytest.raises(FollowLost):
        await reader.read()
    reader.close()
    await live.close()
    await store.close()


async def test_a_piece_that_is_sent_again_and_longer_is_read_once(
    store: WakingStore, live: LiveLog
) -> None:
    turn = await begun(store)
    await store.checkpoint("elsewhere", [piece(turn, 0, "a", "b")])
    reader = await reader_of(live, turn)
    assert await read(reader) == [(0, "a"), (1, "b")]
    await store.checkpoint("elsewhere", [piece(turn, 0, "a", "b", "c")])
    assert await read(reader) == [(2, "c")]
    reader.close()


async def test_notes_are_not_followed(store: WakingStore, live: LiveLog) -> None:
    turn = await begun(store)
    note = Checkpoint(turn.id, 0, 0, 1, b"note: {}\n\ndata: a\n\nnote: {}\n\n")
    await store.checkpoint("elsewhere", [note, Checkpoint(turn.id, 3, 1, 0, b"note: {}\n\n")])
    await store.checkpoint("elsewhere", [piece(turn, 4, "b", first=1)])
    reader = await reader_of(live, turn)
    assert await read(reader) == [(0, "a"), (1, "b")]
    reader.close()


def test_a_log_serves_one_loop_after_another() -> None:
    async def follow(store: WakingStore, live: LiveLog, name: str) -> None:
        turn = await begun(store, name)
        reader = await reader_of(live, turn)
        reading = asyncio.create_task(reader.read())
        await asyncio.sleep(0)
        await store.checkpoint("elsewhere", [piece(turn, 0, "a")])
        async with asyncio.timeout(10):
            assert await reading == [b"data: a\n\n"]

    store = WakingStore()
    live = StoreLiveLog(store, MemoryLiveLog(60, 10_000))
    for name in ("first", "second"):
        asyncio.run(follow(store, live, name))
