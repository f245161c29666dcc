"""What goes back over HTTP: JSON, errors, and streams that end when their reader leaves."""

import asyncio
import logging

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .. import ids
from ..engine.streams import EventStream
from ..errors import ChatkeepError, ClientError
from ..protocol.wire import to_json

logger = logging.getLogger("chatkeep.web")

_STREAM_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]


class JSONBytes(Response):
    """JSON that is encoded already."""

    media_type = "application/json"


def error_response(error: Exception) -> Response:
    """Return the answer to a request that failed, with nothing in it that leaks.

    What nobody foresaw is logged under an error id, and the client gets the id.
    """
    if isinstance(error, ClientError):
        return _error(error.status, error.code, error.message)
    error_id = ids.error_id()
    logger.error("request failed (%s): %r", error_id, error, exc_info=error)
    return _error(500, ChatkeepError.code, f"Something went wrong (error {error_id}).")


def http_error(error: HTTPException) -> Response:
    """Return the answer to a request for a path that is not there, or not by its method."""
    code = {404: "request.no_such_path", 405: "request.method_not_allowed"}
    response = _error(
        error.status_code, code.get(error.status_code, "request.failed"), error.detail
    )
    response.headers.update(error.headers or {})
    return response


def _error(status: int, code: str, message: str) -> Response:
    return JSONBytes(to_json({"error": {"code": code, "message": message}}), status)


class EventStreamResponse(Response):
    """A stream of events. A slow reader is waited for; one that leaves is noticed."""

    def __init__(self, stream: EventStream) -> None:
        self.stream = stream
        self.status_code = 200
        self.background = None
        self.raw_headers = list(_STREAM_HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        watch = asyncio.create_task(self._watch(receive))
        try:
            await send(start)
            while chunk := await self.stream.next():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                del chunk  # it may be long until the next
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except OSError:
            pass  # the reader left: how ASGI 2.4 says it
        finally:
            watch.cancel()
            self.stream.leave()

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.stream.leave()
