"""What is under way, and must have ended before what it stands on is closed."""

import asyncio


class InFlight:
    """Counts requests that are being answered, or streams that are being read."""

    def __init__(self) -> None:
        self._count = 0
        self._empty: asyncio.Future[None] | None = None

    def enter(self) -> None:
        """Count one more, until it calls `leave`."""
        self._count += 1

    def leave(self) -> None:
        """Count one less."""
        self._count -= 1
        if not self._count and self._empty is not None and not self._empty.done():
            self._empty.set_result(None)

    async def emptied(self, grace: float) -> None:
        """Return when there is none any more, or after ``grace`` seconds."""
        if self._count:
            self._empty = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._empty], timeout=grace)
            self._empty = None
