"""Which threads are being answered, and which answers did not arrive.

A ChatKit store knows nothing of turns, so this is kept beside it, for one
process. Its records are the engine's own: nobody else holds them.
"""

import asyncio
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from threading import Lock
from typing import Any, NamedTuple

from ..errors import NotFound, TurnActive, TurnRepeated
from ..stores.base import Checkpoint, Held, TurnRecord, TurnStatus


class _Lost(NamedTuple):
    turn: TurnRecord
    is_context: Callable[[Any], bool]
    """Whether a context equals the one that the turn was asked for in."""


class Leases:
    """The turns of one server. Safe to share among event loops in several threads.

    Args:
        window: For how many seconds a request that comes again is known. After
            that the context of a lost answer, which may hold connections, is
            let go of, though nobody asks.
    """

    def __init__(self, window: float) -> None:
        self._window = window
        self._active: dict[str, TurnRecord] = {}
        self._ended: dict[str, TurnRecord] = {}
        self._lost: dict[str | None, dict[str, _Lost]] = {}
        """The turns whose answers were lost, by what was asked and by their own ids."""
        self._over: deque[tuple[float, TurnRecord]] = deque()
        self._forgetting = Lock()

    # Turns under way

    def take(self, turn: TurnRecord, *, may_repeat: bool) -> None:
        """Give a turn its thread.

        Args:
            may_repeat: Whether it may be the turn that runs already, asked for again.

        Raises:
            TurnRepeated: The same request began the turn that holds the thread.
            TurnActive: Another turn holds it.
        """
        self._forget()
        holder = self._active.setdefault(turn.thread_id, turn)
        if holder is not turn:
            repeated = may_repeat and holder.request_key == turn.request_key is not None
            raise (TurnRepeated if repeated else TurnActive)(holder)

    def holds(self, turn: TurnRecord) -> bool:
        """Whether the turn still has its thread."""
        return self._active.get(turn.thread_id) is turn

    def holder(self, thread_id: str) -> TurnRecord | None:
        """Return the turn that a thread has."""
        return self._active.get(thread_id)

    async def renew(self, holder: str, lease_seconds: float) -> Held:
        """Return which turns a worker has, and which of them are to be stopped.

        Nobody else can take a thread: it is this process's for as long as it runs.
        """
        turns = [turn for turn in list(self._active.values()) if turn.holder == holder]
        to_stop = (turn.id for turn in turns if turn.stop_requested)
        return Held(frozenset(turn.id for turn in turns), frozenset(to_stop))

    async def checkpoint(self, holder: str, pieces: Sequence[Checkpoint]) -> None:
        """There is nowhere to keep what was streamed: a crash takes what is unsaved."""

    def release(self, turn: TurnRecord, status: TurnStatus) -> None:
        """Free the turn's thread."""
        if self.holds(turn):
            del self._active[turn.thread_id]
        turn.status = status
        self._ended[turn.id] = turn
        self._over.append((time.monotonic() + self._window, turn))

    def get(self, turn_id: str) -> TurnRecord:
        """Return a turn that is active, or has ended not long ago. Raises `NotFound`."""
        ended = self._ended.get(turn_id)
        if ended is not None:
            return ended
        for turn in list(self._active.values()):
            if turn.id == turn_id:
                return turn
        raise NotFound

    # Answers that did not arrive

    def lose(self, turn: TurnRecord, context: Any) -> None:
        """Note that a turn's answer didn't reach the one who asked, in a context."""
        if not turn.delivered:
            return  # it is known already
        turn.delivered = False
        if (datetime.now(UTC) - turn.started_at).total_seconds() > self._window:
            return  # by now the same request is a new one
        lost = _Lost(turn, equality_with(context))
        self._lost.setdefault(turn.request_key, {})[turn.id] = lost
        self._over.append((time.monotonic() + self._window, turn))
        asyncio.get_running_loop().call_later(self._window, self._forget)

    def deliver(self, turn_id: str) -> None:
        """Note that a turn's answer is delivered after all."""
        turn = self.get(turn_id)
        turn.delivered = True
        self._found(turn)

    def lost(
        self, thread_id: str, request_key: str | None, context: Any, since: datetime
    ) -> TurnRecord | None:
        """Return the newest turn that the same request began, and whose answer was lost.

        Another thread's counts only if it was asked for in an equal context:
        two people may well begin a conversation with the same words.
        """
        for turn, is_context in list(self._lost.get(request_key, {}).values())[::-1]:
            if turn.started_at >= since and (turn.thread_id == thread_id or is_context(context)):
                return turn
        return None

    def _found(self, turn: TurnRecord) -> None:
        lost = self._lost.get(turn.request_key)
        if lost is not None:
            lost.pop(turn.id, None)
            if not lost:
                self._lost.pop(turn.request_key, None)

    def _forget(self) -> None:
        """Let go of what ended, or was lost, so long ago that nobody asks for it any more."""
        now = time.monotonic()
        with self._forgetting:
            while self._over and self._over[0][0] <= now:
                _, turn = self._over.popleft()
                self._found(turn)
                if not self.holds(turn):
                    self._ended.pop(turn.id, None)


def equality_with(context: Any) -> Callable[[Any], bool]:
    """Return a function that tells whether another context equals this one.

    A context that equals nothing but itself, as a request or a session of a
    database does, is not kept alive for that.
    """
    kind: Any = type(context)
    if kind.__eq__ is object.__eq__:
        with suppress(TypeError):  # not everything can be referred to weakly
            reference = weakref.ref(context)
            return lambda other: other is not None and reference() is other
    return lambda other: bool(context == other)
