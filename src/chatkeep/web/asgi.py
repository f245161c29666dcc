"""Chatkeep as an ASGI application."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ..protocol import headers
from .endpoint import Endpoint, Raw, page_handler
from .exchange import Backend, path_error
from .responses import response_of
from .ui import Page

_PATH = "/chatkit"


class _Application(Starlette):
    """Starlette with fewer layers around a stream: each costs memory, and time at each write.

    The two that turn exceptions into pages are left out unless they have something
    to do (handlers of the program's own, ``debug``), as the endpoint answers its own
    errors; and the router, where the endpoint stands at its usual path.
    """

    def __init__(self, endpoint: ASGIApp, **parts: Any) -> None:
        super().__init__(**parts)
        self._endpoint = endpoint

    def build_middleware_stack(self) -> ASGIApp:
        if self.debug or self.exception_handlers:
            self.exception_handlers.setdefault(HTTPException, _http_error)
            return super().build_middleware_stack()
        app: ASGIApp = self._find
        for middleware, arguments, options in reversed(self.user_middleware):
            app = middleware(app, *arguments, **options)
        return app

    def _find(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http" and scope["path"] == _PATH and not scope.get("root_path"):
            scope["router"] = self.router  # as for any other path
            return self._answer_errors(self._endpoint, scope, receive, send)
        return self._answer_errors(self.router, scope, receive, send)

    async def _answer_errors(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        try:
            await app(scope, receive, send)
        except HTTPException as error:  # no such path, or not by this method
            if scope["type"] != "http":
                raise
            await _http_error(None, error)(scope, receive, send)


def _http_error(_: object, error: Any) -> Any:
    return response_of(path_error(error.status_code, error.detail, error.headers))


def application(
    backend: Backend,
    lifespan: Callable[[Any], AbstractAsyncContextManager[None]],
    cors_origins: Sequence[str],
    allowed_hosts: Sequence[str],
    page: Page | None,
) -> Starlette:
    """Return the application: the endpoint where it is served alone, and where it is mounted."""
    endpoint = Endpoint(backend)
    chatkit = Raw(endpoint.chatkit)
    routes = [Route("/", page_handler(page))] if page else []
    routes += [Route(path, chatkit) for path in (_PATH, f"{_PATH}/", "/")]
    for prefix in ("", _PATH):
        routes.append(Route(f"{prefix}/ui/{{name:path}}", endpoint.file))
        routes.append(Route(f"{prefix}/health", endpoint.health))
        routes.append(Route(f"{prefix}/health/ready", endpoint.ready))
    return _Application(
        chatkit,
        routes=routes,
        lifespan=lifespan,
        middleware=_middleware(cors_origins, allowed_hosts),
    )


def _middleware(cors_origins: Sequence[str], allowed_hosts: Sequence[str]) -> list[Middleware]:
    middleware = []
    if "*" not in allowed_hosts:
        middleware.append(Middleware(TrustedHostMiddleware, allowed_hosts=list(allowed_hosts)))
    if cors_origins:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(cors_origins),
                allow_methods=["POST", "GET", "OPTIONS"],
                allow_headers=list(headers.ALLOWED),
                allow_credentials="*" not in cors_origins,
                max_age=600,
            )
        )
    return middleware
