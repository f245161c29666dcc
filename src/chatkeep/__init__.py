"""Chatkeep: everything between OpenAI's ChatKit and your own code."""

from .app import Chatkeep
from .context import Context, Owner
from .errors import AuthenticationRequired, ChatkeepError, NotFound, PermissionDenied, TurnError
from .handlers import Feedback, WidgetAction
from .responders.base import Message, Responder
from .settings import Settings
from .turn import Turn, UserMessage
from .version import __version__

__all__ = [
    "AuthenticationRequired",
    "Chatkeep",
    "ChatkeepError",
    "Context",
    "Feedback",
    "Message",
    "NotFound",
    "Owner",
    "PermissionDenied",
    "Responder",
    "Settings",
    "Turn",
    "TurnError",
    "UserMessage",
    "WidgetAction",
    "__version__",
]
