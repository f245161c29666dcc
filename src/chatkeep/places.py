"""How far a client has read one answer: what it needs to go on after a broken connection."""

import time
from typing import Any, TypeAlias

from .protocol.sse import RETRY_MILLISECONDS, parse_event_id

JSON: TypeAlias = dict[str, Any]

_LONGEST_PAUSE = 5.0


class Place:
    """A client's place in the answer to one request.

    Args:
        thread_id: The thread, if it is known before the first event.
        last_event_id: The last event that is known, if one is.
        asked_item_id: The user's message that is to be answered again, if so.

    Attributes:
        thread_id: The thread, as soon as it is known.
        finished: The ids of the items that were finished.
        open: The ids of those that were begun and not finished.
        anything: Whether an event has come.
        tries: How often in a row the connection was made and brought nothing new.
    """

    def __init__(
        self,
        thread_id: str | None = None,
        last_event_id: str | None = None,
        asked_item_id: str | None = None,
    ) -> None:
        self.thread_id = thread_id
        self.finished = {asked_item_id} if asked_item_id else set()
        self.open: set[str] = set()
        self.anything = False
        self.tries = 0
        self._last = None if last_event_id is None else parse_event_id(last_event_id)
        self._previous: str | None = None
        self._connected_at: float | None = None
        self._retry = RETRY_MILLISECONDS / 1000
        self._has_failed = False
        self._is_to_come_back = False

    @property
    def last_event_id(self) -> str | None:
        """The last event that came, if the server gave it an id."""
        return None if self._last is None else f"{self._last[0]}:{self._last[1]}"

    @property
    def is_unfinished(self) -> bool:
        """Whether a stream that ended without an error was not the whole answer."""
        if self._last is None or self._has_failed:
            return False
        return self._is_to_come_back or bool(self.open)

    @property
    def can_follow(self) -> bool:
        """Whether the server can be asked for the rest."""
        return self._last is not None and self.thread_id is not None

    @property
    def pause(self) -> float:
        """How many seconds to wait before the next try."""
        return float(min(self._retry * 2 ** max(0, self.tries - 1), _LONGEST_PAUSE))

    def connected(self) -> None:
        """Take note that events come over a new connection from now on."""
        self._previous = None
        self._connected_at = time.monotonic()

    def seconds_connected(self) -> float:
        """Return how long the last connection lasted, which is asked once, at its end."""
        since, self._connected_at = self._connected_at, None
        return 0.0 if since is None else time.monotonic() - since

    def is_elsewhere(self, event_id: str) -> bool:
        """Whether an event is of another answer."""
        found = parse_event_id(event_id)
        return found is not None and self._last is not None and found[0] != self._last[0]

    def told(self, event_id: str, retry: int | None, *, empty: bool) -> bool:
        """Take note of an event's id and ``retry:``; return whether it is a new one.

        Args:
            empty: Whether it has no data: it only says where to go on. A stream
                that ends with it is not at the end of the answer.
        """
        if retry is not None:
            self._retry = retry / 1000
        self._is_to_come_back = empty
        # An event without an id of its own is given that of the one before it.
        has_own_id, self._previous = event_id != self._previous, event_id
        found = parse_event_id(event_id)
        if found is None or not has_own_id:
            return not empty
        if self._last is not None and found[1] <= self._last[1]:
            return False
        self._last = found
        return not empty

    def take(self, event: JSON) -> None:
        """Take note of what a new event says."""
        self.anything = True
        self.tries = 0
        match event:
            case {"type": "thread.created" | "thread.updated", "thread": {"id": str(thread_id)}}:
                self.thread_id = thread_id
            case {"type": "thread.item.added", "item": {"id": str(item_id)}}:
                self.open.add(item_id)
            case {
                "type": "thread.item.done" | "thread.item.replaced",
                "item": {"id": str(item_id)},
            }:
                self.open.discard(item_id)
                self.finished.add(item_id)
            case {"type": "thread.item.removed", "item_id": str(item_id)}:
                self.open.discard(item_id)
            case {"type": "error"}:
                self._has_failed = True
