"""A bound on each of many waits, for one timer."""

import asyncio
from collections.abc import Awaitable
from math import inf
from typing import TypeVar, cast

T = TypeVar("T")


class Watchdog:
    """Ends waits that take too long, as `asyncio.timeout` does.

    That makes and cancels a timer for each wait, which takes more CPU than all
    else that a token does on its way in. Here a timer that goes off too early,
    because another wait has begun, is set again.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[object] | None = None
        self._due = inf
        self._bitten = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = inf

    async def wait(self, awaitable: Awaitable[T], seconds: float) -> T:
        """Wait for ``awaitable``, which is cancelled after that time.

        Raises:
            TimeoutError: It took longer.
        """
        task = self._task = cast("asyncio.Task[object]", asyncio.current_task())
        cancelled_before = task.cancelling()
        self._due = self._loop.time() + seconds
        if self._due < self._timer_at:
            self._set_timer()
        try:
            return await awaitable
        except asyncio.CancelledError as error:
            if self._bitten and task.cancelling() == cancelled_before + 1:
                raise TimeoutError from error
            raise
        finally:
            self._task = None
            if self._bitten:
                self._bitten = False
                task.uncancel()

    def close(self) -> None:
        """Watch no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _set_timer(self) -> None:
        self.close()
        self._timer_at = self._due
        self._timer = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        self._timer_at = inf
        if self._task is None:
            return
        if self._loop.time() < self._due:
            self._set_timer()
        else:
            self._bitten = True
            self._task.cancel()
