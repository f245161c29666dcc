"""One parsed request to the one handler that answers it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from ..context import Context
from ..errors import (
    ConfigurationError,
    NotEnabled,
    TurnError,
    UnknownRequestType,
)
from ..handlers import Handlers
from ..hooks import Guard
from ..live.frames import Frames
from ..protocol.requests import (
    StreamingRequest,
    ThreadsFollowReq,
    ThreadsStopReq,
    is_streaming,
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
from .calls import call
from .failures import error_event
from .handling import run_sync_action, tell_feedback, transcribe
from .once import Gone, OnceRunner, never
from .openings import Openings
from .patience import patience
from .streams import EventStream
from .timeouts import Deadline, Deadlines
from .turns import Turns, TurnStart

_RUN_ONCE = (
    AttachmentsCreateReq,
    InputTranscribeReq,
    ItemsFeedbackReq,
    ThreadsSyncCustomActionReq,
)
"""What runs code of the program's own, which may do anything: charge money, send mail."""


@dataclass(slots=True)
class Client:
    """The other end of a request, as far as its answer depends on it.

    Attributes:
        resumable: Whether it asked for ids and comments, and may come back.
        last_event_id: The last event of a stream that it has seen, if it said.
        gone: Returns once it has left.
    """

    resumable: bool = False
    last_event_id: str | None = None
    gone: Gone = never


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
        guards: Sequence[Guard] = (),
        default_titles: bool = True,
    ) -> None:
        self._store = store
        self._turns = turns
        self._handlers = handlers
        self._settings = settings
        self._guards = guards
        self._default_titles = default_titles
        self._once = OnceRunner(settings.repeat_window)
        self._deadlines = Deadlines(settings.request_timeout)

    def deadline(self) -> Deadline:
        """Return what bounds a block that a request waits for: ``with`` it."""
        return self._deadlines.begin()

    async def answer(
        self, request: Any, body: bytes | str, context: Context, client: Client
    ) -> Reply:
        """Answer one parsed request.

        Args:
            body: What it was parsed from: the same, if it comes again.

        Raises:
            ClientError: The request is wrong, or what it names is not there.
            TurnError: It can't be answered now, and is no stream that could say so.
            ClientGone: The client has left.
        """
        context = context.with_request_metadata(request.metadata)
        if is_streaming(request):
            with self.deadline():
                return StreamReply(await self._stream(request, request_key(body), context, client))
        if isinstance(request, _RUN_ONCE):
            return JSONReply(await self._answer_once(request, request_key(body), context, client))
        with self.deadline():
            if self._guards:
                await self._guard(request, context)
            if isinstance(request, ThreadsFollowReq):
                return await self._follow(request, context, client)
            return JSONReply(await self._json(request, context))

    async def _answer_once(self, request: Any, key: str, context: Context, client: Client) -> bytes:
        with self.deadline():
            await self._guard(request, context)
        work = partial(self._json, request, context)
        patience = self._settings.request_timeout
        return await self._once.answer((context.owner, key), work, client.gone, patience)

    async def _guard(self, request: Any, context: Context) -> None:
        for guard in self._guards:
            await call(guard, request, context)

    async def close(self, grace: float) -> None:
        """Wait up to ``grace`` seconds for handlers whose clients have left."""
        await self._once.close(grace)

    def _openings(self, context: Context) -> Openings:
        return Openings(
            self._store, context.owner, self._settings, default_titles=self._default_titles
        )

    async def _stream(
        self, request: StreamingRequest, key: str, context: Context, client: Client
    ) -> EventStream:
        try:
            await self._guard(request, context)
            openings = self._openings(context)
            async with patience(_STEPS * self._settings.keep_timeout):
                opening = await openings.open(request)
                responder = self._responder(opening.kind)
                start = await self._turns.begin(openings, opening, context, responder, key)
        except TurnError as error:
            return EventStream(Frames([frame(error_event(error))]), resumable=client.resumable)
        return self._stream_of(start, resumable=client.resumable)

    async def _follow(self, request: ThreadsFollowReq, context: Context, client: Client) -> Reply:
        last = client.last_event_id
        after = None if last is None else parse_event_id(last)
        start = await self._turns.follow(context.owner, request.params.thread_id, after)
        if start is None:
            return NoReply()
        return StreamReply(self._stream_of(start, resumable=True, primed=True))

    def _stream_of(self, start: TurnStart, *, resumable: bool, primed: bool = False) -> EventStream:
        return EventStream(
            start.reader,
            turn_id=start.record.id,
            runner=start.runner,
            patience=self._settings.keep_timeout,
            resumable=resumable,
            heartbeat=self._settings.heartbeat_interval,
            spacing=self._turns.spacing,
            on_leave=lambda broken: self._turns.leave(start, may_return=resumable or broken),
            primed=primed,
        )

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
