"""Logs that are none: frames that are all there, and frames that nobody will read."""

from collections.abc import Sequence

from .base import LogReader, LogWriter


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


class NoLog(LogWriter):
    """Drops what it is given, where a log can't be had."""

    def append(self, frame: bytes) -> None:
        pass

    def end(self) -> None:
        pass

    @property
    def readers(self) -> int:
        return 0
