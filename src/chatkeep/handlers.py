"""What a program may plug in beside its responder."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .context import Context
from .protocol.types import Action, AudioInput, ThreadMetadata, WidgetItem
from .responders.base import StreamingResponder


@dataclass(frozen=True, slots=True)
class WidgetAction:
    """What a user did with a widget.

    Attributes:
        thread: The thread; what is set on it is kept.
        action: Its ``type`` and ``payload``.
        sender: The widget, if the action came from one.
        context: Who did it.
    """

    thread: ThreadMetadata
    action: Action[str, Any]
    sender: WidgetItem | None
    context: Context


@dataclass(frozen=True, slots=True)
class Feedback:
    """A person's verdict on some items, which is kept already."""

    thread_id: str
    item_ids: list[str]
    kind: str
    context: Context


SyncActionHandler: TypeAlias = Callable[[WidgetAction], Any]
FeedbackHandler: TypeAlias = Callable[[Feedback], Any]
Transcriber: TypeAlias = Callable[[AudioInput, Context], Any]


@dataclass(slots=True)
class Handlers:
    """The functions that a program has registered."""

    responder: StreamingResponder | None = None
    action: StreamingResponder | None = None
    sync_action: SyncActionHandler | None = None
    feedback: list[FeedbackHandler] = field(default_factory=list)
    transcribe: Transcriber | None = None
