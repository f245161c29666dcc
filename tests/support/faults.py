"""Faults at every place where a turn calls its responder, its store or its live log.

A run without faults counts the places; then each is given each fault in turn.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, cast

from chatkeep.errors import TurnError
from chatkeep.live.base import LiveLog, LogReader, LogWriter
from chatkeep.stores.base import Store, TurnRecord


class Broken(Exception):
    """What a program may raise."""


class Unfinished(TurnError):
    """Something for the user to read."""

    def __init__(self) -> None:  # it forgets what its base class needs
        self.detail = object()


class Unspeakable(Exception):
    """Raises whatever it is asked."""

    def __repr__(self) -> str:
        raise Broken

    __str__ = __repr__


class Fault(NamedTuple):
    """What goes wrong at a place: before the call, after it, or in its stead."""

    name: str
    act: Callable[[Callable[[], Awaitable[Any]], asyncio.Event], Awaitable[Any]]


def _raising(make: Callable[[], BaseException]) -> Fault:
    async def act(_call: Callable[[], Awaitable[Any]], _over: asyncio.Event) -> Any:
        raise make()

    return Fault(f"raises {make.__name__}", act)


async def _hang(_call: Callable[[], Awaitable[Any]], over: asyncio.Event) -> Any:
    await over.wait()
    raise Broken


async def _answer_lost(call: Callable[[], Awaitable[Any]], _over: asyncio.Event) -> Any:
    await call()
    raise Broken


async def _late(call: Callable[[], Awaitable[Any]], _over: asyncio.Event) -> Any:
    """Take so long that nobody waits any more, and do it all the same, as a thread does."""

    async def later() -> Any:
        await asyncio.sleep(0.15)
        return await call()

    task = asyncio.create_task(later())
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return await asyncio.shield(task)


RAISING = [_raising(kind) for kind in (Broken, Unfinished, Unspeakable, asyncio.CancelledError)]
HANGING = Fault("hangs", _hang)
ANSWER_LOST = Fault("loses its answer", _answer_lost)
LATE = Fault("is late", _late)


class Places:
    """The places that a run comes by, and the one where something goes wrong.

    Args:
        fault: What goes wrong.
        at: The number of the place, counted from 0; none if it is None.
    """

    def __init__(self, fault: Fault | None = None, at: int | None = None) -> None:
        self.seen: list[str] = []
        self.over = asyncio.Event()
        """Set when faults are over: what hangs, hangs no more."""
        self._fault = fault
        self._at = at
        self.watching = False

    def _hits(self, name: str) -> bool:
        if not self.watching:
            return False
        self.seen.append(name)
        return len(self.seen) - 1 == self._at

    async def call(self, name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        """Come by a place where something is awaited."""
        if self._hits(name) and self._fault is not None:
            return await self._fault.act(call, self.over)
        return await call()

    def now(self, name: str) -> None:
        """Come by a place where nothing can be awaited."""
        if self._hits(name) and self._fault in RAISING and self._fault is not None:
            # Nothing of it is awaited: it raises at once.
            self._fault.act(_nothing, self.over).__await__().__next__()


async def _nothing() -> None:
    return None


class FaultyStore:
    """Passes every call on, unless something goes wrong there."""

    def __init__(self, inner: Store, places: Places) -> None:
        self._inner = inner
        self._places = places
        self.new_item_id, self.new_thread_id = inner.new_item_id, inner.new_thread_id

    @property
    def store(self) -> Store:
        return cast("Store", self)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            await asyncio.sleep(0)
            return await self._places.call(f"store.{name}", lambda: method(*args, **kwargs))

        return call


class _FaultyWriter(LogWriter):
    def __init__(self, inner: LogWriter, places: Places) -> None:
        self._inner = inner
        self._places = places

    def append(self, frame: bytes) -> None:
        self._places.now("log.append")
        self._inner.append(frame)

    def end(self) -> None:
        try:
            self._places.now("log.end")
        finally:
            self._inner.end()

    @property
    def readers(self) -> int:
        self._places.now("log.readers")
        return self._inner.readers


class _FaultyReader(LogReader):
    def __init__(self, inner: LogReader, places: Places) -> None:
        self._inner = inner
        self._places = places

    @property
    def position(self) -> int:  # type: ignore[override]
        return self._inner.position

    async def read(self, gather: float = 0.0) -> list[bytes]:
        frames: list[bytes] = await self._places.call("log.read", lambda: self._inner.read(gather))
        return frames

    def close(self) -> None:
        self._inner.close()
        self._places.now("log.close")


class FaultyLog(LiveLog):
    """Passes every call on, unless something goes wrong there."""

    def __init__(self, inner: LiveLog, places: Places) -> None:
        self._inner = inner
        self._places = places

    def create(self, turn: TurnRecord) -> LogWriter:
        self._places.now("log.create")
        return _FaultyWriter(self._inner.create(turn), self._places)

    async def reader(self, turn: TurnRecord, position: int = 0) -> LogReader | None:
        reader = await self._places.call("log.reader", lambda: self._inner.reader(turn, position))
        return None if reader is None else _FaultyReader(reader, self._places)


@asynccontextmanager
async def within(seconds: float, what: str) -> AsyncIterator[None]:
    """Fail, in words, if the block takes longer than anybody would wait."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise AssertionError(f"{what} took more than {seconds} seconds") from None
