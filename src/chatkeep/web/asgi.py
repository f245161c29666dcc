"""Chatkeep as an ASGI application."""

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from .endpoint import REQUEST_HEADERS, Endpoint
from .responses import http_error
from .ui import UI, Page

if TYPE_CHECKING:
    from ..app import Chatkeep

_PATH = "/chatkit"


class _Application(Starlette):
    """Starlette with fewer layers around a stream: each costs memory, and time at each write.

    The two that turn exceptions into pages are left out, as the endpoint answers its
    own errors; and the router, where the endpoint stands at its usual path.
    """

    def __init__(self, endpoint: ASGIApp, **parts: Any) -> None:
        super().__init__(**parts)
        self._endpoint = endpoint

    def build_middleware_stack(self) -> ASGIApp:
        app: ASGIApp = self._find
        for middleware, arguments, options in reversed(self.user_middleware):
            app = middleware(app, *arguments, **options)
        return app

    def _find(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http" and scope["path"] == _PATH and not scope.get("root_path"):
            scope["router"] = self.router  # as for any other path
            return self._endpoint(scope, receive, send)
        return self._answer_errors(scope, receive, send)

    async def _answer_errors(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.router(scope, receive, send)
        except HTTPException as error:  # no such path, or not by this method
            if scope["type"] != "http":
                raise
            await http_error(error)(scope, receive, send)


def application(
    chat: "Chatkeep",
    cors_origins: Sequence[str],
    allowed_hosts: Sequence[str],
    page: Page | None,
) -> Starlette:
    """Return the application: the endpoint where it is served alone, and where it is mounted."""
    endpoint, ui = Endpoint(chat), UI()
    routes = [Route("/", page.show)] if page else []
    routes += [Route(path, endpoint.chatkit) for path in (_PATH, f"{_PATH}/", "/")]
    for prefix in ("", _PATH):
        routes.append(Route(f"{prefix}/ui/{{name:path}}", ui.file))
        routes.append(Route(f"{prefix}/health", endpoint.live))
        routes.append(Route(f"{prefix}/health/ready", endpoint.ready))
    return _Application(
        endpoint.chatkit,
        routes=routes,
        lifespan=chat.lifespan,
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
                allow_headers=list(REQUEST_HEADERS),
                allow_credentials="*" not in cors_origins,
                max_age=600,
            )
        )
    return middleware
