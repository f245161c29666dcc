"""One request to a `ChatKitServer`, and its answer."""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from chatkit.server import NonStreamingResult
from chatkit.server import StreamingResult as ChatKitStreamingResult

from ..context import Context
from ..engine.dispatch import Dispatcher, request_key
from ..engine.failures import error_event
from ..engine.openings import Opening
from ..engine.threads import EMPTY
from ..engine.turns import Turns, TurnStart
from ..errors import ClientError, HandlerFailed, InvalidRequest, TurnError
from ..handlers import Feedback, Handlers, WidgetAction
from ..protocol.requests import StreamingRequest, is_streaming, parse_request
from ..protocol.sse import frame
from ..protocol.types import (
    AttachmentCreateParams,
    AttachmentsCreateReq,
    AttachmentsDeleteReq,
    AudioInput,
    SyncCustomActionResponse,
    ThreadsDeleteReq,
    TranscriptionResult,
)
from ..protocol.wire import public_attachment
from ..stores.base import FeedbackKind
from .answer import Answer
from .errors import RequestRefused
from .openings import ServerOpenings
from .store import StoreAdapter

if TYPE_CHECKING:
    from .engine import Engine
    from .server import ChatKitServer

logger = logging.getLogger("chatkeep.compat")

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+*-]+(;.*)?", re.ASCII)

_metadata: ContextVar[Mapping[str, Any]] = ContextVar(
    "chatkeep_request_metadata", default=MappingProxyType({})
)


def request_metadata() -> Mapping[str, Any]:
    """Return the ``metadata`` of the request that is being answered.

    For hooks and stores; the SDK reads it and drops it.
    """
    return _metadata.get()


class StreamingResult(ChatKitStreamingResult):
    """A stream of events, one frame at a time."""

    def __aiter__(self) -> AsyncGenerator[bytes]:  # a layer less than the SDK's
        return self.json_events


class Exchange(Dispatcher):
    """Answers one request for one context of the user's."""

    def __init__(self, server: "ChatKitServer[Any]", engine: "Engine", context: Any) -> None:
        here = engine.here
        self._adapter = StoreAdapter(server, server.store, context, engine.leases, here.locks)
        handlers = Handlers(
            sync_action=self._sync_action, feedback=[self._feedback], transcribe=self._transcribe
        )
        super().__init__(
            self._adapter, Turns(self._adapter, here.worker), handlers, engine.settings
        )
        self._server = server
        self._engine = engine
        self._context = context

    async def process(self, body: bytes | str) -> ChatKitStreamingResult | NonStreamingResult:
        """Answer the request.

        Raises:
            RequestRefused: It can't be answered.
        """
        try:
            request = parse_request(body)
            _metadata.set(request.metadata)
            context = Context(request_metadata=request.metadata)
            if is_streaming(request):
                return StreamingResult(await self._events(request, request_key(body), context))
            return NonStreamingResult(await self._json(request, context))
        except ClientError as error:
            raise RequestRefused(error) from error

    # Streams

    def _openings(self, context: Context) -> ServerOpenings:
        return ServerOpenings(
            self._server, self._adapter, context.owner, self._settings, self._context
        )

    async def _events(
        self, request: StreamingRequest, key: str, context: Context
    ) -> AsyncGenerator[bytes]:
        """Check all that can be wrong now; begin when the stream is first read, as the SDK does."""
        openings = self._openings(context)
        try:
            opening = await openings.open(request)
        except TurnError as error:
            return _shown(error)
        if opening.refusal is not None and not self._may_repeat(opening, key):
            raise opening.refusal
        return self._frames(openings, opening, context, key)

    def _may_repeat(self, opening: Opening, key: str) -> bool:
        leases, thread_id = self._engine.leases, opening.thread.id
        holder = leases.holder(thread_id)
        since = datetime.now(UTC) - timedelta(seconds=self._settings.repeat_window)
        return (holder is not None and holder.request_key == key) or (
            leases.lost(thread_id, key, self._context, since) is not None
        )

    async def _frames(
        self, openings: ServerOpenings, opening: Opening, context: Context, key: str
    ) -> AsyncGenerator[bytes]:
        _metadata.set(context.request_metadata)
        answer = Answer(self._server, self._adapter, self._context)
        try:
            begun = await self._turns.begin(openings, opening, context, answer, key)
        except TurnError as error:
            yield frame(error_event(error))
            return
        except ClientError as error:
            raise RequestRefused(error) from error
        reader, ended = begun.reader, False
        try:
            while frames := await reader.read():
                for piece in frames:  # not in a generator of its own: this is the hot path
                    yield piece
            ended = True
        finally:
            if not ended:
                await self._left(begun)
        if self._adapter.cancelled_itself:
            raise asyncio.CancelledError

    async def _left(self, begun: TurnStart) -> None:
        """Take note that the client left; wait until what it had seen is kept.

        Whoever cancels this, too: the turn ends in a task of its own.
        """
        begun.reader.close()
        self._turns.leave(begun, may_return=False)
        if begun.runner is not None and begun.runner.stopping:
            await begun.runner.join()

    # What a server may override

    async def _sync_action(self, action: WidgetAction) -> SyncCustomActionResponse:
        action.thread.created_at = self._adapter.time(action.thread)
        sender = action.sender and self._adapter.as_given(action.sender)
        response = await self._server.sync_action(
            action.thread, action.action, sender, self._context
        )
        if response.updated_item is not None:
            self._adapter.note_time(response.updated_item)
        return response

    async def _feedback(self, feedback: Feedback) -> None:
        await self._server.add_feedback(
            feedback.thread_id,
            feedback.item_ids,
            cast("FeedbackKind", feedback.kind),
            self._context,
        )

    async def _transcribe(self, audio: AudioInput, _: Context) -> TranscriptionResult:
        return await self._server.transcribe(audio, self._context)

    # Attachments

    async def _json(self, request: Any, context: Context) -> bytes:
        match request:
            case AttachmentsCreateReq(params=params):
                return await self._create_attachment(params)
            case AttachmentsDeleteReq(params=params):
                return await self._delete_attachment(params.attachment_id, context)
            case ThreadsDeleteReq(params=params):
                return await self._delete_thread(params.thread_id, context)
        try:
            return await super()._json(request, context)
        except HandlerFailed as failed:  # whoever mounts the server answers its exceptions
            raise failed.__cause__ or failed from None

    async def _create_attachment(self, params: AttachmentCreateParams) -> bytes:
        files = self._server._get_attachment_store()
        typed = _MEDIA_TYPE.fullmatch(params.mime_type)
        if not (typed and params.name.strip() and params.size >= 0):
            raise InvalidRequest("params: a name, a size in bytes, and a type such as image/png.")
        attachment = await files.create_attachment(params, self._context)
        await self._server.store.save_attachment(attachment, context=self._context)
        return public_attachment(attachment)

    async def _delete_attachment(self, attachment_id: str, context: Context) -> bytes:
        """Delete the metadata first: the store knows whose it is, and bytes can't come back."""
        files = self._server._get_attachment_store()
        await self._adapter.delete_attachment(context.owner, attachment_id)
        await files.delete_attachment(attachment_id, context=self._context)
        return EMPTY

    async def _delete_thread(self, thread_id: str, context: Context) -> bytes:
        await self._turns.stop(context.owner, thread_id)
        attachments = await self._adapter.delete_thread(context.owner, thread_id)
        if self._server.attachment_store is not None:
            for attachment_id in attachments:
                await self._delete_file(attachment_id)
        return EMPTY

    async def _delete_file(self, attachment_id: str) -> None:
        assert self._server.attachment_store is not None  # noqa: S101 - as checked
        try:
            await self._server.attachment_store.delete_attachment(
                attachment_id, context=self._context
            )
        except Exception:
            logger.exception("the file of attachment %s is left over", attachment_id)


async def _shown(error: TurnError) -> AsyncGenerator[bytes]:
    yield frame(error_event(error))
