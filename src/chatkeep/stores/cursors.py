"""Cursors: where a page of threads ended, in a form that goes over the wire and back.

Threads are ordered by their last message, so a thread may move while someone
leafs through the list. A cursor that only named the thread would move with it.
"""

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CURSOR = re.compile(r"at:(-?\d{1,17}):(.*)", re.DOTALL)


def cursor(touched_at: datetime, thread_id: str) -> str:
    """Return the cursor of a place in the list of threads."""
    return f"at:{(touched_at - _EPOCH) // _MICROSECOND}:{thread_id}"


def place(cursor: str) -> tuple[datetime, str] | None:
    """Return the place that a cursor names, or None if it is none: then it is a thread's id."""
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=int(match[1])), match[2]
    except OverflowError:
        return None
