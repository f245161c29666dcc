"""A stream as one client reads it: delivered, or left, and told apart."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import pytest

from chatkeep.context import Owner
from chatkeep.engine.streams import EventStream
from chatkeep.live.base import FollowLost, LogReader
from chatkeep.live.frames import Frames
from chatkeep.live.memory import MemoryLiveLog
from chatkeep.stores.base import TurnRecord

FRAMES = [b'data: {"n":0}\n\n', b'data: {"n":1}\n\n']


TURN = TurnRecord("trn_1", Owner("a", "b"), "thr", "x", "holder", datetime.now(UTC))


async def stream_of(frames: Sequence[bytes], *, ended: bool = True, **options: Any) -> EventStream:
    live = MemoryLiveLog(60, 10_000)
    writer = live.create(TURN)
    for frame in frames:
        writer.append(frame)
    if ended:
        writer.end()
    reader = await live.reader(TURN)
    assert reader is not None
    return EventStream(reader, turn_id=TURN.id, **options)


async def all_there(frames: Sequence[bytes], **options: Any) -> EventStream:
    return EventStream(Frames(frames), turn_id=TURN.id, **options)


async def chunks_of(stream: EventStream) -> list[bytes]:
    return [chunk async for chunk in stream]


@pytest.mark.parametrize("given", [stream_of, all_there])
async def test_what_is_ready_goes_together_and_is_delivered(given: Any) -> None:
    left: list[bool] = []
    stream = await given(FRAMES, on_leave=left.append)
    assert await chunks_of(stream) == [b"".join(FRAMES)]
    stream.leave()
    assert left == []


@pytest.mark.parametrize("given", [stream_of, all_there])
async def test_a_live_client_gets_ids(given: Any) -> None:
    chunks = await chunks_of(await given(FRAMES, resumable=True, heartbeat=60.0))
    assert b"".join(chunks) == b"id: trn_1:0\n" + FRAMES[0] + b"id: trn_1:1\n" + FRAMES[1]


async def test_whoever_stops_early_has_left_once() -> None:
    left: list[bool] = []
    stream = await stream_of(FRAMES, ended=False, on_leave=left.append)
    async with aclosing(aiter(stream)) as chunks:
        await anext(chunks)
    stream.leave()
    assert left == [False]


async def test_whoever_never_began_can_leave() -> None:
    left: list[bool] = []
    stream = await stream_of(FRAMES, on_leave=left.append)
    stream.leave()
    assert left == [False]
    assert await chunks_of(stream) == []


async def test_leaving_ends_a_stream_that_waits() -> None:
    stream = await stream_of([], ended=False)
    chunks = aiter(stream)
    stream.leave()
    with pytest.raises(StopAsyncIteration):
        await anext(chunks)


OPTIONS = b'data: {"type":"stream_options","stream_options":{"allow_cancel":false}}\n\n'


async def after_a_silence(frames: Sequence[bytes], **options: Any) -> list[bytes]:
    stream = await stream_of(frames, ended=False, heartbeat=0.001, **options)
    async with aclosing(aiter(stream)) as chunks:
        return [await anext(chunks) for _ in range(3)]


async def test_silence_is_broken_by_comments_for_who_asked() -> None:
    seen = await after_a_silence(FRAMES, resumable=True)
    assert seen[1:] == [b": keep-alive\n\n"] * 2


async def test_silence_is_broken_for_others_by_what_their_stream_began_with() -> None:
    seen = await after_a_silence([FRAMES[0], OPTIONS, FRAMES[1]])
    assert seen == [FRAMES[0] + OPTIONS + FRAMES[1], OPTIONS, OPTIONS]


async def test_what_is_read_between_two_silences_is_complete() -> None:
    live = MemoryLiveLog(60, 10_000)
    writer = live.create(TURN)
    writer.append(OPTIONS)
    reader = await live.reader(TURN)
    assert reader is not None
    stream = EventStream(reader, heartbeat=0.001)
    seen = [await stream.next()]
    for number in range(20):
        while seen[-1] != OPTIONS or len(seen) < 2:
            seen.append(await stream.next())
        writer.append(b"data: %d\n\n" % number)
        seen.append(await stream.next())
    writer.end()
    seen += await chunks_of(stream)
    said = b"".join(seen).replace(OPTIONS, b"")
    assert said == b"".join(b"data: %d\n\n" % number for number in range(20))


async def test_without_stream_options_nothing_is_made_up() -> None:
    stream = await stream_of(FRAMES, ended=False, heartbeat=0.001)
    async with aclosing(aiter(stream)) as chunks:
        assert await anext(chunks) == b"".join(FRAMES)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await anext(chunks)


async def test_being_cancelled_is_no_silence() -> None:
    stream = await stream_of([OPTIONS], ended=False, heartbeat=60.0)
    await stream.next()
    reading = asyncio.create_task(stream.next())
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


class _BrokenReader(LogReader):
    position = 0

    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def read(self, gather: float = 0.0) -> list[bytes]:
        raise self.error

    def close(self) -> None:
        raise self.error


@pytest.mark.parametrize("error", [FollowLost(), OSError(), asyncio.CancelledError(), ValueError()])
@pytest.mark.parametrize("heartbeat", [None, 60.0])
async def test_whose_log_breaks_was_cut_off_and_did_not_leave(
    error: BaseException, heartbeat: float | None, caplog: pytest.LogCaptureFixture
) -> None:
    """A stop that the user never asked for would end the answer, too."""
    cut_off: list[bool] = []
    stream = EventStream(
        _BrokenReader(error), turn_id=TURN.id, heartbeat=heartbeat, on_leave=cut_off.append
    )
    assert await chunks_of(stream) == []
    assert (cut_off, stream.broken) == ([True], True)
    assert "can't be read" in caplog.text
