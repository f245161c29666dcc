"""The live log in memory beside the contract: kept within bounds, on one loop after another."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from chatkeep.context import Owner
from chatkeep.live.memory import MemoryLiveLog
from chatkeep.stores.base import TurnRecord


def turn(turn_id: str) -> TurnRecord:
    return TurnRecord(turn_id, Owner("a", "b"), "thr", "x", "holder", datetime.now(UTC))


def log_of(*frames: bytes, ended: bool = True, **bounds: Any) -> tuple[MemoryLiveLog, Any]:
    live = MemoryLiveLog(**({"replay_seconds": 60, "replay_bytes": 10_000} | bounds))
    writer = live.create(turn("t"))
    for frame in frames:
        writer.append(frame)
    if ended:
        writer.end()
    return live, writer


async def test_a_cancelled_read_leaves_nothing_behind() -> None:
    live, writer = log_of(ended=False)
    reader = await live.reader(turn("t"))
    assert reader is not None
    for _ in range(5):
        waiting = asyncio.create_task(reader.read())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
    assert writer.idle == [reader], "it waits in one place, however often it was cancelled"
    writer.append(b"a")
    assert writer.idle == []
    assert await reader.read() == [b"a"]
    reader.close()
    assert writer.readers == 0


async def test_a_reader_that_leaves_while_it_waits_leaves_nothing_behind() -> None:
    live, writer = log_of(ended=False)
    reader = await live.reader(turn("t"))
    assert reader is not None
    waiting = asyncio.create_task(reader.read())
    await asyncio.sleep(0)
    reader.close()
    assert await waiting == []
    assert (writer.idle, writer.readers) == ([], 0)


async def test_what_gathers_comes_together() -> None:
    live, writer = log_of(b"a", ended=False)
    reader = await live.reader(turn("t"))
    assert reader is not None
    reading = asyncio.create_task(reader.read(gather=0.01))
    await asyncio.sleep(0)
    writer.append(b"b")
    assert await reading == [b"a", b"b"]


def test_a_log_serves_one_loop_after_another() -> None:
    live = MemoryLiveLog(60, 10_000)

    async def follow(name: str) -> None:
        writer = live.create(turn(name))
        reader = await live.reader(turn(name))
        assert reader is not None
        reading = asyncio.create_task(reader.read(gather=0.001))
        await asyncio.sleep(0)
        writer.append(b"a")
        assert await asyncio.wait_for(reading, timeout=10) == [b"a"]

    for name in ("first", "second"):
        asyncio.run(follow(name))


async def test_ended_logs_are_kept_within_a_bound() -> None:
    live = MemoryLiveLog(replay_seconds=60, replay_bytes=250)
    following = live.create(turn("under way"))
    for name in ("one", "two", "three"):
        writer = live.create(turn(name))
        writer.append(b"x" * 100)
        writer.end()
    readers = [await live.reader(turn(name)) for name in ("one", "two", "three")]
    assert [reader is None for reader in readers] == [True, False, False]
    following.append(b"y" * 1000)
    assert await live.reader(turn("under way")) is not None


async def test_ended_logs_are_kept_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    live, _ = log_of(b"a", replay_seconds=60)
    reader = await live.reader(turn("t"))
    assert reader is not None
    now = 159.0
    assert await live.reader(turn("t")) is not None
    now = 161.0
    assert await live.reader(turn("t")) is None
    assert await reader.read() == [b"a"], "whoever reads already is not disturbed"
