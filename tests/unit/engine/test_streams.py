"""A stream as one client reads it: delivered, or left, and told apart."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from chatkeep.context import Owner
from chatkeep.engine.runner import TurnRunner
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
    chunks = await chunks_of(await given(FRAMES, heartbeat=60.0))
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


async def test_silence_is_broken_by_heartbeats_only_for_who_asked() -> None:
    stream = await stream_of(FRAMES, ended=False, heartbeat=0.001)
    async with aclosing(aiter(stream)) as chunks:
        seen = [await anext(chunks) for _ in range(3)]
    assert seen[1:] == [b": keep-alive\n\n"] * 2


class _BrokenReader(LogReader):
    position = 0

    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def read(self, gather: float = 0.0) -> list[bytes]:
        raise self.error

    def close(self) -> None:
        raise self.error


@pytest.mark.parametrize(
    "error", [FollowLost(), OSError(), TimeoutError(), asyncio.CancelledError(), ValueError()]
)
@pytest.mark.parametrize("heartbeat", [None, 60.0])
async def test_whose_log_breaks_was_cut_off_and_did_not_leave(
    error: BaseException, heartbeat: float | None
) -> None:
    """A stop that the user never asked for would end the answer, too."""
    cut_off: list[bool] = []
    stream = EventStream(
        _BrokenReader(error), turn_id=TURN.id, heartbeat=heartbeat, on_leave=cut_off.append
    )
    assert await chunks_of(stream) == []
    assert cut_off == [True]


class _EndlessReader(LogReader):
    """Never comes to its end, whatever happens."""

    position = 0

    def __init__(self) -> None:
        self.waits = asyncio.Event()

    async def read(self, gather: float = 0.0) -> list[bytes]:
        self.waits.set()
        await asyncio.Event().wait()
        return []

    def close(self) -> None:
        pass


class _Runner:
    """All that a stream asks of what runs its turn."""

    ended = False

    def when_ended(self, act: Callable[[], None]) -> None:
        self.act = act

    def look_again(self) -> None:
        pass

    async def is_held(self, _is_wanted: Callable[[], bool]) -> bool:
        return True

    def end(self) -> None:
        self.ended = True
        self.act()


@pytest.mark.parametrize("heartbeat", [None, 60.0, 0.001])
@pytest.mark.parametrize("when", ["before", "during"])
async def test_a_log_that_does_not_end_is_not_read_for_ever(
    heartbeat: float | None, when: str
) -> None:
    reader, runner, cut_off = _EndlessReader(), _Runner(), list[bool]()
    stream = EventStream(
        reader,
        turn_id=TURN.id,
        runner=cast("TurnRunner", runner),
        patience=0.01,
        heartbeat=heartbeat,
        on_leave=cut_off.append,
    )
    if when == "before":
        runner.end()
    reading = asyncio.create_task(chunks_of(stream))
    await reader.waits.wait()
    if when == "during":
        runner.end()
    assert set(await reading) <= {b": keep-alive\n\n"}
    assert cut_off == [True]
    assert reading.cancelling() == 0


@pytest.mark.parametrize("heartbeat", [None, 60.0])
async def test_a_turn_that_ends_between_two_reads_disturbs_no_stream(
    heartbeat: float | None,
) -> None:
    runner = _Runner()
    stream = await stream_of(FRAMES, runner=cast("TurnRunner", runner), heartbeat=heartbeat)
    assert await stream.next() != b""
    runner.end()
    assert await stream.next() == b""
