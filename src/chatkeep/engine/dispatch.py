"""One parsed request to the one handler that answers it."""

import hashlib
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..context import Context
from ..errors import ConfigurationError, NotEnabled, TurnError, UnknownRequestType
from ..handlers import Handlers, run_sync_action, tell_feedback, transcribe
from ..live.frames import Frames
from ..protocol.requests import (
    StreamingRequest,
    ThreadsFollowReq,
    ThreadsStopReq,
    is_streaming,
    parse_request,
)
from ..protocol.sse import frame, parse_event_id
from ..protocol.types import (
    AttachmentsCreateReq,
    AttachmentsDeleteReq,
    InputTranscribeReq,
    ItemsFeedbackReq,
    ItemsListReq,
    ThreadsDeleteReq,
    ThreadsGetByIdReq,
    ThreadsListReq,
    ThreadsSyncCustomActionReq,
    ThreadsUpdateReq,
)
from ..responders.base import StreamingResponder
from ..settings import Settings
from ..stores.base import Store
from . import threads
from .failures import error_event
from .openings import Openings
from .patience import patience
from .streams import EventStream
from .turns import Turns, TurnStart

_STEPS = 3
"""Before a turn begins an earlier one may have to be ended, which may take twice as
long as the store may take to keep it; and then the new one has to be kept."""


@dataclass(frozen=True, slots=True)
class JSONReply:
    """An answer that is complete."""

    json: bytes


@dataclass(frozen=True, slots=True)
class StreamReply:
    """An answer that comes as events."""

    stream: EventStream


@dataclass(frozen=True, slots=True)
class NoReply:
    """An answer without content: there is nothing to follow."""


Reply: TypeAlias = JSONReply | StreamReply | NoReply


class Dispatcher:
    """Answers requests with the parts that it is given."""

    def __init__(
        self,
        store: Store,
        turns: Turns,
        handlers: Handlers,
        settings: Settings,
        *,
        default_titles: bool = True,
    ) -> None:
        self._store = store
        self._turns = turns
        self._handlers = handlers
        self._settings = settings
        self._default_titles = default_titles

    async def answer(
        self,
        body: bytes | str,
        context: Context,
        *,
        live: bool,
        last_event_id: str | None = None,
    ) -> Reply:
        """Answer one request.

        Args:
            live: Whether the client asked for ids and heartbeats, and may come back.
            last_event_id: The last event that a client which follows a turn knows.

        Raises:
            ClientError: The request is wrong, or what it names is not there.
        """
        request = parse_request(body)
        context = context.with_metadata(request.metadata)
        if is_streaming(request):
            return StreamReply(await self._stream(request, request_key(body), context, live))
        if isinstance(request, ThreadsFollowReq):
            return await self._follow(request, context, last_event_id)
        return JSONReply(await self._json(request, context))

    def _openings(self, context: Context) -> Openings:
        return Openings(
            self._store, context.owner, self._settings, default_titles=self._default_titles
        )

    async def _stream(
        self, request: StreamingRequest, key: str, context: Context, live: bool
    ) -> EventStream:
        heartbeat = self._settings.heartbeat_interval if live else None
        try:
            openings = self._openings(context)
            async with patience(_STEPS * self._settings.keep_timeout):
                opening = await openings.open(request)
                responder = self._responder(opening.kind)
                begun = await self._turns.begin(openings, opening, context, responder, key)
        except TurnError as error:
            return EventStream(Frames([frame(error_event(error))]), heartbeat=heartbeat)
        return self._stream_of(begun, live)

    def _stream_of(self, start: TurnStart, live: bool, *, primed: bool = False) -> EventStream:
        return EventStream(
            start.reader,
            turn_id=start.record.id,
            runner=start.runner,
            patience=self._settings.keep_timeout,
            heartbeat=self._settings.heartbeat_interval if live else None,
            spacing=self._turns.spacing,
            on_leave=lambda cut_off: self._turns.leave(start, may_return=live or cut_off),
            primed=primed,
        )

    async def _follow(self, request: ThreadsFollowReq, context: Context, last: str | None) -> Reply:
        after = None if last is None else parse_event_id(last)
        start = await self._turns.follow(context.owner, request.params.thread_id, after)
        if start is None:
            return NoReply()
        return StreamReply(self._stream_of(start, True, primed=True))

    def _responder(self, kind: str) -> StreamingResponder:
        handlers = self._handlers
        if kind == "action":
            if handlers.action is None:
                raise NotEnabled("No handler for actions is registered (@chat.action).")
            return handlers.action
        if handlers.responder is None:
            raise ConfigurationError("No responder is registered (@chat.responder).")
        return handlers.responder

    async def _json(self, request: Any, context: Context) -> bytes:
        store, owner = self._store, context.owner
        match request:
            case ThreadsGetByIdReq():
                return await threads.get_thread(store, owner, request)
            case ThreadsListReq():
                return await threads.list_threads(store, owner, request)
            case ItemsListReq():
                return await threads.list_items(store, owner, request)
            case ThreadsUpdateReq():
                return await threads.rename_thread(store, owner, request, self._settings)
            case ThreadsDeleteReq(params=params):
                await self._turns.stop(owner, params.thread_id)
                return await threads.delete_thread(store, owner, request)
            case ThreadsStopReq(params=params):
                await self._turns.stop(owner, params.thread_id)
                return threads.EMPTY
            case ItemsFeedbackReq():
                reply = await threads.save_feedback(store, owner, request)
                await tell_feedback(self._handlers, request, context)
                return reply
            case ThreadsSyncCustomActionReq():
                openings = self._openings(context)
                return await run_sync_action(self._handlers, store, openings, request, context)
            case InputTranscribeReq():
                return await transcribe(self._handlers, request, context)
            case AttachmentsCreateReq():
                raise NotEnabled(
                    "Attachments are not enabled: this server has no place for files. To take"
                    " them, give chatkeep.compat.ChatKitServer an AttachmentStore."
                )
            case AttachmentsDeleteReq(params=params):
                await store.delete_attachment(owner, params.attachment_id)
                return threads.EMPTY
        raise UnknownRequestType


def request_key(body: bytes | str) -> str:
    """What tells a request that comes again from a new one."""
    data = body.encode(errors="surrogatepass") if isinstance(body, str) else body
    return hashlib.blake2b(data, digest_size=16).hexdigest()
