"""The endpoint for Starlette, and for all that is built on it."""

from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..engine.calls import call
from ..errors import ChatkeepError
from .exchange import Backend, Exchange, Incoming, health, ready
from .responses import response_of
from .ui import UI, Page


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
    """Request handlers: the endpoint itself, which takes any method, and what is beside it."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._ui = UI()

    async def chatkit(self, request: Request) -> Response:
        """Answer a ChatKit request."""
        try:
            return response_of(await Exchange(self._backend, _incoming(request)).run())
        except ClientDisconnect:  # in the middle of its body: nobody receives this
            return Response(status_code=400)

    async def health(self, _request: Request) -> Response:
        """Say that the process answers."""
        return response_of(health())

    async def ready(self, _request: Request) -> Response:
        """Say whether requests can be answered."""
        return response_of(await ready(self._backend))

    async def file(self, request: Request) -> Response:
        """Answer with the file of the web element that the path parameter ``name`` names."""
        name = request.path_params["name"]
        return response_of(await call(self._ui.file, name, request.headers))


def page_handler(page: Page) -> Callable[[Request], Awaitable[Response]]:
    """Return a request handler that answers with a page."""

    async def show(_: Request) -> Response:
        return response_of(await call(page.show))

    return show


def _incoming(request: Request) -> Incoming:
    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    return Incoming(
        method=request.method,
        headers=request.headers,
        body=request.stream,
        request=request,
        gone=gone,
        is_foreign=lambda error: _is_foreign(request, error),
    )


def _is_foreign(request: Request, error: Exception) -> bool:
    """Whether the application around answers an error itself.

    It does if it has a handler for it, shows tracebacks (``debug``), or if an
    authenticator spoke its language.
    """
    if isinstance(error, HTTPException | ClientDisconnect):
        return True
    app = request.scope.get("app")
    handlers = getattr(app, "exception_handlers", {})
    if isinstance(error, ChatkeepError):  # not those for `Exception`: this is no surprise
        known = type(error).__mro__[: type(error).__mro__.index(ChatkeepError) + 1]
        return any(kind in handlers for kind in known)
    surprised = bool(getattr(app, "debug", False)) or 500 in handlers
    return surprised or any(kind in handlers for kind in type(error).__mro__)
