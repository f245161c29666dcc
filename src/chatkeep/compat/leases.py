"""Which threads are being answered, and which answers did not arrive.

A ChatKit store knows nothing of turns, so this is kept beside it, for one
process. Its records are the engine's own: nobody else holds them.
"""

from collections import deque
from datetime import datetime
from typing import Any, NamedTuple

from ..errors import NotFound, TurnActive, TurnRepeated
from ..stores.base import TurnRecord, TurnStatus

_MAX_LOST = 1000
"""Of so many lost answers it is known that they were; of older ones it is forgotten."""


class _Lost(NamedTuple):
    turn: TurnRecord
    context: Any


class Leases:
    """The turns of one server. Safe to share among event loops in several threads."""

    def __init__(self) -> None:
        self._active: dict[str, TurnRecord] = {}
        self._lost: deque[_Lost] = deque(maxlen=_MAX_LOST)

    def take(self, turn: TurnRecord, *, may_repeat: bool) -> None:
        """Give a turn its thread.

        Args:
            may_repeat: Whether it may be the turn that runs already, asked for again.

        Raises:
            TurnRepeated: The same request began the turn that holds the thread.
            TurnActive: Another turn holds it.
        """
        holder = self._active.setdefault(turn.thread_id, turn)
        if holder is not turn:
            repeated = may_repeat and holder.request_key == turn.request_key is not None
            raise (TurnRepeated if repeated else TurnActive)(holder)

    def holds(self, turn: TurnRecord) -> bool:
        """Whether the turn still has its thread."""
        return self._active.get(turn.thread_id) is turn

    def release(self, turn: TurnRecord, status: TurnStatus) -> None:
        """Free the turn's thread."""
        if self.holds(turn):
            del self._active[turn.thread_id]
        turn.status = status

    def holder(self, thread_id: str) -> TurnRecord | None:
        """Return the turn that a thread has."""
        return self._active.get(thread_id)

    def get(self, turn_id: str) -> TurnRecord:
        """Return a turn that is active, or whose answer was lost. Raises `NotFound`."""
        turns = [*self._active.values(), *(lost.turn for lost in list(self._lost))]
        for turn in turns:
            if turn.id == turn_id:
                return turn
        raise NotFound

    def lose(self, turn: TurnRecord, context: Any) -> None:
        """Note that a turn's answer didn't reach the one who asked."""
        if not turn.delivered:
            return  # it is known already
        turn.delivered = False
        self._lost.append(_Lost(turn, context))

    def deliver(self, turn_id: str) -> None:
        """Note that a turn's answer is delivered after all."""
        self.get(turn_id).delivered = True

    def lost(
        self, thread_id: str, request_key: str | None, context: Any, since: datetime
    ) -> TurnRecord | None:
        """Return the newest turn that the same request began, and whose answer was lost.

        Another thread's counts only if it was asked for in an equal context:
        two people may well begin a conversation with the same words.
        """
        for turn, its_context in list(self._lost)[::-1]:
            if turn.request_key != request_key or turn.delivered or turn.started_at < since:
                continue
            if turn.thread_id == thread_id or its_context == context:
                return turn
        return None
