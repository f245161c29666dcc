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
        spacing: Tells how many seconds lie between two chunks at least; what
            comes meanwhile goes together. The end is never waited for.
    """

    __slots__ = ("_delivered", "_heartbeat", "_on_leave", "_reader", "_spacing")

    def __init__(
        self,
        reader: LogReader | Sequence[bytes],
        *,
        on_leave: Callable[[], None] | None = None,
        heartbeat: float | None = None,
        spacing: Callable[[], float] | None = None,
    ) -> None:
        self._reader = reader
        self._on_leave = on_leave
        self._heartbeat = heartbeat
        self._spacing = spacing
        self._delivered = False

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        """Yield what is ready as one chunk, until the end. To stop early is to leave."""
        reader, spacing = self._reader, self._spacing
        try:
            if not isinstance(reader, LogReader):
                yield b"".join(self._numbered(reader, 0))
            else:
                read = reader.read if self._heartbeat is None else self._read_live
                while frames := await read():
                    yield b"".join(frames)
                    if spacing is not None and (seconds := spacing()):
                        await reader.gather(seconds)
            self._delivered = True
        finally:
            self.leave()

    async def _read_live(self) -> Sequence[bytes]:
        """The next frames with their ids, or a heartbeat after a silence."""
        reader = self._reader
        assert isinstance(reader, LogReader)  # noqa: S101 - for the type checker
        first = reader.position
        try:
            async with asyncio.timeout(self._heartbeat):
                return numbered(await reader.read(), first)
        except TimeoutError:
            return [HEARTBEAT]

    def _numbered(self, frames: Sequence[bytes], first: int) -> Sequence[bytes]:
        return frames if self._heartbeat is None else numbered(frames, first)

    def leave(self) -> None:
        """End the stream, wherever it is. Only the first call after an early end counts."""
        if isinstance(self._reader, LogReader):
            self._reader.close()
        if not self._delivered and self._on_leave is not None:
            self._delivered = True
            self._on_leave()
