"""Reads the answers of an OpenAI-compatible server: bytes in, pieces of text out.

Pure: no sockets and no clock. `AnswerReader` takes the body of a response in
whatever pieces the network brings, and gives the text in them at once. It
decodes only the fields it needs, straight into structs, because this runs for
every token.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

_MAX_EVENT_BYTES = 16 * 1024 * 1024


class BrokenAnswer(Exception):
    """The answer reports an error, makes no sense, or ends too early."""


class EventSplitter:
    """Splits server-sent events into their data, wherever the pieces begin and end."""

    def __init__(self) -> None:
        self._start_of_line: list[bytes] = []
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> list[bytes]:
        """Return the data of each event that ``piece`` completes.

        Raises:
            BrokenAnswer: An event is larger than any that makes sense.
        """
        *lines, rest = piece.split(b"\n")
        if lines and self._start_of_line:
            lines[0] = b"".join((*self._start_of_line, lines[0]))
            self._start_of_line.clear()
        if rest:
            self._start_of_line.append(rest)
        events = self._events(lines)
        self._size = 0 if events else self._size + len(piece)
        if self._size > _MAX_EVENT_BYTES:
            raise BrokenAnswer("an event without an end")
        return events

    def end(self) -> list[bytes]:
        """Return what is left; some servers leave out the last empty line."""
        last_line = b"".join(self._start_of_line)
        self._start_of_line.clear()
        return self._events((last_line, b""))

    def _events(self, lines: Iterable[bytes]) -> list[bytes]:
        events, data = [], self._data
        for line in lines:
            if line.startswith(b"data:"):
                data.append(line[5:])
            elif data and line in (b"", b"\r"):
                events.append(b"\n".join(data))
                data.clear()
        return events


class WholeBody:
    """Collects a body that is one event: the answer of a server that doesn't stream."""

    def __init__(self) -> None:
        self._body = bytearray()

    def feed(self, piece: bytes) -> list[bytes]:
        """Keep ``piece``.

        Raises:
            BrokenAnswer: The body is larger than any that makes sense.
        """
        self._body += piece
        if len(self._body) > _MAX_EVENT_BYTES:
            raise BrokenAnswer("a body without an end")
        return []

    def end(self) -> list[bytes]:
        """Return the body."""
        return [bytes(self._body)]


class _Message(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    delta: _Message | None = None
    message: _Message | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: dict[str, Any] | None = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Chunk)


class AnswerReader:
    """One answer, as far as it has been read.

    Args:
        content_type: The response's. JSON is one whole answer; anything else
            is read as server-sent events.

    Attributes:
        complete: The model has finished: if the rest is lost, no text is.
        finish_reason: Why it finished, once it said so.
        usage: What the server counted, once it said so.
    """

    def __init__(self, content_type: str) -> None:
        is_json = content_type.partition(";")[0].strip().lower() == "application/json"
        self._splitter = WholeBody() if is_json else EventSplitter()
        self.complete = False
        self.finish_reason: str | None = None
        self.usage: dict[str, Any] | None = None

    def feed(self, piece: bytes) -> Iterator[str]:
        """Yield the pieces of text that ``piece`` completes.

        Raises:
            BrokenAnswer: After the text that came before it.
        """
        for event in self._splitter.feed(piece):
            if text := self._read(event):
                yield text

    def end(self) -> Iterator[str]:
        """Yield the text that is left when the body has ended.

        Raises:
            BrokenAnswer: The answer was not complete.
        """
        for event in self._splitter.end():
            if text := self._read(event):
                yield text
        if not self.complete:
            raise BrokenAnswer("the end came too early")

    def _read(self, event: bytes) -> str | None:
        if event.strip() == b"[DONE]":
            self.complete = True
            return None
        chunk = _decode(event)
        if chunk.error:
            raise BrokenAnswer(f"an error: {chunk.error!r:.2000}")
        if chunk.usage:
            self.usage = chunk.usage
        if not chunk.choices:
            return None
        choice = chunk.choices[0]
        if choice.finish_reason or choice.message:
            self.finish_reason = choice.finish_reason
            self.complete = True
        message = choice.delta or choice.message
        return (message.content or message.refusal) if message else None


def _decode(event: bytes) -> _Chunk:
    try:
        return _decoder.decode(event)
    except msgspec.DecodeError:
        return _decode_leniently(event)


def _decode_leniently(event: bytes) -> _Chunk:
    """Decode what holds half a surrogate pair: a token may end in the middle of a character."""
    try:
        return msgspec.convert(json.loads(event), _Chunk)
    except (ValueError, msgspec.ValidationError, RecursionError) as error:
        raise BrokenAnswer(f"no chat completion: {event!r:.2000}") from error
