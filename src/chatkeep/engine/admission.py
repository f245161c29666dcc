"""Requests under way: let in until the server closes, and waited for then."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Admission:
    """Counts the requests that are being answered."""

    def __init__(self) -> None:
        self._count = 0
        self._empty: asyncio.Future[None] | None = None

    def enter(self) -> None:
        """Count one more."""
        self._count += 1

    def leave(self) -> None:
        """Count one less."""
        self._count -= 1
        if not self._count and self._empty is not None and not self._empty.done():
            self._empty.set_result(None)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count a request for as long as the block runs."""
        self.enter()
        try:
            yield
        finally:
            self.leave()

    async def emptied(self, grace: float) -> None:
        """Return when no request is under way any more, or after ``grace`` seconds."""
        if self._count:
            self._empty = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._empty], timeout=grace)
            self._empty = None
