"""What a program may plug in beside its responder, and how each piece is called."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .context import Context
from .engine.calls import call
from .engine.openings import Openings
from .engine.thread_state import ThreadState
from .errors import InvalidRequest, NotEnabled
from .protocol.types import (
    Action,
    AudioInput,
    InputTranscribeReq,
    ItemsFeedbackReq,
    SyncCustomActionResponse,
    ThreadItem,
    ThreadMetadata,
    ThreadsSyncCustomActionReq,
    TranscriptionResult,
    WidgetItem,
)
from .protocol.wire import aware, item_record, model_json, public_item
from .responders.base import StreamingResponder
from .stores.base import Store

AUDIO_TYPES = frozenset({"audio/webm", "audio/mp4", "audio/ogg"})


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


async def run_sync_action(
    handlers: Handlers,
    store: Store,
    openings: Openings,
    request: ThreadsSyncCustomActionReq,
    context: Context,
) -> bytes:
    """Run the handler of an action that answers with one item, and keep that item.

    Raises:
        NotEnabled: No handler is registered.
    """
    if handlers.sync_action is None:
        raise NotEnabled("No handler for these actions is registered (@chat.sync_action).")
    params = request.params
    record = await store.get_thread(context.owner, params.thread_id)
    sender = await openings.sender(record.id, params.item_id)
    state = ThreadState(record)
    result = await call(
        handlers.sync_action, WidgetAction(state.thread, params.action, sender, context)
    )
    if changes := state.take_changes():
        await store.update_thread(context.owner, record.id, changes)
    item = result.updated_item if isinstance(result, SyncCustomActionResponse) else result
    if item is None:
        return b"{}"
    return b'{"updated_item":' + await _keep(store, context, record.id, item) + b"}"


async def _keep(store: Store, context: Context, thread_id: str, item: ThreadItem) -> bytes:
    own = {"thread_id": thread_id, "created_at": aware(item.created_at)}
    record = item_record(item.model_copy(update=own))
    await store.save_items(context.owner, thread_id, [record])
    return public_item(record)


async def tell_feedback(handlers: Handlers, request: ItemsFeedbackReq, context: Context) -> None:
    """Pass feedback on to whoever wants to know."""
    params = request.params
    for handler in handlers.feedback:
        await call(handler, Feedback(params.thread_id, params.item_ids, params.kind, context))


async def transcribe(handlers: Handlers, request: InputTranscribeReq, context: Context) -> bytes:
    """Return what was said in a recording.

    Raises:
        NotEnabled: No transcriber is registered.
        InvalidRequest: The audio is not base64, or of no type that browsers record.
    """
    if handlers.transcribe is None:
        raise NotEnabled("Dictation is not enabled: no transcriber is registered.")
    try:
        data = base64.b64decode(request.params.audio_base64, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest("params.audio_base64: not valid base64.") from None
    audio = AudioInput(data=data, mime_type=request.params.mime_type)
    if audio.media_type not in AUDIO_TYPES:
        raise InvalidRequest(f"params.mime_type: one of {', '.join(sorted(AUDIO_TYPES))}.")
    result = await call(handlers.transcribe, audio, context)
    if isinstance(result, str):
        result = TranscriptionResult(text=result)
    return model_json(result)
