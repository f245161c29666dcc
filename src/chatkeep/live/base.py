"""The live log contract: the events of turns under way, followed by whoever wants to.

A log is a list of frames, numbered from 0, that only grows until it ends. Its
writer never waits for its readers; each reader keeps its own place. The store is
the truth and the log a cache: it may be lost at any time, and may be dropped
once its turn has ended. What a turn needs to be kept is no concern of the log.

What every log promises:

* `LogWriter.append` and `LogWriter.end` return at once, and never raise.
* A reader gets each frame once, in order, from its position on, and then the end.
* `LogReader.read` may be cancelled, and loses nothing by it.
* What goes wrong is raised to readers as `FollowLost`: come back later, with the
  position that was reached, or ask the store. It is never the turn's failure.
"""

from abc import ABC, abstractmethod

from ..errors import ChatkeepError
from ..stores.base import TurnRecord


class FollowLost(ChatkeepError):
    """The events can't be followed right now."""

    code = "live.follow_lost"


class LogWriter(ABC):
    """The writing end of one turn's log."""

    @abstractmethod
    def append(self, frame: bytes) -> None:
        """Add a frame. Readers that wait are woken. What comes after the end is dropped."""

    @abstractmethod
    def end(self) -> None:
        """Add no more. Readers come to the end once they have read the rest. Idempotent."""

    @property
    @abstractmethod
    def readers(self) -> int:
        """How many read the log at this moment, as far as it can know."""


class LogReader(ABC):
    """One reader's place in one turn's log."""

    position: int
    """The number of the next frame that `read` returns, unless numbers jump there.

    They do where a turn was taken over from a dead worker. What one `read`
    returned has numbers without a gap, which end just before this one.
    """

    @abstractmethod
    async def read(self, gather: float = 0.0) -> list[bytes]:
        """Return the next frames that are there, at least one; wait if there is none.

        Args:
            gather: For how many seconds to let frames gather first. The end of
                the log is not waited for, nor is `close`.

        Returns:
            An empty list at the end of the log, or after `close`.

        Raises:
            FollowLost: The log can't be read any further.
        """

    @abstractmethod
    def close(self) -> None:
        """End a `read` that waits, and every later one; read no more. Idempotent."""


class LiveLog(ABC):
    """The logs of turns."""

    async def open(self) -> None:  # noqa: B027 - most logs have nothing to open
        """Make ready. Idempotent."""

    async def close(self) -> None:  # noqa: B027 - or to close
        """Give everything back. Idempotent.

        Readers come to their end, or to `FollowLost` where a turn goes on in
        another worker.
        """

    async def ping(self) -> None:  # noqa: B027 - or to lose
        """Return if logs can be followed now; raise whatever prevents it."""

    @abstractmethod
    def create(self, turn: TurnRecord) -> LogWriter:
        """Begin the log of a turn of this worker. Returns at once, and never raises."""

    @abstractmethod
    async def reader(self, turn: TurnRecord, position: int = 0) -> LogReader | None:
        """Return a reader from ``position`` on, whichever worker runs the turn.

        Returns:
            None if the log isn't there, or isn't any more.

        Raises:
            FollowLost: It can't be known.
        """
