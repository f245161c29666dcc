"""Threads for drivers that block, with one deadline for the wait and the work."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Lock, Thread, current_thread
from time import monotonic
from typing import Any, TypeVar

from ....errors import ServiceUnavailable

T = TypeVar("T")


class Threads:
    """Some threads that run one function each at a time.

    An executor of the standard library makes a second future for each call, with
    a lock and a condition: as long again as the change of threads takes.

    Args:
        size: How many.
        timeout: The deadline of a call, in seconds.
        is_unavailable: Which errors are `ServiceUnavailable`.
    """

    def __init__(
        self, size: int, timeout: float, is_unavailable: Callable[[BaseException], bool]
    ) -> None:
        self._timeout = timeout
        self._is_unavailable = is_unavailable
        self._lock = Lock()
        self._waiting: deque[_Job] = deque()
        # The thread that rested last works next: its memory is still in the processor.
        self._resting: list[SimpleQueue[_Job | None]] = []
        self._busy: set[Thread] = set()
        self._closing = False
        # Daemons, for a program that ends without closing its store.
        self._threads = [
            Thread(target=self._work, name="chatkeep-sql", daemon=True) for _ in range(size)
        ]
        for thread in self._threads:
            thread.start()

    async def run(self, act: Callable[[float], T]) -> T:
        """Run a function with what is left of the time in seconds, in its turn or not at all.

        Raises:
            ServiceUnavailable: The turn came too late, or the function says so.
        """
        job = _Job(act, monotonic() + self._timeout)
        self._give(job)
        return await job.future  # type: ignore[no-any-return]

    def _give(self, job: "_Job") -> None:
        with self._lock:
            if not self._resting:
                self._waiting.append(job)
                return
            inbox = self._resting.pop()
        inbox.put(job)

    def _work(self) -> None:
        inbox: SimpleQueue[_Job | None] = SimpleQueue()
        while (job := self._next(inbox)) is not None:
            if not job.future.cancelled():
                self._busy.add(current_thread())
                job.settle(*self._outcome(job))
            del job  # or what it gave would live until the next one

    def _next(self, inbox: "SimpleQueue[_Job | None]") -> "_Job | None":
        """The job that has waited longest, or the next one that comes; None at the end."""
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            if self._closing:
                return None
            self._resting.append(inbox)
        return inbox.get()

    def _outcome(self, job: "_Job") -> tuple[Any, BaseException | None]:
        try:
            left = job.deadline - monotonic()
            if left <= 0:  # whatever held up those before would hold this up too
                raise ServiceUnavailable
            return job.act(left), None
        except BaseException as error:  # noqa: BLE001 (whoever waits for it gets it)
            if not self._is_unavailable(error):
                return None, error
            refusal = ServiceUnavailable()
            refusal.__cause__ = error
            return None, refusal
        finally:
            self._busy.discard(current_thread())

    @property
    def busy(self) -> int:
        """How many threads are at work."""
        return len(self._busy)

    def close(self) -> None:
        """Wait for what has begun or is waiting."""
        with self._lock:
            self._closing = True
            resting, self._resting = self._resting, []
        for inbox in resting:
            inbox.put(None)
        for thread in self._threads:
            thread.join()


class _Job:
    """A function to run, and who waits for it."""

    __slots__ = ("act", "deadline", "future", "loop")

    def __init__(self, act: Callable[[float], Any], deadline: float) -> None:
        self.act = act
        self.deadline = deadline
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()

    def settle(self, result: Any, error: BaseException | None) -> None:
        """Tell whoever waits, if anyone still does."""
        with suppress(RuntimeError):  # the loop has been closed meanwhile
            self.loop.call_soon_threadsafe(_settle, self.future, result, error)


def _settle(future: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
