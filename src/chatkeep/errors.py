"""Everything that Chatkeep raises on purpose.

    ChatkeepError
    ├── ConfigurationError           a mistake in the embedding program
    ├── ClientError                  answered with an HTTP status and a code
    │   ├── InvalidRequest           400
    │   ├── UnknownRequestType       400
    │   ├── NotEnabled               400
    │   ├── AuthenticationRequired   401
    │   ├── PermissionDenied         403
    │   ├── NotFound                 404
    │   ├── MethodNotAllowed         405
    │   ├── Conflict                 409
    │   ├── RequestTooLarge          413
    │   ├── UnsupportedMediaType     415
    │   ├── HandlerFailed, HandlerTimedOut   422
    │   ├── TooManyRequests          429
    │   └── ServiceUnavailable       503
    │       └── RequestTimedOut
    ├── TurnError                    shown to the user as an ``error`` event
    │   ├── ThreadBusy, ThreadLocked, ThreadClosed, TooManyTurns, LimitReached
    │   ├── ResponderFailed, InvalidOutput, AnswerTooLong, TurnTimedOut, TurnInterrupted
    │   ├── AnswerLost
    │   └── ModelError
    │       ├── ModelUnavailable, ModelRateLimited, ModelAuthFailed
    │       └── ModelNotFound, ModelRejected, ModelStreamCut, ModelCalledTool
    ├── StoreConflict                raised by a store, handled by the engine
    │   ├── TurnActive
    │   └── TurnRepeated
    └── TurnLost                     raised by a store, handled by the engine

The first paragraph of a class's docstring is its default message, so it is
written for the person who will read it. ``code`` is stable: programs may rely
on it.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from .stores.records import TurnRecord


_NO_WORDS = "Something went wrong."


def words_of(value: Any, default: str = _NO_WORDS) -> str:
    """Return what a value says to a person, or the default if that is nothing.

    Text that is made when it is read (a lazy translation) is read here. What
    only Python could say of a value, such as its type and address, is nothing.
    """
    if not isinstance(value, str):
        speaks = any("__str__" in vars(kind) for kind in type(value).__mro__[:-1])
        if not speaks or isinstance(value, BaseException):
            return default
        value = _text_of(value)
    return value if value.strip() else default


def reason_of(error: BaseException) -> str:
    """Return what an exception says, for a log or a terminal; its kind, if that is nothing."""
    return _text_of(error).strip() or type(error).__name__


def _text_of(value: Any) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - it is anyone's code, and there is a failure to tell of
        return ""


class ChatkeepError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "internal"

    def __init__(self, message: str | None = None) -> None:
        self.message = message  # type: ignore[assignment]
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """What happened, in words; never empty, whatever a subclass sets or leaves out."""
        return words_of(vars(self).get("message"), _default_message(type(self)))

    @message.setter
    def message(self, message: str) -> None:
        vars(self)["message"] = message

    def __str__(self) -> str:
        return self.message


def _default_message(kind: type[ChatkeepError]) -> str:
    for known in kind.__mro__:
        paragraph, _, _ = (known.__doc__ or "").strip().partition("\n\n")
        if paragraph and issubclass(known, ChatkeepError):
            return " ".join(paragraph.split())
    return _NO_WORDS  # Python was told to drop docstrings


class ConfigurationError(ChatkeepError):
    """Chatkeep is not configured for this."""

    code = "configuration"


class ClientError(ChatkeepError):
    """The request can't be answered."""

    code = "request.failed"
    status: ClassVar[int] = 400
    headers: Mapping[str, str] | None = None
    """HTTP headers of the answer, beside its own."""


class InvalidRequest(ClientError):
    """The request is not a valid ChatKit request."""

    code = "request.invalid"


class UnknownRequestType(ClientError):
    """This request type is not known."""

    code = "request.unknown_type"


class NotEnabled(ClientError):
    """This feature is not enabled on this server."""

    code = "feature.not_enabled"


class AuthenticationRequired(ClientError):
    """Sign in to continue."""

    code = "auth.required"
    status = 401


class PermissionDenied(ClientError):
    """You may not do this."""

    code = "auth.denied"
    status = 403


class NotFound(ClientError):
    """This does not exist, or is not yours."""

    code = "not_found"
    status = 404


class MethodNotAllowed(ClientError):
    """Use POST for ChatKit requests."""

    code = "request.method_not_allowed"
    status = 405


class Conflict(ClientError):
    """The request doesn't fit the present state of the thread."""

    code = "request.conflict"
    status = 409


class RequestTooLarge(ClientError):
    """The request body is too large."""

    code = "request.too_large"
    status = 413


class UnsupportedMediaType(ClientError):
    """Send the request as application/json."""

    code = "request.unsupported_media_type"
    status = 415


class HandlerFailed(ClientError):
    """Something went wrong.

    What a program's own handler has raised is its cause. It is no 5xx: clients send
    a request that got one again, and the handler has run.
    """

    code = "handler.failed"
    status = 422

    def __init__(self, message: str = "Something went wrong.") -> None:
        super().__init__(message)


class HandlerTimedOut(ClientError):
    """This takes longer than expected. It goes on: look again in a moment."""

    code = "handler.timed_out"
    status = 422


class TooManyRequests(ClientError):
    """Too many requests. Try again in a moment."""

    code = "request.too_many"
    status = 429

    def __init__(self, message: str | None = None, *, retry_after: float | None = None) -> None:
        """Say in ``Retry-After`` in how many seconds it may be tried again."""
        super().__init__(message)
        if retry_after is not None:
            self.headers = {"Retry-After": str(math.ceil(retry_after))}


class ServiceUnavailable(ClientError):
    """The server can't answer right now."""

    code = "service.unavailable"
    status = 503
    headers: Mapping[str, str] | None = {"Retry-After": "1"}


class RequestTimedOut(ServiceUnavailable):
    """The server took too long to answer."""

    code = "service.timed_out"


class TurnError(ChatkeepError):
    """The answer could not be finished."""

    code = "turn.failed"
    allow_retry: ClassVar[bool] = True
    status: ClassVar[int] = 422
    """The HTTP status of an answer that is no stream, and can't have an ``error`` event."""


class ThreadBusy(TurnError):
    """This conversation is still being answered. Wait for the answer, or stop it."""

    code = "thread.busy"
    status = 409


class ThreadLocked(TurnError):
    """This conversation is locked."""

    code = "thread.locked"
    status = 409
    allow_retry = False


class ThreadClosed(TurnError):
    """This conversation is closed."""

    code = "thread.closed"
    status = 409
    allow_retry = False


class TooManyTurns(TurnError):
    """Too many of your conversations are being answered. Wait for one, or stop it."""

    code = "turn.too_many"


class AnswerLost(TurnError):
    """The server lost hold of this answer. Load the conversation again to see what was kept."""

    code = "turn.lost"


class LimitReached(TurnError):
    """You have reached your limit. Try again later."""

    code = "limit.reached"
    status = 429


class ResponderFailed(TurnError):
    """Something went wrong while answering."""

    code = "responder.failed"


class InvalidOutput(TurnError):
    """Something went wrong while answering."""

    code = "responder.invalid_output"


class AnswerTooLong(TurnError):
    """The answer grew too long and was cut here."""

    code = "turn.too_long"
    allow_retry = False


class TurnTimedOut(TurnError):
    """The answer took too long and was ended here."""

    code = "turn.timed_out"


class TurnInterrupted(TurnError):
    """The server is restarting. The answer was kept as far as it got."""

    code = "turn.interrupted"


class ModelError(TurnError):
    """The model could not answer."""

    code = "model.failed"


class ModelUnavailable(ModelError):
    """The model can't be reached right now."""

    code = "model.unavailable"


class ModelRateLimited(ModelError):
    """The model is busy. Try again in a moment."""

    code = "model.rate_limited"


class ModelAuthFailed(ModelError):
    """The model refused this server's key."""

    code = "model.auth_failed"
    allow_retry = False


class ModelNotFound(ModelError):
    """The model does not exist at the configured address."""

    code = "model.not_found"
    allow_retry = False


class ModelRejected(ModelError):
    """The model did not accept this conversation."""

    code = "model.rejected"
    allow_retry = False


class ModelStreamCut(ModelError):
    """The model stopped in the middle of its answer."""

    code = "model.stream_cut"


class ModelCalledTool(ModelError):
    """The model asked for a tool that this server does not run."""

    code = "model.called_tool"


class StoreConflict(ChatkeepError):
    """The store refused the change."""

    code = "store.conflict"

    def __init__(self, turn: "TurnRecord") -> None:
        super().__init__()
        self.turn = turn


class TurnActive(StoreConflict):
    """Another turn holds this thread."""

    code = "store.turn_active"


class TurnRepeated(StoreConflict):
    """This request has already begun a turn."""

    code = "store.turn_repeated"


class TurnLost(ChatkeepError):
    """This turn no longer holds its thread."""

    code = "store.turn_lost"
