"""How long something may be waited for."""

import asyncio
from types import TracebackType

from ..errors import RequestTimedOut


class Deadline:
    """Bounds what a request may wait: ``async with Deadline(seconds)``.

    Raises:
        RequestTimedOut: The time is up; what was awaited is cancelled.
    """

    __slots__ = ("_limit",)

    def __init__(self, seconds: float) -> None:
        self._limit = asyncio.timeout(seconds)

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self._limit.__aexit__(kind, error, trace)
        except TimeoutError:
            raise RequestTimedOut from None


class ReadTimeout:
    """Bounds each of many reads: ``with timeout: await read()``, again and again.

    As `asyncio.timeout`, but with one timer for all of them: a timer for each would
    cost more than the read.

    Raises:
        TimeoutError: A read took longer than ``seconds``, and was cancelled.
    """

    __slots__ = ("_cancelling", "_expired", "_seconds", "_since", "_task", "_timer")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since = 0.0
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self._expired = False
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - streams are read in tasks
        loop = asyncio.get_running_loop()
        self._since, self._expired = loop.time(), False
        self._task, self._cancelling = task, task.cancelling()
        if self._timer is None:
            self._timer = loop.call_at(self._since + self._seconds, self._look, loop)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        task, self._task = self._task, None
        if not self._expired or task is None:
            return
        # As many cancellations as before: this one was the timer's, and nobody else's.
        if task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        if self._task is None:
            return  # between two blocks; the next sets it again
        until = self._since + self._seconds
        if loop.time() < until:
            self._timer = loop.call_at(until, self._look, loop)
        else:
            self._expired = True
            self._task.cancel()

    def close(self) -> None:
        """Give the timer back."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
