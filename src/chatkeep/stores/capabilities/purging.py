"""Stores that forget what nobody needs any more."""

from abc import ABC, abstractmethod


class Purges(ABC):
    """A store that keeps turns, and what they streamed, for a time only."""

    @abstractmethod
    async def purge(self, *, streamed_seconds: float, turns_seconds: float, limit: int) -> int:
        """Delete what ended long ago, by the store's clock.

        Args:
            streamed_seconds: How long after the end of a turn what it streamed
                is kept; its items stay.
            turns_seconds: How long after its end a turn's own row is kept.
            limit: Of how many turns at most, of each kind, something is
                deleted at once, so that no other writer waits long.

        Returns:
            Of how many turns something was deleted; at least ``limit`` if
            there may be more.
        """
