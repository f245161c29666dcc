"""Requests whose effects must come once, however often a client sends them.

The official client sends a request again after a 5xx, a cut connection or a
proxy's time-out. A person who clicks twice means it twice. What tells them apart:
whether the first answer reached somebody. Streams have the store for this
(`repeats`); these requests are short, and are remembered here.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..context import Owner
from ..errors import HandlerFailed, HandlerTimedOut, RequestTimedOut

Key: TypeAlias = tuple[Owner, str]
"""Who asks, and the digest of what they ask."""

Gone: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
"""Returns once a client has left; for one of whom nothing is known, never."""

_SETTLE_SECONDS = 1.0
"""Within this time after an answer that had been lost was given at last, the same
request still counts as one of the repeats, which may all come at once."""


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


async def never() -> None:
    """Wait for a client that can't be seen to leave."""
    await asyncio.get_running_loop().create_future()


@dataclass(eq=False, slots=True)
class _Run:
    task: asyncio.Task[bytes]
    lost: bool = False
    """Whether a client left without the answer."""
    ended_at: float | None = None
    delivered_at: float | None = None
    waiting: int = 0
    irrevocable: bool = False
    """Whether code of the program's own has begun, whose effects nobody can take back."""

    def may_be_joined(self, window: float) -> bool:
        now = time.monotonic()
        if not (self.lost and self.irrevocable) or (
            self.ended_at is not None and now - self.ended_at > window
        ):
            return False
        return self.delivered_at is None or now - self.delivered_at < _SETTLE_SECONDS

    def is_of_use(self, window: float) -> bool:
        return self.ended_at is None or self.waiting > 0 or self.may_be_joined(window)


_current: ContextVar[_Run | None] = ContextVar("chatkeep_run", default=None)


def mark_irrevocable() -> None:
    """Note that what the current task does from now on can't be taken back."""
    if (run := _current.get()) is not None:
        run.irrevocable = True


class OnceRunner:
    """Runs each request in a task that a leaving client doesn't cancel.

    Args:
        window: Seconds within which a request that comes again, after its answer
            was lost, gets the answer of the first.
    """

    def __init__(self, window: float) -> None:
        self._window = window
        self._runs: dict[Key, list[_Run]] = {}
        self._endings: deque[tuple[float, Key]] = deque()

    async def answer(
        self,
        key: Key,
        work: Callable[[], Coroutine[Any, Any, bytes]],
        gone: Gone,
        patience: float,
    ) -> bytes:
        """Return what ``work`` returns, now or when the same request came before.

        Args:
            gone: Returns once the client has left.
            patience: Seconds to wait.

        Raises:
            ClientGone: The client has left.
            RequestTimedOut: The patience is at its end, and nothing was done.
            HandlerTimedOut: It is, and a handler is at work. It goes on, and a
                request that comes again waits for it.
            HandlerFailed: The work was broken off.
        """
        run = self._joinable(key) or self._begin(key, work)
        run.waiting += 1
        delivered = False
        try:
            await _first_of(run, gone, patience)
            delivered = True
            if run.task.cancelled():
                raise HandlerFailed
            return run.task.result()
        finally:
            run.waiting -= 1
            run.lost = run.lost or not delivered
            if not run.waiting and not run.irrevocable:
                run.task.cancel()  # as if it had never come
            if delivered:
                run.delivered_at = time.monotonic()
            self._forget(key)

    def _joinable(self, key: Key) -> _Run | None:
        runs = self._runs.get(key, ())
        return next((run for run in runs if run.may_be_joined(self._window)), None)

    def _begin(self, key: Key, work: Callable[[], Coroutine[Any, Any, bytes]]) -> _Run:
        context = copy_context()
        run = _Run(asyncio.create_task(work(), context=context))
        context.run(_current.set, run)
        run.task.add_done_callback(lambda _: self._ended(key, run))
        self._runs.setdefault(key, []).append(run)
        return run

    def _ended(self, key: Key, run: _Run) -> None:
        run.ended_at = time.monotonic()
        if not run.task.cancelled():
            run.task.exception()  # seen: perhaps nobody waits for it
        self._forget(key)
        self._endings.append((run.ended_at, key))
        while run.ended_at - self._endings[0][0] > self._window:
            self._forget(self._endings.popleft()[1])

    def _forget(self, key: Key) -> None:
        """Keep only what runs, and what a client may still ask for again."""
        kept = [run for run in self._runs.get(key, ()) if run.is_of_use(self._window)]
        if kept:
            self._runs[key] = kept
        else:
            self._runs.pop(key, None)

    async def close(self, grace: float) -> None:
        """Wait for what runs; cancel what takes longer than ``grace`` seconds."""
        loop = asyncio.get_running_loop()  # what another left behind can't be waited for here
        tasks = {
            run.task
            for runs in self._runs.values()
            for run in runs
            if not run.task.done() and run.task.get_loop() is loop
        }
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=grace)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1.0)


async def _first_of(run: _Run, gone: Gone, patience: float) -> None:
    """Return when the run has ended.

    Raises:
        ClientGone: The client left first.
        RequestTimedOut, HandlerTimedOut: Neither came in time.
    """
    leaving = asyncio.create_task(gone())
    try:
        await asyncio.wait(
            {run.task, leaving}, timeout=patience, return_when=asyncio.FIRST_COMPLETED
        )
        if leaving.done():
            raise ClientGone
        if not run.task.done():
            raise HandlerTimedOut if run.irrevocable else RequestTimedOut
    finally:
        leaving.cancel()
