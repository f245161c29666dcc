"""The ChatKit endpoint: one HTTP request in, one answer out."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..context import Context
from ..engine.calls import call
from ..engine.dispatch import JSONReply, NoReply
from ..errors import (
    AuthenticationRequired,
    MethodNotAllowed,
    RequestTooLarge,
    ServiceUnavailable,
    UnsupportedMediaType,
)
from ..protocol.wire import to_json
from ..version import __version__
from .responses import EventStreamResponse, JSONBytes, error_response, logger

if TYPE_CHECKING:
    from ..app import Chatkeep

LIVE_HEADER = "chatkeep-live"
LAST_EVENT_HEADER = "last-event-id"

REQUEST_HEADERS = (
    "accept-language",
    "authorization",
    "chatkeep-live",
    "chatkit-frame-instance-id",
    "chatkit-session-id",
    "chatkit-user-id",
    "content-type",
    "last-event-id",
)
"""The headers that a browser may send from another origin."""

_METHODS = "POST, OPTIONS"


class Raw:
    """A request handler as an ASGI application.

    Frameworks put a layer around a handler that wraps each write of its answer,
    which for a stream costs more than the writes do.
    """

    def __init__(self, handle: Callable[[Request], Awaitable[Response]]) -> None:
        self._handle = handle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._handle(Request(scope, receive))
        await response(scope, receive, send)


class Endpoint:
    """The HTTP face of a `Chatkeep`.

    Attributes:
        chatkit: The endpoint itself, an ASGI application that takes any method.
    """

    def __init__(self, chat: "Chatkeep") -> None:
        self._chat = chat
        self.chatkit = Raw(self._chatkit)

    async def _chatkit(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"allow": _METHODS})
        try:
            return await self._answer(request)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:  # noqa: BLE001 - the border: nothing may leak past it
            response = error_response(error)
            if isinstance(error, MethodNotAllowed):
                response.headers["allow"] = _METHODS
            return response

    async def _answer(self, request: Request) -> Response:
        if request.method != "POST":
            raise MethodNotAllowed
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json":
            raise UnsupportedMediaType
        context = await self._context(request)
        body = await self._body(request)
        live = request.headers.get(LIVE_HEADER) == "1"
        last_event_id = request.headers.get(LAST_EVENT_HEADER)
        reply = await self._chat.process(body, context, live=live, last_event_id=last_event_id)
        if isinstance(reply, NoReply):
            return Response(status_code=204)
        if isinstance(reply, JSONReply):
            return JSONBytes(reply.json)
        return EventStreamResponse(reply.stream)

    async def _context(self, request: Request) -> Context:
        """Who asks, and in which language. Before the body is read: strangers cost nothing."""
        context: Context | None = Context()
        if self._chat.authenticate is not None:
            context = await call(self._chat.authenticate, request)
        if context is None:
            raise AuthenticationRequired
        headers = request.headers
        allowed = {name: headers[name] for name in self._chat.context_headers if name in headers}
        return replace(
            context,
            locale=context.locale or _first_language(headers.get("accept-language", "")),
            headers=context.headers or allowed,
        )

    async def _body(self, request: Request) -> bytes:
        limit = self._chat.settings.max_body_bytes
        announced = request.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > limit:
            raise RequestTooLarge
        chunks: list[bytes] = []
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise RequestTooLarge
            chunks.append(chunk)
        return b"".join(chunks)

    async def live(self, _request: Request) -> Response:
        """Say that the process answers."""
        return JSONBytes(to_json({"status": "ok", "version": __version__}))

    async def ready(self, _request: Request) -> Response:
        """Say whether the store answers."""
        try:
            await self._chat.ping()
        except Exception:  # noqa: BLE001 - whatever it is, the server isn't ready
            logger.exception("the store does not answer")
            return error_response(ServiceUnavailable("The store does not answer."))
        return JSONBytes(to_json({"status": "ok"}))


def _first_language(header: str) -> str | None:
    """The language a client wants most; ChatKit sends just one."""
    tag = header.partition(",")[0].partition(";")[0].strip()
    return tag if tag and tag != "*" else None
