"""A stream of events as one client reads it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

from .live.base import LogReader
from .sse import HEARTBEAT, numbered


class EventStream:
    """The events of a turn, encoded, to be iterated once.

    Args:
        reader: Where they come from, or the frames themselves.
        on_leave: Called if the client leaves before the end.
        heartbeat: For a client that asked for ids and heartbeats: after how
            many seconds of silence it gets one. None sends plain frames.
    """

    def __init__(
        self,
        reader: LogReader | Sequence[bytes],
        *,
        on_leave: Callable[[], None] | None = None,
        heartbeat: float | None = None,
    ) -> None:
        self._reader = reader
        self._on_leave = on_leave
        self._heartbeat = heartbeat
        self._delivered = False

    def __aiter__(self) -> AsyncGenerator[bytes]:
        return self._chunks()

    async def _chunks(self) -> AsyncGenerator[bytes]:
        """Yield what is ready as one chunk, until the end. To stop early is to leave."""
        try:
            if isinstance(self._reader, LogReader):
                async for chunk in self._read(self._reader):
                    yield chunk
            else:
                yield b"".join(self._numbered(self._reader, 0))
            self._delivered = True
        finally:
            self.leave()

    async def _read(self, reader: LogReader) -> AsyncGenerator[bytes]:
        while True:
            first = reader.position
            try:
                async with asyncio.timeout(self._heartbeat):
                    frames = await reader.read()
            except TimeoutError:
                yield HEARTBEAT
                continue
            if not frames:
                return
            yield b"".join(self._numbered(frames, first))

    def _numbered(self, frames: Sequence[bytes], first: int) -> Sequence[bytes]:
        return frames if self._heartbeat is None else numbered(frames, first)

    def leave(self) -> None:
        """End the stream, wherever it is. Only the first call after an early end counts."""
        if isinstance(self._reader, LogReader):
            self._reader.close()
        if not self._delivered and self._on_leave is not None:
            self._delivered = True
            self._on_leave()
