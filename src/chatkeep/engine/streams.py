"""A stream of events as one client reads it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress

from ..errors import AnswerLost
from ..live.base import FollowLost, LogReader
from ..protocol.sse import HEARTBEAT, frame, numbered, priming
from .failures import error_event
from .patience import is_cancelled
from .runner import TurnRunner

logger = logging.getLogger("chatkeep.turn")

_ENDLESS = "its log does not end"


class EventStream:
    """The events of a turn, encoded, to be iterated once.

    Args:
        reader: Where they come from.
        turn_id: Whose they are, for a client that asked for ids.
        runner: What runs the turn, if that is in this process. It knows whether the
            turn is still its worker's: what was streamed by one that is not isn't shown.
        patience: How many seconds the log may take to come to its end after the
            turn has.
        on_leave: Called if the client leaves before the end; with whether it was cut
            off, which is no wish of its own.
        heartbeat: For a client that asked for ids and heartbeats: after how
            many seconds of silence it gets one. None sends plain frames.
        spacing: Tells how many seconds lie between two chunks at least; what
            comes meanwhile goes together. The end is never waited for.
        primed: Whether the stream begins with the id that it goes on from.
    """

    __slots__ = (
        "_begun",
        "_delivered",
        "_gave_up",
        "_giving_up",
        "_heartbeat",
        "_left",
        "_limit",
        "_on_leave",
        "_patience",
        "_primed",
        "_reader",
        "_reading",
        "_runner",
        "_spacing",
        "_turn_id",
    )

    def __init__(
        self,
        reader: LogReader,
        *,
        turn_id: str | None = None,
        runner: TurnRunner | None = None,
        patience: float = 10.0,
        on_leave: Callable[[bool], None] | None = None,
        heartbeat: float | None = None,
        spacing: Callable[[], float] | None = None,
        primed: bool = False,
    ) -> None:
        self._reader = reader
        self._turn_id = turn_id
        self._runner = runner
        self._patience = patience
        self._on_leave = on_leave
        self._heartbeat = heartbeat
        self._spacing = spacing
        self._primed = primed
        self._begun = False
        self._delivered = False
        self._limit: asyncio.Timeout | None = None
        self._reading: asyncio.Task[object] | None = None
        self._giving_up: asyncio.TimerHandle | None = None
        self._gave_up = False
        self._left = False
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
        """Return what is ready as one chunk; wait if nothing is. At the end it is empty.

        Where the events can't be followed any more it ends too, and the turn goes on:
        the client comes back, or finds the answer in the thread.
        """
        if self._primed and self._turn_id is not None:
            self._primed = False
            return priming(self._turn_id, self._reader.position)
        gather = self._spacing() if self._begun and self._spacing is not None else 0.0
        try:
            frames = await self._read(gather)
        except FollowLost as error:
            logger.warning("turn %s can't be followed any more: %s", self._turn_id, error)
            return self._cut_off()
        except (Exception, asyncio.CancelledError):  # a log of the program's own may raise anything
            if is_cancelled():
                raise
            logger.exception(
                "the live log broke; turn %s can't be followed any more", self._turn_id
            )
            return self._cut_off()
        if self._runner is not None and not await self._runner.is_held(self._is_wanted):
            return self._last_words()
        self._begun = True
        self._delivered = self._delivered or not frames
        return b"".join(frames)

    async def _read(self, gather: float) -> list[bytes]:
        """The next frames; with their ids, or a heartbeat after a silence, for who asked."""
        has_ended = self._runner is not None and self._runner.ended
        if self._heartbeat is None:
            return await self._read_plain(gather, has_ended)
        limit = self._limit = asyncio.timeout(self._patience if has_ended else self._heartbeat)
        try:
            async with limit:
                frames = await self._reader.read(gather)
        except TimeoutError:
            if not limit.expired():
                raise  # the log's own
            if has_ended or self._limit is not limit:
                raise FollowLost(_ENDLESS) from None
            return [HEARTBEAT]
        finally:
            self._limit = None
        if self._turn_id is None:
            return frames
        return numbered(frames, self._turn_id, self._reader.position - len(frames))

    async def _read_plain(self, gather: float, has_ended: bool) -> list[bytes]:
        """The next frames. A limit costs as much as what is read, so there is none before the end.

        Raises:
            FollowLost: The turn has ended, and the log does not.
        """
        if has_ended:
            try:
                async with asyncio.timeout(self._patience) as limit:
                    return await self._reader.read(gather)
            except TimeoutError:
                raise (FollowLost(_ENDLESS) if limit.expired() else FollowLost()) from None
        self._reading = asyncio.current_task()
        try:
            return await self._reader.read(gather)
        except asyncio.CancelledError:
            if self._gave_up and self._reading is not None and not self._reading.uncancel():
                raise FollowLost(_ENDLESS) from None
            raise
        finally:
            self._reading = None
            if self._giving_up is not None:
                self._giving_up.cancel()

    def _turn_ended(self) -> None:
        """Give the log some time to come to its end, if it is being read."""
        loop = asyncio.get_running_loop()
        if self._reading is not None:
            self._giving_up = loop.call_later(self._patience, self._give_up, self._reading)
        elif self._limit is not None and not self._limit.expired():
            self._limit.reschedule(loop.time() + self._patience)
            self._limit = None

    def _give_up(self, reading: "asyncio.Task[object]") -> None:
        self._gave_up = True
        reading.cancel()

    def _last_words(self) -> bytes:
        """The end of a stream whose turn was taken over: what it read since may not be kept."""
        if self._delivered:
            return b""
        self._delivered = True
        self._reader.close()
        return frame(error_event(AnswerLost()))

    def _cut_off(self) -> bytes:
        """The end of a stream that the log can't go on with."""
        self.leave(cut_off=True)
        return b""

    def _is_wanted(self) -> bool:
        return not self._left

    def leave(self, *, cut_off: bool = False) -> None:
        """End the stream, wherever it is. Only the first call after an early end counts."""
        with suppress(Exception, asyncio.CancelledError):  # a log may raise anything
            self._reader.close()
        self._left = True
        if self._runner is not None:
            self._runner.look_again()
        if not self._delivered and self._on_leave is not None:
            self._delivered = True
            self._on_leave(cut_off)
