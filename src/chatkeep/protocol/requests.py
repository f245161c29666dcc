"""A request body to one of the protocol's requests.

The validator is built once: the SDK builds it anew for every request, which is
most of what its requests cost.
"""

import json
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias

from chatkit.types import BaseReq, ChatKitReq, StreamingReq, is_streaming_req
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from typing_extensions import TypeIs

from ..errors import InvalidRequest, UnknownRequestType


class ThreadStopParams(BaseModel):
    """Which thread's answer to stop."""

    thread_id: str


class ThreadsStopReq(BaseReq):
    """Request to stop the answer that is under way, keeping what there is."""

    type: Literal["threads.stop"] = "threads.stop"
    params: ThreadStopParams


StreamingRequest: TypeAlias = StreamingReq
"""The requests that are answered with a stream."""

Request: TypeAlias = Annotated[ChatKitReq | ThreadsStopReq, Field(discriminator="type")]


@cache
def _adapter() -> TypeAdapter[Any]:
    return TypeAdapter(Request)


def is_streaming(request: Any) -> TypeIs[StreamingRequest]:
    """Whether a request is answered with a stream."""
    return is_streaming_req(request)


def parse_request(body: bytes | str) -> Any:
    """Return the request that a body holds, one of the types in `Request`.

    Raises:
        InvalidRequest: The body is not JSON, or a field is missing or wrong;
            the message names the field, never its value.
        UnknownRequestType: ``type`` names nothing that Chatkeep knows.
    """
    try:
        return _adapter().validate_json(body)
    except ValidationError as error:
        if error.errors(include_url=False, include_input=False)[0]["type"] == "json_invalid":
            return _parse_leniently(body)
        raise _client_error(error) from None


def _parse_leniently(body: bytes | str) -> Any:
    """Parse what the strict parser refuses: JSON that holds lone surrogates."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidRequest("The request body is not valid JSON.") from None
    try:
        return _adapter().validate_python(value)
    except ValidationError as error:
        raise _client_error(error) from None


def _client_error(error: ValidationError) -> InvalidRequest | UnknownRequestType:
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "union_tag_invalid" and first["loc"] == ():
        return UnknownRequestType()
    if first["type"] == "union_tag_not_found":
        return InvalidRequest('The request has no "type".')
    # The first part of the location is the request type itself.
    field = ".".join(str(part) for part in first["loc"][1:]) or "request"
    return InvalidRequest(f"{field}: {first['msg']}.")
