"""Requests that a program's own handlers answer: actions, feedback, dictation."""

import asyncio
import base64
import binascii
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from ..context import Context
from ..errors import ClientError, HandlerFailed, InvalidRequest, NotEnabled, TurnError
from ..handlers import Feedback, Handlers, WidgetAction
from ..protocol.types import (
    AudioInput,
    InputTranscribeReq,
    ItemsFeedbackReq,
    SyncCustomActionResponse,
    ThreadItem,
    ThreadsSyncCustomActionReq,
    TranscriptionResult,
)
from ..protocol.wire import aware, item_record, model_json, public_item
from ..stores.base import Store
from .calls import call
from .once import mark_irrevocable
from .openings import Openings
from .thread_state import ThreadState
from .threads import writable

logger = logging.getLogger("chatkeep.handlers")

AUDIO_TYPES = frozenset({"audio/webm", "audio/mp4", "audio/ogg"})


@contextmanager
def handler_running() -> Iterator[None]:
    """Mark where a handler runs, and what follows it: from here on nothing is a 5xx.

    A client sends a request that got a 5xx again, and the handler would run again.

    Raises:
        HandlerFailed: In place of what was raised, which is its cause, unless that
            has words for the client.
    """
    mark_irrevocable()
    try:
        yield
    except TurnError:
        raise
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise HandlerFailed from error  # of something that the handler waited for
    except Exception as error:
        if isinstance(error, ClientError) and error.status < 500:
            raise
        raise HandlerFailed from error


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
        ThreadLocked, ThreadClosed: No one may write in the thread.
        HandlerFailed: The handler failed, or what it gave can't be kept.
    """
    if handlers.sync_action is None:
        raise NotEnabled("No handler for these actions is registered (@chat.sync_action).")
    params = request.params
    record = writable(await store.get_thread(context.owner, params.thread_id))
    sender = await openings.sender(record.id, params.item_id)
    state = ThreadState(record)
    action = WidgetAction(state.thread, params.action, sender, context)
    with handler_running():
        result = await call(handlers.sync_action, action)
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
    """Pass feedback, which is kept already, on to all who want to know.

    Raises:
        TurnError, ClientError: What a handler had to say to the client, once all
            have been told. A failure is for the log: the feedback is kept.
    """
    params = request.params
    refusal: TurnError | ClientError | None = None
    for handler in handlers.feedback:
        feedback = Feedback(params.thread_id, params.item_ids, params.kind, context)
        try:
            with handler_running():
                await call(handler, feedback)
        except HandlerFailed as failed:
            logger.exception("a feedback handler failed", exc_info=failed.__cause__)
        except (TurnError, ClientError) as error:
            refusal = refusal or error
    if refusal is not None:
        raise refusal


async def transcribe(handlers: Handlers, request: InputTranscribeReq, context: Context) -> bytes:
    """Return what was said in a recording.

    Raises:
        NotEnabled: No transcriber is registered.
        InvalidRequest: The audio is not base64, or of no type that browsers record.
        HandlerFailed: The transcriber failed.
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
    with handler_running():
        result = await call(handlers.transcribe, audio, context)
        if isinstance(result, str):
            result = TranscriptionResult(text=result)
        return model_json(result)
