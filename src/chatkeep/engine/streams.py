"""A stream of events as one client reads it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress

from ..errors import AnswerLost
from ..live.base import FollowLost, LogReader
from ..protocol.sse import HEARTBEAT, frame, numbered, priming
from .failures import error_event

logger = logging.getLogger("chatkeep.turn")


class EventStream:
    """The events of a turn, encoded, to be iterated once.

    Args:
        reader: Where they come from.
        turn_id: Whose they are, for a client that asked for ids.
        is_held: Waits until it is certain whether the turn is still its worker's;
            what was streamed by one that is not isn't shown.
        on_leave: Called if the client leaves before the end.
        heartbeat: For a client that asked for ids and heartbeats: after how
            many seconds of silence it gets one. None sends plain frames.
        spacing: Tells how many seconds lie between two chunks at least; what
            comes meanwhile goes together. The end is never waited for.
        primed: Whether the stream begins with the id that it goes on from.
    """

    __slots__ = (
        "_begun",
        "_delivered",
        "_heartbeat",
        "_is_held",
        "_lost",
        "_on_leave",
        "_primed",
        "_reader",
        "_spacing",
        "_turn_id",
    )

    def __init__(
        self,
        reader: LogReader,
        *,
        turn_id: str | None = None,
        is_held: Callable[[], Awaitable[bool]] | None = None,
        on_leave: Callable[[], None] | None = None,
        heartbeat: float | None = None,
        spacing: Callable[[], float] | None = None,
        primed: bool = False,
    ) -> None:
        self._reader = reader
        self._turn_id = turn_id
        self._is_held = is_held
        self._on_leave = on_leave
        self._heartbeat = heartbeat
        self._spacing = spacing
        self._primed = primed
        self._begun = False
        self._lost = False
        self._delivered = False

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        """Yield chunk after chunk, until the end. To stop early is to leave."""
        try:
            while chunk := await self.next():
                yield chunk
        finally:
            self.leave()

    async def next(self) -> bytes:
        """Return what is ready as one chunk; wait if nothing is. At the end it is empty.

        Where the events can't be followed any more it ends too, but as if the client
        had left: one that may come back is told to, by an id without an event.
        """
        if self._lost:
            return b""
        if self._primed and self._turn_id is not None:
            self._primed = False
            return priming(self._turn_id, self._reader.position)
        gather = self._spacing() if self._begun and self._spacing is not None else 0.0
        try:
            frames = await self._read(gather)
        except FollowLost as error:
            logger.warning("turn %s can't be followed any more: %s", self._turn_id, error)
            return self._come_back()
        if self._is_held is not None and not await self._is_held():
            return self._last_words()
        self._begun = True
        self._delivered = self._delivered or not frames
        return b"".join(frames)

    async def _read(self, gather: float) -> list[bytes]:
        """The next frames; with their ids, or a heartbeat after a silence, for who asked."""
        if self._heartbeat is None:
            return await self._reader.read(gather)
        try:
            async with asyncio.timeout(self._heartbeat):
                frames = await self._reader.read(gather)
        except TimeoutError:
            return [HEARTBEAT]
        if self._turn_id is None:
            return frames
        return numbered(frames, self._turn_id, self._reader.position - len(frames))

    def _come_back(self) -> bytes:
        """The end of a stream that is not the end of its turn."""
        self._lost = True
        if self._heartbeat is None or self._turn_id is None:
            return b""
        return priming(self._turn_id, self._reader.position)

    def _last_words(self) -> bytes:
        """The end of a stream whose turn was taken over: what it read since may not be kept."""
        if self._delivered:
            return b""
        self._delivered = True
        self._reader.close()
        return frame(error_event(AnswerLost()))

    def leave(self) -> None:
        """End the stream, wherever it is. Only the first call after an early end counts."""
        with suppress(Exception):  # a log of the program's own may raise anything
            self._reader.close()
        if not self._delivered and self._on_leave is not None:
            self._delivered = True
            self._on_leave()
