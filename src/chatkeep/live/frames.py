"""Frames that are all there, as a log that is read to its end."""

from collections.abc import Sequence

from .base import LogReader


class Frames(LogReader):
    """Reads frames that nothing will follow."""

    def __init__(self, frames: Sequence[bytes]) -> None:
        self.position = 0
        self._frames = list(frames)

    async def read(self, gather: float = 0.0) -> list[bytes]:
        frames = self._frames[self.position :]
        self.position += len(frames)
        return frames

    def close(self) -> None:
        self._frames.clear()
