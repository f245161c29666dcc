"""The live log in memory: read from any place, followed to the end, kept within bounds."""

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


async def everything(reader: Any) -> list[bytes]:
    frames: list[bytes] = []
    while new := await reader.read():
        frames += new
    return frames


async def test_a_log_is_read_from_any_place() -> None:
    live, _ = log_of(b"a", b"b", b"c")
    for position in range(5):
        reader = await live.reader(turn("t"), position)
        assert reader is not None
        assert await everything(reader) == [b"a", b"b", b"c"][position:]
        assert await reader.read() == []
    assert await live.reader(turn("other")) is None


async def test_readers_follow_each_in_its_own_time() -> None:
    live, writer = log_of(ended=False)
    readers = [await live.reader(turn("t")) for _ in range(3)]
    following = [asyncio.create_task(everything(reader)) for reader in readers]
    for number in range(10):
        writer.append(b"%d" % number)
        if number % 3 == 0:
            await asyncio.sleep(0)
    writer.end()
    assert await asyncio.gather(*following) == [[b"%d" % number for number in range(10)]] * 3


async def test_a_reader_that_waits_is_woken_by_its_end() -> None:
    live, writer = log_of(ended=False)
    first, second = await live.reader(turn("t")), await live.reader(turn("t"))
    assert first is not None
    assert second is not None
    waiting = [asyncio.create_task(reader.read()) for reader in (first, second)]
    await asyncio.sleep(0)
    first.close()
    assert await waiting[0] == []
    writer.append(b"a")
    assert await waiting[1] == [b"a"]
    assert await first.read() == [], "a closed reader gives nothing, whatever there is"


async def test_a_cancelled_reader_leaves_nothing_behind() -> None:
    live, writer = log_of(ended=False)
    reader = await live.reader(turn("t"))
    assert reader is not None
    waiting = asyncio.create_task(reader.read())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    writer.append(b"a")
    assert await reader.read() == [b"a"]


async def test_a_large_backlog_comes_in_pieces_and_whole() -> None:
    frames = [b"x" * 1000] * 500 + [b"y" * 200_000] + [b"z"] * 5_000
    live, _ = log_of(*frames, replay_bytes=10_000_000)
    reader = await live.reader(turn("t"))
    assert reader is not None
    pieces = []
    while piece := await reader.read():
        pieces.append(piece)
    assert [frame for piece in pieces for frame in piece] == frames
    assert max(sum(map(len, piece)) for piece in pieces if len(piece) > 1) < 300_000
    assert len(pieces) > 10


async def test_what_gathers_comes_together() -> None:
    live, writer = log_of(b"a", ended=False)
    reader = await live.reader(turn("t"))
    assert reader is not None
    reading = asyncio.create_task(reader.read(gather=0.01))
    await asyncio.sleep(0)
    writer.append(b"b")
    assert await reading == [b"a", b"b"]


@pytest.mark.parametrize(("end", "seen"), [("end", [b"a", b"b"]), ("close", [])])
async def test_gathering_ends_with_the_log_and_with_its_reader(end: str, seen: Any) -> None:
    live, writer = log_of(b"a", ended=False)
    reader = await live.reader(turn("t"))
    assert reader is not None
    reading = asyncio.create_task(reader.read(gather=3600))
    await asyncio.sleep(0)
    writer.append(b"b")
    if end == "close":
        reader.close()
    writer.end()
    assert await reading == seen
    assert await reader.read(gather=3600) == []


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


async def test_nothing_comes_after_the_end() -> None:
    live, writer = log_of(b"a")
    writer.append(b"late")
    writer.end()
    reader = await live.reader(turn("t"))
    assert reader is not None
    assert await everything(reader) == [b"a"]


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
