"""A turn's way out: each frame goes into the journal, and to whoever follows.

What is here runs for every token. So it is closures, not methods: to look up four
attributes costs as much as all else that a piece of text needs.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from ..errors import AnswerTooLong
from ..live.base import LogWriter
from ..protocol.sse import delta_frame, frame
from .folding import Part
from .journal import Journal

logger = logging.getLogger("chatkeep.turn")

_ANYTHING = (Exception, asyncio.CancelledError)


class Write(Protocol):
    """Streams a piece of text, to the plain text under way or to another part."""

    def __call__(self, delta: str, part: Part | None = None) -> None:
        """Stream it. Raises `AnswerTooLong` if there is no room for it."""
        ...


class Channel:
    """Where one turn's frames go.

    Args:
        journal: Where all is kept until the store has it.
        log: Where followers read.
        max_bytes: How much may go out.
        begin: Begins a part for plain text where none is under way.

    Attributes:
        write: Streams a piece of text.
        publish: Publishes an event (as JSON), though there may be no room.
        plain: Sets the part that plain text goes to; None has the next begin one.
        room: Returns how many bytes may still go out.
    """

    def __init__(
        self, journal: Journal, log: LogWriter, max_bytes: int, begin: Callable[[], Part]
    ) -> None:
        keep = journal.entries.append
        show: Callable[[bytes], None] = log.append
        room = max_bytes
        current: Part | None = None

        def write(delta: str, part: Part | None = None) -> None:
            nonlocal room
            part = part or current or begin()
            if len(delta) > room:
                return cut(delta, part)
            piece = delta_frame(part.prefix, delta)
            room -= len(piece)
            part.texts.append(delta)
            keep(piece)
            try:
                show(piece)
            except _ANYTHING:  # a log of the program's own may raise it
                do_without_log()

        def cut(delta: str, part: Part) -> None:
            write(delta[: max(0, room)], part)
            raise AnswerTooLong

        def publish(event: bytes) -> None:
            nonlocal room
            piece = frame(event)
            room -= len(piece)
            keep(piece)
            try:
                show(piece)
            except _ANYTHING:
                do_without_log()

        def do_without_log() -> None:
            nonlocal show
            logger.exception("the live log broke; this turn can't be followed any more")
            show = _drop

        def plain(part: Part | None) -> None:
            nonlocal current
            current = part

        def remaining() -> int:
            return room

        self.write: Write = write
        self.publish: Callable[[bytes], None] = publish
        self.plain: Callable[[Part | None], None] = plain
        self.room: Callable[[], int] = remaining


def _drop(_frame: bytes) -> None:
    """Take the place of a log that broke its promise not to."""
