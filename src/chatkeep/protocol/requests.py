"""A request body to one of the protocol's requests.

The validator is built once: the SDK builds it anew for every request, which is
most of what its requests cost.
"""

import re
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from chatkit.types import BaseReq, ChatKitReq, StreamingReq, is_streaming_req
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from typing_extensions import TypeIs

from ..encoding import MAX_DEPTH, from_json, nests_too_deep
from ..errors import InvalidRequest, UnknownRequestType

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_FIELD = re.compile("[a-z_]{1,40}")

_TOLD = {
    "union_tag_invalid": "This type is not known",
    "union_tag_not_found": 'It has no "type"',
}
"""What is wrong, in words that repeat nothing that the client has sent."""


class ThreadStopParams(BaseModel):
    """Which thread's answer to stop."""

    thread_id: str


class ThreadsStopReq(BaseReq):
    """Request to stop the answer that is under way, keeping what there is."""

    type: Literal["threads.stop"] = "threads.stop"
    params: ThreadStopParams


class ThreadFollowParams(BaseModel):
    """Which thread's answer to follow."""

    thread_id: str


class ThreadsFollowReq(BaseReq):
    """Request to read the events of the answer that is under way, or of one that just ended."""

    type: Literal["threads.follow"] = "threads.follow"
    params: ThreadFollowParams


StreamingRequest: TypeAlias = StreamingReq
"""The requests that begin a turn, and are answered with its stream."""

Request: TypeAlias = Annotated[
    ChatKitReq | ThreadsStopReq | ThreadsFollowReq, Field(discriminator="type")
]


@cache
def _adapter() -> TypeAdapter[Any]:
    return TypeAdapter(Request)


def is_streaming(request: Any) -> TypeIs[StreamingRequest]:
    """Whether a request begins a turn."""
    return is_streaming_req(request)


def parse_request(body: bytes | str) -> Any:
    """Return the request that a body holds, one of the types in `Request`.

    Raises:
        InvalidRequest: The body is not JSON, nests too deep to be kept, or a field
            is missing or wrong; the message names the field, never its value.
        UnknownRequestType: ``type`` names nothing that Chatkeep knows.
    """
    if isinstance(body, str):
        body = body.encode(errors="backslashreplace")  # lone surrogates as JSON escapes
    if nests_too_deep(body):
        raise InvalidRequest(f"The request nests more than {MAX_DEPTH} levels deep.")
    try:
        return _adapter().validate_json(body)
    except ValidationError as error:
        if _SURROGATE.search(body) is None or _first(error)["type"] != "json_invalid":
            raise _client_error(error) from None
    try:
        # The strict parser refuses lone surrogates. All the rest must be as it wants it.
        _adapter().validate_json(_SURROGATE.sub(b"\\\\ufffd", body))
        return _adapter().validate_python(from_json(body))
    except ValidationError as error:
        raise _client_error(error) from None


def _client_error(error: ValidationError) -> InvalidRequest | UnknownRequestType:
    first = _first(error)
    if first["type"] == "json_invalid":
        return InvalidRequest("The request body is not valid JSON.")
    if first["loc"] == () and first["type"] == "union_tag_invalid":
        return UnknownRequestType()
    if first["loc"] == () and first["type"] == "union_tag_not_found":
        return InvalidRequest('The request has no "type".')
    # The first part of the location is the request type itself.
    field = ".".join(_field(part) for part in first["loc"][1:]) or "request"
    told = _TOLD.get(first["type"], first["msg"])
    return InvalidRequest(f"{field}: {told}.")


def _first(error: ValidationError) -> "ErrorDetails":
    return error.errors(include_url=False, include_input=False)[0]


def _field(part: int | str) -> str:
    """A part of a location, unless a client made it up."""
    return str(part) if isinstance(part, int) or _FIELD.fullmatch(part) else "?"
