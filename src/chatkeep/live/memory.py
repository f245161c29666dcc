"""The live log of one process: lists of frames."""

import asyncio
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import accumulate
from typing import TypeAlias

from .base import LiveLog, LogReader, LogWriter

_Waiter: TypeAlias = "asyncio.Future[None]"

_READ_BYTES = 64 * 1024
_READ_FRAMES = 256


class _MemoryLog(LogWriter):
    __slots__ = ("_gathering", "_on_end", "_saved", "_waiting", "ended", "frames")

    def __init__(self, on_end: "Callable[[_MemoryLog], None]") -> None:
        self.frames: list[bytes] = []
        self.ended = False
        self._on_end = on_end
        self._saved = 0
        self._waiting: set[_Waiter] = set()
        self._gathering: set[_Waiter] = set()

    def append(self, frame: bytes) -> None:
        if self.ended:
            return
        self.frames.append(frame)
        if self._waiting:
            _wake_all(self._waiting)

    def end(self) -> None:
        if not self.ended:
            self.ended = True
            self.wake()
            self._on_end(self)

    def take_unsaved(self) -> bytes:
        unsaved = b"".join(self.frames[self._saved :])
        self._saved = len(self.frames)
        return unsaved

    @property
    def length(self) -> int:
        return len(self.frames)

    def wake(self) -> None:
        _wake_all(self._waiting)
        _wake_all(self._gathering)

    async def changed(self, waiter: _Waiter) -> None:
        self._waiting.add(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            self._waiting.discard(waiter)
            raise

    async def at_end(self, waiter: _Waiter) -> None:
        self._gathering.add(waiter)
        try:
            await waiter
        finally:
            self._gathering.discard(waiter)


def _wake_all(waiters: set[_Waiter]) -> None:
    for waiter in waiters:
        _wake(waiter)
    waiters.clear()


def _wake(waiter: _Waiter) -> None:
    if not waiter.done():
        waiter.set_result(None)


class _MemoryReader(LogReader):
    __slots__ = ("_closed", "_log", "_loop", "position")

    def __init__(self, log: _MemoryLog, position: int) -> None:
        self.position = position
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._closed = False

    async def read(self) -> list[bytes]:
        log = self._log
        while self.position >= len(log.frames):
            if log.ended or self._closed:
                return []
            await log.changed(self._loop.create_future())
        if self._closed:
            return []
        frames = self._next_frames()
        self.position += len(frames)
        return frames

    async def gather(self, seconds: float) -> None:
        log = self._log
        if log.ended or self._closed:
            return
        waiter = self._loop.create_future()
        timer = self._loop.call_later(seconds, _wake, waiter)
        try:
            await log.at_end(waiter)
        finally:
            timer.cancel()

    def close(self) -> None:
        self._closed = True
        self._log.wake()

    def _next_frames(self) -> list[bytes]:
        """As many frames as make a good write; never a slow reader's whole backlog."""
        frames = self._log.frames[self.position : self.position + _READ_FRAMES]
        if sum(map(len, frames)) <= _READ_BYTES:
            return frames
        sizes = accumulate(map(len, frames))
        return frames[: max(1, bisect_right(list(sizes), _READ_BYTES))]


class MemoryLiveLog(LiveLog):
    """Keeps each log until some time after its end, within a bound of memory.

    Args:
        replay_seconds: How long an ended log can still be read.
        replay_bytes: How much all ended logs may take; the oldest go first.
    """

    def __init__(self, replay_seconds: float, replay_bytes: int) -> None:
        self._replay_seconds = replay_seconds
        self._replay_bytes = replay_bytes
        self._logs: dict[str, _MemoryLog] = {}
        self._ended: deque[tuple[float, str, int]] = deque()
        self._ended_bytes = 0

    def create(self, turn_id: str) -> LogWriter:
        log = self._logs[turn_id] = _MemoryLog(partial(self._retain, turn_id))
        return log

    def reader(self, turn_id: str, position: int = 0) -> LogReader | None:
        self._drop_old()
        log = self._logs.get(turn_id)
        return None if log is None else _MemoryReader(log, position)

    def _retain(self, turn_id: str, log: _MemoryLog) -> None:
        size = sum(map(len, log.frames))
        self._ended.append((time.monotonic(), turn_id, size))
        self._ended_bytes += size
        self._drop_old()

    def _drop_old(self) -> None:
        horizon = time.monotonic() - self._replay_seconds
        while self._ended and (
            self._ended[0][0] < horizon or self._ended_bytes > self._replay_bytes
        ):
            _, turn_id, size = self._ended.popleft()
            self._ended_bytes -= size
            self._logs.pop(turn_id, None)
