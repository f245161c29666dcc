"""A stream of events as one client reads it."""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress

from ..errors import AnswerLost
from ..live.base import FollowLost, LogReader
from ..protocol.sse import HEARTBEAT, frame, numbered, priming
from .failures import error_event
from .patience import is_cancelled
from .runner import TurnRunner
from .timeouts import ReadTimeout

logger = logging.getLogger("chatkeep.streams")

_STREAM_OPTIONS = re.compile(rb'data: \{"type":"stream_options"[^\n]*\}\n\n')

_SILENT_SECONDS = 3600.0
"""How often a stream that may be silent looks whether it should have ended."""

_LOOKED_THROUGH = 8
"""In so many reads at the beginning the stream options are looked for."""


class EventStream:
    """The events of a turn, encoded, to be iterated once.

    Args:
        reader: Where they come from.
        turn_id: Whose they are, for a client that asked for ids.
        runner: What runs the turn, if that is in this process. It knows whether the
            turn is still its worker's: what was streamed by one that is not isn't shown.
        patience: How many seconds the log may take to come to its end after the
            turn has.
        on_leave: Called if the client does not get all of it; with whether that
            is because the events can't be read, not because the client left.
        resumable: Whether the client asked for ids and comments. Else it gets
            plain frames, which are all that every client can parse.
        heartbeat: After how many seconds of silence the stream says that it
            lives: by a comment, or to plain clients by its own ``stream_options``
            event again. None says nothing.
        spacing: Tells how many seconds lie between two chunks at least; what
            comes meanwhile goes together. The end is never waited for.
        primed: Whether the stream begins with the id that it goes on from.

    Attributes:
        broken: Whether it ended because its events could not be read further.
    """

    __slots__ = (
        "_begun",
        "_delivered",
        "_is_late",
        "_left",
        "_on_leave",
        "_patience",
        "_primed",
        "_reader",
        "_reads",
        "_resumable",
        "_runner",
        "_sign_of_life",
        "_spacing",
        "_timeout",
        "_turn_id",
        "broken",
    )

    def __init__(
        self,
        reader: LogReader,
        *,
        turn_id: str | None = None,
        runner: TurnRunner | None = None,
        patience: float = 10.0,
        on_leave: Callable[[bool], None] | None = None,
        resumable: bool = False,
        heartbeat: float | None = None,
        spacing: Callable[[], float] | None = None,
        primed: bool = False,
    ) -> None:
        self._reader = reader
        self._turn_id = turn_id
        self._runner = runner
        self._patience = patience
        self._primed = primed
        self._on_leave = on_leave
        self._resumable = resumable
        self._timeout = ReadTimeout(_SILENT_SECONDS if heartbeat is None else heartbeat)
        self._sign_of_life = HEARTBEAT if resumable and heartbeat is not None else b""
        self._is_late = False
        self._left = False
        self._reads = 0
        self._spacing = spacing
        self._begun = False
        self._delivered = False
        self.broken = False
        if runner is not None:
            runner.when_ended(self._turn_ended)

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        """Yield chunk after chunk, until the end. To stop early is to leave."""
        try:
            while chunk := await self.next():
                yield chunk
        finally:
            self.leave()

    async def next(self) -> bytes:
        """Return what is ready as one chunk; wait if nothing is. At the end it is empty."""
        return b"".join(await self.frames())

    async def frames(self) -> Sequence[bytes]:
        """Return what is ready, frame by frame; wait if nothing is. At the end there is none.

        Where the events can't be followed any more it ends too, and the turn goes on.
        A client that may come back is told to, by an id without an event.
        """
        if self.broken:
            return ()
        if self._primed and self._turn_id is not None:
            self._primed = False
            return (priming(self._turn_id, self._reader.position),)
        gather = self._spacing() if self._begun and self._spacing is not None else 0.0
        try:
            frames = await self._read(gather)
            if self._runner is not None and not await self._runner.is_held(self._is_wanted):
                return self._last_words()
        except FollowLost as error:  # nothing is broken: a deletion, a worker that closes
            logger.warning("the events of turn %s can't be read on: %s", self._turn_id, error)
            return self._come_back()
        except (Exception, asyncio.CancelledError):  # of the log, which may raise anything
            if is_cancelled():
                raise
            logger.exception("the events of a turn can't be read; its stream is cut off")
            return self._come_back()
        self._begun = True
        self._delivered = self._delivered or not frames
        return frames

    async def _read(self, gather: float) -> Sequence[bytes]:
        timeout = self._timeout
        while True:
            try:
                with timeout:
                    frames = await self._reader.read(gather)
            except TimeoutError:
                if self._is_late:
                    raise FollowLost("the log does not end, though its turn has") from None
                if self._sign_of_life:
                    return (self._sign_of_life,)
                continue
            if self._resumable and self._turn_id is not None:
                first = self._reader.position - len(frames)
                return numbered(frames, self._turn_id, first)
            if not self._sign_of_life and self._reads < _LOOKED_THROUGH:
                self._look_through(b"".join(frames))
            return frames

    def _turn_ended(self) -> None:
        """Give the log some time to come to its end."""
        if not self._delivered:
            asyncio.get_running_loop().call_later(self._patience, self._expect_end)

    def _expect_end(self) -> None:
        self._is_late = True
        self._timeout.expire()

    def _look_through(self, chunk: bytes) -> None:
        """Find what a plain client can be sent again: the stream options of this stream."""
        self._reads += 1
        if found := _STREAM_OPTIONS.search(chunk):
            self._sign_of_life = found[0]

    def _come_back(self) -> Sequence[bytes]:
        """The end of a stream that is not the end of its turn."""
        self.broken = True
        if not self._resumable or self._turn_id is None:
            return ()
        return (priming(self._turn_id, self._reader.position),)

    def _last_words(self) -> Sequence[bytes]:
        """The end of a stream whose turn was taken over: what it read since may not be kept."""
        if self._delivered:
            return ()
        self._delivered = True
        self._reader.close()
        return (frame(error_event(AnswerLost())),)

    def _is_wanted(self) -> bool:
        return not self._left

    def leave(self) -> None:
        """End the stream, wherever it is. Only the first call after an early end counts."""
        with suppress(Exception, asyncio.CancelledError):  # a log may raise anything
            self._reader.close()
        self._timeout.close()
        self._left = True
        if self._runner is not None:
            self._runner.look_again()
        if not self._delivered and self._on_leave is not None:
            self._delivered = True
            self._on_leave(self.broken)
