"""What went wrong in a turn, as the log has it and as the user is told."""

import logging

from .. import ids
from ..errors import (
    InvalidOutput,
    ModelError,
    ResponderFailed,
    TurnError,
    TurnInterrupted,
    words_of,
)
from ..protocol.types import CustomStreamError, StreamError
from ..protocol.wire import event_json, text_json

logger = logging.getLogger("chatkeep.turn")


def error_event(error: TurnError, error_id: str | None = None) -> bytes:
    """Return the ``error`` event (as JSON) that shows an error to the user.

    Beside what the protocol knows it has ``reason``, the stable code, and the
    ``error_id`` under which the log says more.
    """
    fields = {
        "code": b'"custom"',
        "message": text_json(error.message),
        "allow_retry": b"true" if error.allow_retry else b"false",
        "reason": text_json(error.code),
    }
    if error_id is not None:
        fields["error_id"] = text_json(error_id)
    return event_json("error", **fields)


def report(error: BaseException, turn_id: str) -> tuple[bytes, str]:
    """Log what ended a turn, and return the event to show and the error's id.

    Only a message that was written for the user reaches the user.
    """
    error_id = ids.error_id()
    try:
        _log(error, error_id, turn_id)
        return _event(error, error_id), error_id
    except Exception:  # an exception of the program's own may fail at anything that it is asked
        logger.exception("turn %s failed (%s), and can't say how", turn_id, error_id)
        return _unexplained(error_id), error_id


def _log(error: BaseException, error_id: str, turn_id: str) -> None:
    # A model's error was logged where it was mapped; a shutdown is no failure.
    trace = None if isinstance(error, ModelError | TurnInterrupted) else error
    level = logging.INFO if isinstance(error, TurnInterrupted) else logging.ERROR
    logger.log(level, "turn %s failed (%s): %r", turn_id, error_id, error, exc_info=trace)


def _event(error: BaseException, error_id: str) -> bytes:
    match error:
        case InvalidOutput():
            pass  # its message is for the log
        case TurnError():
            return error_event(error, error_id)
        case CustomStreamError():
            return event_json(
                "error",
                code=b'"custom"',
                message=text_json(words_of(error.message, TurnError().message)),
                allow_retry=b"true" if error.allow_retry else b"false",
                error_id=text_json(error_id),
            )
        case StreamError():
            return event_json(
                "error",
                code=text_json(error.code.value),
                allow_retry=b"true" if error.allow_retry else b"false",
                error_id=text_json(error_id),
            )
    return _unexplained(error_id)


def _unexplained(error_id: str) -> bytes:
    told = f"{ResponderFailed().message} (error {error_id})"
    return error_event(ResponderFailed(told), error_id)
