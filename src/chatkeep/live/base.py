"""The live log contract: the events of turns under way, to be followed and replayed.

A log is a list of frames that only grows until it ends. Its writer never waits
for its readers; each reader keeps its own place. The store is the truth: a log
may be dropped once its turn has ended.
"""

from abc import ABC, abstractmethod


class LogWriter(ABC):
    """The writing end of one turn's log."""

    @abstractmethod
    def append(self, frame: bytes) -> None:
        """Add a frame. Returns at once; readers that wait are woken.

        What comes after the end is dropped.
        """

    @abstractmethod
    def end(self) -> None:
        """Add no more. Readers come to the end once they have read the rest."""

    @abstractmethod
    def take_unsaved(self) -> bytes:
        """Return, as one piece, what was appended since the last call."""

    @property
    @abstractmethod
    def length(self) -> int:
        """How many frames there are."""


class LogReader(ABC):
    """One reader's place in one turn's log."""

    position: int
    """The number of the next frame that `read` returns."""

    @abstractmethod
    async def read(self, gather: float = 0.0) -> list[bytes]:
        """Return the next frames that are there, at least one; wait if there is none.

        Args:
            gather: For how many seconds to let frames gather first. The end of
                the log is not waited for, nor is `close`.

        Returns:
            An empty list at the end of the log, or after `close`.
        """

    @abstractmethod
    def close(self) -> None:
        """End a `read` that waits, and every later one."""


class LiveLog(ABC):
    """The logs of turns."""

    @abstractmethod
    def create(self, turn_id: str) -> LogWriter:
        """Begin the log of a turn."""

    @abstractmethod
    def reader(self, turn_id: str, position: int = 0) -> LogReader | None:
        """Return a reader from ``position`` on, or None if the log isn't here (any more)."""
