"""Where answers come from: a model, your documents, a choice of others; or your own code."""

from typing import TYPE_CHECKING

from ..exports import imported_when_used
from .base import Output, Responder, StreamingResponder, as_responder

if TYPE_CHECKING:
    from .completions import Completions, Timeouts
    from .retrieval import Retrieval, TextModel
    from .route import Route

__all__ = [
    "Completions",
    "Output",
    "Responder",
    "Retrieval",
    "Route",
    "StreamingResponder",
    "TextModel",
    "Timeouts",
    "as_responder",
]

__getattr__ = imported_when_used(
    __name__,
    {
        "Completions": "completions",
        "Retrieval": "retrieval",
        "Route": "route",
        "TextModel": "retrieval",
        "Timeouts": "completions",
    },
)
