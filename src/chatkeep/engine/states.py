"""What a responder may want to know again: any JSON value of a reasonable size."""

from typing import Any

from ..errors import InvalidOutput
from ..protocol.wire import from_json, to_json

MAX_BYTES = 1024 * 1024


def checked_state(value: Any) -> Any:
    """Return a copy of a JSON value that shares nothing with it.

    Raises:
        InvalidOutput: It is no JSON value, or too large.
    """
    try:
        encoded = to_json(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidOutput(f"a state is a JSON value: {error}") from error
    if len(encoded) > MAX_BYTES:
        raise InvalidOutput(f"a state has at most {MAX_BYTES} bytes as JSON, not {len(encoded)}")
    return from_json(encoded)
