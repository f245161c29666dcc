"""Threads for drivers that block, with one deadline for the wait and the work."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import TypeVar

from ....errors import ServiceUnavailable

T = TypeVar("T")


class Threads:
    """Some threads that run one function each at a time.

    Args:
        size: How many.
        timeout: The deadline of a call, in seconds.
        is_unavailable: Which errors are `ServiceUnavailable`.
    """

    def __init__(
        self, size: int, timeout: float, is_unavailable: Callable[[BaseException], bool]
    ) -> None:
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="chatkeep-sql")
        self._timeout = timeout
        self._is_unavailable = is_unavailable
        self.busy = 0

    async def run(self, act: Callable[[float], T]) -> T:
        """Run a function with what is left of the time in seconds, in its turn or not at all.

        Raises:
            ServiceUnavailable: The turn came too late, or the function says so.
        """
        deadline = monotonic() + self._timeout
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, self._act, act, deadline
        )

    def _act(self, act: Callable[[float], T], deadline: float) -> T:
        left = deadline - monotonic()
        if left <= 0:  # whatever held up those before would hold this up too
            raise ServiceUnavailable
        self.busy += 1
        try:
            return act(left)
        except Exception as error:
            if self._is_unavailable(error):
                raise ServiceUnavailable from error
            raise
        finally:
            self.busy -= 1

    def close(self) -> None:
        """Wait for what has begun or is waiting."""
        self._threads.shutdown()
