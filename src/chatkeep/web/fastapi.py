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
    routes.add_api_route("/ui/{name:path}", ui.file, include_in_schema=False)
    routes.add_api_route("/health", endpoint.live, include_in_schema=False)
    routes.add_api_route("/health/ready", endpoint.ready, include_in_schema=False)
    return routes
