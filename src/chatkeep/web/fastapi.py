"""Chatkeep as a FastAPI router."""

from typing import TYPE_CHECKING

from starlette.routing import Route

from ..errors import ConfigurationError
from .endpoint import Endpoint
from .ui import UI

try:
    from fastapi import APIRouter
except ModuleNotFoundError as error:
    raise ConfigurationError("FastAPI is missing: pip install 'chatkeep[fastapi]'") from error

if TYPE_CHECKING:
    from ..app import Chatkeep


def router(chat: "Chatkeep", prefix: str) -> APIRouter:
    """Return a router whose lifespan opens and closes ``chat`` with the application."""
    endpoint, ui = Endpoint(chat), UI()
    routes = APIRouter(prefix=prefix, lifespan=chat.lifespan)
    for path in ("", "/"):
        routes.routes.append(Route(prefix + path, endpoint.chatkit, include_in_schema=False))
    for path, handler in (
        ("/ui/{name:path}", ui.file),
        ("/health", endpoint.live),
        ("/health/ready", endpoint.ready),
    ):
        routes.add_api_route(path, handler, methods=["GET", "HEAD"], include_in_schema=False)
    return routes
