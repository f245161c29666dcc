"""A turn's journal: all that it streams, until checkpoints have it.

An entry is a frame that followers get, or a note that only recovery reads: what
an item of an earlier turn was like before this turn changed it, and what happens
to items that no client sees. `live.entries` says how they are written.
"""

from collections.abc import Sequence

from ..live.entries import END, FRAME, NOTE
from ..stores.base import Checkpoint


class Journal:
    """What one turn streams.

    Args:
        turn_id: The turn.

    Attributes:
        entries: What no checkpoint has yet, the oldest first. It is only ever
            added to, and cut at its beginning.
    """

    def __init__(self, turn_id: str) -> None:
        self.entries: list[bytes] = []
        self._turn_id = turn_id
        self._saved_entries = 0
        self._saved_frames = 0
        self._notes = 0
        """How many of the entries are notes."""
        self._offered: dict[int, tuple[int, int]] = {}
        """For each piece that was given, by its length: its entries, and its notes."""

    @property
    def length(self) -> int:
        """How many entries there have been."""
        return self._saved_entries + len(self.entries)

    def note(self, event: bytes) -> None:
        """Add an event (as JSON) that only recovery reads."""
        self.entries.append(NOTE + event + END)
        self._notes += 1

    def unsaved(self, more: Sequence[bytes] = ()) -> Checkpoint | None:
        """Return what no checkpoint has yet as one piece, or None if there is nothing.

        Args:
            more: Frames that will follow, and are not published yet.
        """
        entries = [*self.entries, *more]
        if not entries:
            return None
        data = b"".join(entries)
        self._offered[len(data)] = len(entries), self._notes
        frames = len(entries) - self._notes
        return Checkpoint(self._turn_id, self._saved_entries, self._saved_frames, frames, data)

    def saved(self, piece: Checkpoint) -> None:
        """Note that the store has a piece, which `unsaved` gave: what came since is left."""
        count, notes = self._offered[len(piece.data)]
        self._offered.clear()  # what is left counts from here on
        del self.entries[:count]
        self._notes -= notes
        self._saved_entries += count
        self._saved_frames += piece.frames


def event_of(entry: bytes) -> bytes:
    """Return the event (as JSON) that an entry holds."""
    return entry.removeprefix(FRAME).removeprefix(NOTE)
