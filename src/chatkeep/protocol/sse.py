"""Events as bytes: server-sent events in the one form that every ChatKit client reads.

A frame is ``data: {json}`` and an empty line. Several clients split the stream
on ``data: `` and parse all that follows as JSON, so ids and comments go only to
a client that asked for them.
"""

from collections.abc import Sequence

from ..encoding import encode_ordinary, text_json

HEARTBEAT = b": keep-alive\n\n"

RETRY_MILLISECONDS = 1000
"""How long a client that follows a turn waits before it comes back."""

_DELTA_END = b"}}\n\n"


def frame(payload: bytes) -> bytes:
    """Return the frame of one event's JSON."""
    return b"data: " + payload + b"\n\n"


def event_id(turn_id: str, number: int) -> str:
    """Return the id of a turn's frame, by which a client says how far it has read."""
    return f"{turn_id}:{number}"


def parse_event_id(event_id: str) -> tuple[str, int] | None:
    """Return the turn and the number that an event id names, or None if it is none."""
    turn_id, colon, number = event_id.rpartition(":")
    if not (colon and turn_id and number.isascii() and number.removeprefix("-").isdecimal()):
        return None
    return (turn_id, int(number)) if len(number) <= 19 else None


def numbered(frames: Sequence[bytes], turn_id: str, first: int) -> list[bytes]:
    """Return the frames with ``id:`` lines that count up from ``first``."""
    prefix = b"id: " + turn_id.encode() + b":"
    return [b"%b%d\n%b" % (prefix, number, frame) for number, frame in enumerate(frames, first)]


def priming(turn_id: str, position: int) -> bytes:
    """Return what a stream that follows a turn begins with: an id, no data, and ``retry:``.

    So a client knows where to go on before the first event has come, as in MCP's
    SEP-1699.
    """
    told = event_id(turn_id, position - 1).encode()
    return b"retry: %d\nid: %b\ndata: \n\n" % (RETRY_MILLISECONDS, told)


def delta_prefix(item_id: str, content_index: int) -> bytes:
    """Return what every text delta frame of one content part begins with."""
    return (
        b'data: {"type":"thread.item.updated","item_id":'
        + text_json(item_id)
        + b',"update":{"type":"assistant_message.content_part.text_delta","content_index":'
        + str(content_index).encode()
        + b',"delta":'
    )


def delta_frame(prefix: bytes, delta: str) -> bytes:
    """Return the frame of one text delta."""
    try:  # `text_json`, without a call: this runs for every token
        return prefix + encode_ordinary(delta) + _DELTA_END
    except UnicodeEncodeError:
        return prefix + text_json(delta) + _DELTA_END
