"""Code written for ``chatkit.server`` on Chatkeep's engine: change the import, keep the rest.

    from chatkeep.compat import ChatKitServer

``docs/sdk-differences.md`` lists what is different, and why.
"""

from chatkit.server import (
    DEFAULT_PAGE_SIZE,
    NonStreamingResult,
    StreamingResult,
    agents_sdk_user_agent_override,
    diff_widget,
)
from chatkit.store import AttachmentStore, NotFoundError, Store, StoreItemType

from ..settings import Settings
from .errors import RequestRefused
from .exchange import request_metadata
from .ids import generate_id
from .server import DEFAULT_SETTINGS, ChatKitServer
from .unused import UnusedOverride
from .widgets import stream_widget

default_generate_id = generate_id

__all__ = [
    "DEFAULT_PAGE_SIZE",
    "DEFAULT_SETTINGS",
    "AttachmentStore",
    "ChatKitServer",
    "NonStreamingResult",
    "NotFoundError",
    "RequestRefused",
    "Settings",
    "Store",
    "StoreItemType",
    "StreamingResult",
    "UnusedOverride",
    "agents_sdk_user_agent_override",
    "default_generate_id",
    "diff_widget",
    "request_metadata",
    "stream_widget",
]
