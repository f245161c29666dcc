"""Stores that can tell other workers at once that there is something new."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator


class Wakes(ABC):
    """A store whose checkpoints and ends of turns wake those who wait in other processes."""

    @abstractmethod
    def woken(self) -> AsyncGenerator[None]:
        """Yield whenever a turn anywhere may have more to read.

        It may yield too often, and yields once for several. Where it ends or
        raises, because the connection can't carry it (a pooler) or was lost,
        whoever waits must look by the clock, and may ask again.
        """
