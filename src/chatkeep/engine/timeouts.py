"""How long something may be waited for, at less cost than a timer each.

`asyncio.timeout` sets a timer and takes it back for each thing that is waited for,
which for a read of a thread would be half of all that it costs.
"""

import asyncio

from ..errors import RequestTimedOut


class _Wait:
    """One block that may be cancelled because its time is up, and says if that is why."""

    __slots__ = ("_cancelling", "_expired", "_task")

    def __init__(self) -> None:
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self._expired = False

    def _begin(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - requests and streams are answered in tasks
        self._task, self._cancelling, self._expired = task, task.cancelling(), False

    def expire(self) -> None:
        """Cancel the block, once."""
        if self._task is not None and not self._expired:
            self._expired = True
            self._task.cancel()

    def _end(self, kind: type[BaseException] | None) -> bool:
        """Whether the block ended because its time was up, and for no other reason."""
        task, self._task = self._task, None
        if not self._expired or task is None:
            return False
        # As many cancellations as before: this one was the timer's, and nobody else's.
        return task.uncancel() <= self._cancelling and kind is asyncio.CancelledError


class ReadTimeout(_Wait):
    """Bounds each of many reads: ``with timeout: await read()``, again and again.

    Raises:
        TimeoutError: A read took longer than ``seconds``, and was cancelled.
    """

    __slots__ = ("_seconds", "_since", "_timer")

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        self._begin()
        self._since = loop.time()
        if self._timer is None:
            self._timer = loop.call_at(self._since + self._seconds, self._look, loop)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._end(kind):
            raise TimeoutError

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        if self._task is None:
            return  # between two reads; the next sets it again
        until = self._since + self._seconds
        if loop.time() < until:
            self._timer = loop.call_at(until, self._look, loop)
        else:
            self.expire()

    def close(self) -> None:
        """Give the timer back."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Deadline(_Wait):
    """One of `Deadlines`: ``with deadline: ...`` bounds a block, once.

    Raises:
        RequestTimedOut: The time is up; what was awaited was cancelled.
    """

    __slots__ = ("_all", "until")

    def __init__(self, deadlines: "Deadlines") -> None:
        super().__init__()
        self._all = deadlines
        self.until = 0.0

    def __enter__(self) -> None:
        self._begin()
        self._all.add(self)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._all.discard(self)
        if self._end(kind):
            raise RequestTimedOut from None


class Deadlines:
    """Deadlines that are all as far away, and so come in the order in which they began.

    Args:
        seconds: How far.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: dict[Deadline, None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> Deadline:
        """Return a deadline for a block that begins now."""
        return Deadline(self)

    def add(self, deadline: Deadline) -> None:
        """Watch one that begins."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # whatever waited in another has ended with it
            self._loop, self._timer = loop, None
            self._waiting.clear()
        deadline.until = loop.time() + self._seconds
        self._waiting[deadline] = None
        if self._timer is None:
            self._timer = loop.call_at(deadline.until, self._look, loop)

    def discard(self, deadline: Deadline) -> None:
        """Watch one no longer."""
        self._waiting.pop(deadline, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        while self._waiting:
            first = next(iter(self._waiting))
            if first.until > now:
                self._timer = loop.call_at(first.until, self._look, loop)
                return
            del self._waiting[first]
            first.expire()
