"""The entries of turns' journals as bytes: what checkpoints are made of, and frames are read from.

Each entry ends in an empty line, so a piece of a journal is just its entries, one
after the other. An entry is a frame, which followers get, or a note, which only
recovery reads.
"""

from collections.abc import Iterable, Iterator

from ..stores.base import Checkpoint

FRAME = b"data: "
NOTE = b"note: "
END = b"\n\n"


def entries_of(piece: Checkpoint) -> Iterator[bytes]:
    """Yield the entries of a piece, each without its end."""
    yield from filter(None, piece.data.split(END))


def frames_of(pieces: Iterable[Checkpoint], start: int) -> list[tuple[int, list[bytes]]]:
    """Return the frames from the number ``start`` on, as runs of numbers without a gap.

    Returns:
        For each run the number of its first frame, and its frames.
    """
    runs: list[tuple[int, list[bytes]]] = []
    for piece in pieces:
        own = [entry + END for entry in entries_of(piece) if entry.startswith(FRAME)]
        frames = own[max(0, start - piece.first) :]
        if not frames:
            continue
        first = max(piece.first, start)
        if runs and first == start:
            runs[-1][1].extend(frames)
        else:
            runs.append((first, frames))
        start = first + len(frames)
    return runs
