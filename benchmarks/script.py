"""What every subject is asked to do, so that all of them do the same.

The user's message is the instruction:

* ``burst 500``: yield 500 deltas as fast as they go.
* ``paced 250``: wait for ``go``, then yield 250 deltas, 50 a second, to a schedule.
* ``hold``: open the stream, then wait for ever.
* ``go 800``: once 800 paced streams wait, start them all.
"""

import asyncio
import itertools
import json
import os
import time
from collections.abc import AsyncIterator

WORD = "token "
"""A delta of the usual size. Subjects may recognise it with ``is``."""

INTERVAL_S = 1 / 50
_LEAD_S = 0.5
_GOLDEN = 0.618


class _Gate:
    """Holds paced streams until all of them are open."""

    def __init__(self) -> None:
        self._opened = asyncio.Event()
        self._waiting = 0
        self._wanted: int | None = None

    async def wait(self) -> None:
        """Wait for the gate to open."""
        opened = self._opened
        self._waiting += 1
        self._open_if_full()
        await opened.wait()

    async def open_for(self, count: int) -> None:
        """Open the gate once so many wait at it, and close it behind them."""
        opened = self._opened
        self._wanted = count
        self._open_if_full()
        await opened.wait()

    def _open_if_full(self) -> None:
        if self._wanted is not None and self._waiting >= self._wanted:
            self._opened.set()
            self._opened, self._waiting, self._wanted = asyncio.Event(), 0, None


_gate = _Gate()
_turns = itertools.count()
_questions = itertools.count()


async def play(instruction: str) -> AsyncIterator[str]:
    """Yield the deltas that the instruction asks for."""
    verb, argument, *_ = [*instruction.split(), ""]
    match verb:
        case "burst":
            for _ in range(int(argument)):
                yield WORD
        case "paced":
            async for delta in _paced(int(argument)):
                yield delta
        case "hold":
            yield WORD
            await asyncio.Event().wait()
        case "go":
            await _gate.open_for(int(argument))


async def _paced(count: int) -> AsyncIterator[str]:
    """Yield deltas to a schedule; the first carries the schedule's start.

    Streams are spread over the interval, as those of real people would be.
    """
    await _gate.wait()
    start = time.monotonic() + _LEAD_S + next(_turns) * _GOLDEN % 1 * INTERVAL_S
    for index in range(count):
        delay = start + index * INTERVAL_S - time.monotonic()
        if delay > 0:
            await asyncio.sleep(delay)
        yield WORD if index else stamp(start)


def stamp(start: float) -> str:
    """A delta that tells the client when the schedule began (monotonic, microseconds)."""
    return f"@{int(start * 1_000_000)}@ "


def create_thread(instruction: str) -> bytes:
    """The body of a ``threads.create`` request, unlike any other.

    A server may take the same question, asked twice in a row, for one request
    that was sent again.
    """
    text = f"{instruction} {os.getpid()}-{next(_questions)}"
    return _request(
        "threads.create",
        input={
            "content": [{"type": "input_text", "text": text}],
            "attachments": [],
            "inference_options": {},
        },
    )


def get_thread(thread_id: str) -> bytes:
    """The body of a ``threads.get_by_id`` request."""
    return _request("threads.get_by_id", thread_id=thread_id)


def list_threads(limit: int) -> bytes:
    """The body of a ``threads.list`` request."""
    return _request("threads.list", limit=limit, order="desc")


def _request(kind: str, **params: object) -> bytes:
    return json.dumps({"type": kind, "params": params}).encode()
