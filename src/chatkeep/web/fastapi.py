"""Chatkeep as a FastAPI router."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ..errors import ConfigurationError
from .endpoint import Endpoint
from .exchange import Backend

try:
    from fastapi import APIRouter
except ModuleNotFoundError as error:
    raise ConfigurationError("FastAPI is missing: pip install 'chatkeep[fastapi]'") from error

_ALL_METHODS = ["POST", "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]
"""All those that clients try: the endpoint itself says what is wrong with them."""


def router(
    backend: Backend, lifespan: Callable[[Any], AbstractAsyncContextManager[None]], prefix: str
) -> APIRouter:
    """Return a router whose lifespan opens and closes the server with the application.

    All its routes are FastAPI's own, so that the dependencies of the router, of
    whatever includes it, and of the application guard each of them.
    """
    endpoint = Endpoint(backend)

    async def chatkit(request: Request) -> Response:
        return await endpoint.chatkit(request)

    routes = APIRouter(prefix=prefix, lifespan=lifespan)
    for path in ("", "/") if prefix else ("/",):
        routes.add_api_route(path, chatkit, methods=_ALL_METHODS, include_in_schema=False)
    for path, handler in (
        ("/ui/{name:path}", endpoint.file),
        ("/health", endpoint.health),
        ("/health/ready", endpoint.ready),
    ):
        routes.add_api_route(path, handler, methods=["GET", "HEAD"], include_in_schema=False)
    return routes
