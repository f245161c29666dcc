"""A stream of events as one client reads it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

from ..live.base import LogReader
from ..protocol.sse import HEARTBEAT, numbered


class EventStream:
    """The events of a turn, encoded, to be iterated once.

    Args:
        reader: Where they come from, or the frames themselves.
        on_leave: Called if the client leaves before the end.
        heartbeat: For a client that asked for ids and heartbeats: after how
            many seconds of silence it gets one. None sends plain frames.
        spacing: Tells how many seconds lie between two chunks at least; what
            comes meanwhile goes together. The end is never waited for.
    """

    __slots__ = ("_begun", "_delivered", "_heartbeat", "_on_leave", "_reader", "_spacing")

    def __init__(
        self,
        reader: LogReader | Sequence[bytes],
        *,
        on_leave: Callable[[], None] | None = None,
        heartbeat: float | None = None,
        spacing: Callable[[], float] | None = None,
    ) -> None:
        self._reader = reader if isinstance(reader, LogReader) else _Frames(reader)
        self._on_leave = on_leave
        self._heartbeat = heartbeat
        self._spacing = spacing
        self._begun = False
        self._delivered = False

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        """Yield chunk after chunk, until the end. To stop early is to leave."""
        try:
            while chunk := await self.next():
                yield chunk
        finally:
            self.leave()

    async def next(self) -> bytes:
        """Return what is ready as one chunk; wait if nothing is. At the end it is empty."""
        gather = self._spacing() if self._begun and self._spacing is not None else 0.0
        if self._heartbeat is None:
            frames = await self._reader.read(gather)
        else:
            frames = await self._read_live(self._heartbeat, gather)
        self._begun = True
        self._delivered = self._delivered or not frames
        return b"".join(frames)

    async def _read_live(self, heartbeat: float, gather: float) -> list[bytes]:
        """The next frames with their ids, or a heartbeat after a silence."""
        first = self._reader.position
        try:
            async with asyncio.timeout(heartbeat):
                return numbered(await self._reader.read(gather), first)
        except TimeoutError:
            return [HEARTBEAT]

    def leave(self) -> None:
        """End the stream, wherever it is. Only the first call after an early end counts."""
        self._reader.close()
        if not self._delivered and self._on_leave is not None:
            self._delivered = True
            self._on_leave()


class _Frames(LogReader):
    """Frames that are all there."""

    def __init__(self, frames: Sequence[bytes]) -> None:
        self.position = 0
        self._frames = list(frames)

    async def read(self, gather: float = 0.0) -> list[bytes]:
        frames = self._frames[self.position :]
        self.position += len(frames)
        return frames

    def close(self) -> None:
        self._frames.clear()
