"""Events as bytes: server-sent events in the one form that every ChatKit client reads.

A frame is ``data: {json}`` and an empty line. Several clients split the stream
on ``data: `` and parse all that follows as JSON, so ids and comments go only to
a client that asked for them.
"""

from collections.abc import Sequence

from ..encoding import encode_ordinary, text_json

HEARTBEAT = b": keep-alive\n\n"

_DELTA_END = b"}}\n\n"


def frame(payload: bytes) -> bytes:
    """Return the frame of one event's JSON."""
    return b"data: " + payload + b"\n\n"


def numbered(frames: Sequence[bytes], first: int) -> list[bytes]:
    """Return the frames with ``id:`` lines that count up from ``first``."""
    return [b"id: %d\n" % number + frame for number, frame in enumerate(frames, first)]


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
