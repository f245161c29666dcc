"""Chatkeep: everything between OpenAI's ChatKit and your own code."""

from .app import Chatkeep
from .context import Context, Owner
from .errors import (
    AuthenticationRequired,
    ChatkeepError,
    ClientError,
    ConfigurationError,
    NotFound,
    PermissionDenied,
    TurnError,
)
from .handlers import Feedback, WidgetAction
from .messages import (
    FilePart,
    ImagePart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from .responders.base import Responder
from .settings import Settings
from .turn import Turn, UserMessage
from .version import __version__

__all__ = [
    "AuthenticationRequired",
    "Chatkeep",
    "ChatkeepError",
    "ClientError",
    "ConfigurationError",
    "Context",
    "Feedback",
    "FilePart",
    "ImagePart",
    "Message",
    "NotFound",
    "Owner",
    "Part",
    "PermissionDenied",
    "ReasoningPart",
    "Responder",
    "Settings",
    "TextPart",
    "ToolCallPart",
    "ToolResultPart",
    "Turn",
    "TurnError",
    "UserMessage",
    "WidgetAction",
    "__version__",
]
