"""The live log of one process: lists of frames."""

import asyncio
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import accumulate

from ..stores.base import TurnRecord
from .base import LiveLog, LogReader, LogWriter

_READ_BYTES = 64 * 1024
_READ_FRAMES = 256
_BEAT_SECONDS = 0.002


def portion(frames: list[bytes], start: int) -> list[bytes]:
    """As many frames as make a good write; never a slow reader's whole backlog."""
    taken = frames[start : start + _READ_FRAMES]
    if sum(map(len, taken)) <= _READ_BYTES:
        return taken
    sizes = accumulate(map(len, taken))
    return taken[: max(1, bisect_right(list(sizes), _READ_BYTES))]


class _MemoryLog(LogWriter):
    """One turn's log.

    ``append`` runs for every token, so it is a closure in the place of the method:
    to look up its attributes would take longer than what it does.
    """

    def __init__(self, on_end: "Callable[[_MemoryLog], None]") -> None:
        self.frames: list[bytes] = []
        self.ended = False
        self.open_readers: set[_MemoryReader] = set()
        """Those that have not come to the end, nor were closed."""
        self.idle: list[_MemoryReader] = []
        """Those that wait for the next frame."""
        self._on_end = on_end
        add, idle, is_open = self.frames.append, self.idle, True

        def append(frame: bytes) -> None:
            if is_open:
                add(frame)
                if idle:
                    for reader in idle:
                        reader.wake()
                    idle.clear()

        def close() -> None:
            nonlocal is_open
            is_open = False

        self.append = append  # type: ignore[method-assign]
        self._close = close

    def append(self, frame: bytes) -> None:
        raise NotImplementedError  # `__init__` has put the closure in its place

    def end(self) -> None:
        if not self.ended:
            self.ended = True
            self._close()
            for reader in self.open_readers:
                reader.wake()
            self._on_end(self)

    @property
    def readers(self) -> int:
        return len(self.open_readers)


class _Pulse:
    """Wakes all that wait for about the same moment with one timer.

    A timer for each would take more CPU than what they are woken for.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._waiters: dict[int, list[asyncio.Future[None]]] = {}

    def after(self, seconds: float) -> "asyncio.Future[None]":
        """Return a future that is done after so many seconds, or a beat later."""
        beat = int((self.loop.time() + seconds) / _BEAT_SECONDS) + 1
        waiters = self._waiters.get(beat)
        if waiters is None:
            waiters = self._waiters[beat] = []
            self.loop.call_at(beat * _BEAT_SECONDS, self._wake, beat)
        waiter: asyncio.Future[None] = self.loop.create_future()
        waiters.append(waiter)
        return waiter

    def _wake(self, beat: int) -> None:
        for waiter in self._waiters.pop(beat):
            if not waiter.done():
                waiter.set_result(None)


class _MemoryReader(LogReader):
    __slots__ = ("_closed", "_log", "_pulse", "_waiter", "position")

    def __init__(self, log: _MemoryLog, position: int, pulse: _Pulse) -> None:
        self.position = position
        self._log = log
        self._pulse = pulse
        self._waiter: asyncio.Future[None] | None = None
        self._closed = False
        log.open_readers.add(self)

    async def read(self, gather: float = 0.0) -> list[bytes]:
        log = self._log
        if gather and not (log.ended or self._closed):
            waiter = self._waiter = self._pulse.after(gather)
            await waiter
        while self.position >= len(log.frames):
            if log.ended or self._closed:
                log.open_readers.discard(self)
                return []
            if self not in log.idle:  # a `read` that was cancelled has left it there
                log.idle.append(self)
            waiter = self._waiter = self._pulse.loop.create_future()
            await waiter
        if self._closed:
            return []
        frames = portion(self._log.frames, self.position)
        self.position += len(frames)
        return frames

    def wake(self) -> None:
        """End the waiting of a `read`."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def close(self) -> None:
        self._closed = True
        self._log.open_readers.discard(self)
        if self in self._log.idle:
            self._log.idle.remove(self)
        self.wake()


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
        self._pulse: _Pulse | None = None

    async def close(self) -> None:
        for log in list(self._logs.values()):
            log.end()

    def create(self, turn: TurnRecord) -> LogWriter:
        log = self._logs[turn.id] = _MemoryLog(partial(self._retain, turn.id))
        return log

    async def reader(self, turn: TurnRecord, position: int = 0) -> LogReader | None:
        self._drop_old()
        log = self._logs.get(turn.id)
        if log is None:
            return None
        loop = asyncio.get_running_loop()
        if self._pulse is None or self._pulse.loop is not loop:
            self._pulse = _Pulse(loop)
        return _MemoryReader(log, position, self._pulse)

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
