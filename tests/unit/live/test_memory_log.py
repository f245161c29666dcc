"""The live log in memory: read from any place, followed to the end, kept within bounds."""

import asyncio
from typing import Any

import pytest

from chatkeep.live.memory import MemoryLiveLog


def log_of(*frames: bytes, ended: bool = True, **bounds: Any) -> tuple[MemoryLiveLog, Any]:
    live = MemoryLiveLog(**({"replay_seconds": 60, "replay_bytes": 10_000} | bounds))
    writer = live.create("t")
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
    live, writer = log_of(b"a", b"b", b"c")
    assert writer.length == 3
    for position in range(5):
        reader = live.reader("t", position)
        assert reader is not None
        assert await everything(reader) == [b"a", b"b", b"c"][position:]
        assert await reader.read() == []
    assert live.reader("other") is None


async def test_readers_follow_each_in_its_own_time() -> None:
    live, writer = log_of(ended=False)
    readers = [live.reader("t") for _ in range(3)]
    following = [asyncio.create_task(everything(reader)) for reader in readers]
    for number in range(10):
        writer.append(b"%d" % number)
        if number % 3 == 0:
            await asyncio.sleep(0)
    writer.end()
    assert await asyncio.gather(*following) == [[b"%d" % number for number in range(10)]] * 3


async def test_a_reader_that_waits_is_woken_by_its_end() -> None:
    live, writer = log_of(ended=False)
    first, second = live.reader("t"), live.reader("t")
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
    reader = live.reader("t")
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
    reader = live.reader("t")
    assert reader is not None
    pieces = []
    while piece := await reader.read():
        pieces.append(piece)
    assert [frame for piece in pieces for frame in piece] == frames
    assert max(sum(map(len, piece)) for piece in pieces if len(piece) > 1) < 300_000
    assert len(pieces) > 10


async def test_what_gathers_comes_together() -> None:
    live, writer = log_of(b"a", ended=False)
    reader = live.reader("t")
    assert reader is not None
    reading = asyncio.create_task(reader.read(gather=0.01))
    await asyncio.sleep(0)
    writer.append(b"b")
    assert await reading == [b"a", b"b"]


@pytest.mark.parametrize(("end", "seen"), [("end", [b"a", b"b"]), ("close", [])])
async def test_gathering_ends_with_the_log_and_with_its_reader(end: str, seen: Any) -> None:
    live, writer = log_of(b"a", ended=False)
    reader = live.reader("t")
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
        writer = live.create(name)
        reader = live.reader(name)
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
    reader = live.reader("t")
    assert reader is not None
    assert await everything(reader) == [b"a"]


async def test_what_is_unsaved_is_taken_once() -> None:
    _, writer = log_of(b"a", b"b", ended=False)
    assert writer.take_unsaved() == b"ab"
    assert writer.take_unsaved() == b""
    writer.append(b"c")
    assert writer.take_unsaved() == b"c"


async def test_ended_logs_are_kept_within_a_bound() -> None:
    live = MemoryLiveLog(replay_seconds=60, replay_bytes=250)
    following = live.create("under way")
    for name in ("one", "two", "three"):
        writer = live.create(name)
        writer.append(b"x" * 100)
        writer.end()
    assert [live.reader(name) is None for name in ("one", "two", "three")] == [True, False, False]
    following.append(b"y" * 1000)
    assert live.reader("under way") is not None


async def test_ended_logs_are_kept_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    live, _ = log_of(b"a", replay_seconds=60)
    reader = live.reader("t")
    assert reader is not None
    now = 159.0
    assert live.reader("t") is not None
    now = 161.0
    assert live.reader("t") is None
    assert await reader.read() == [b"a"], "whoever reads already is not disturbed"
