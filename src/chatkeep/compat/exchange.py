"""One request to a `ChatKitServer`, and its answer."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from chatkit import server as sdk
from chatkit.server import NonStreamingResult

from ..context import Context
from ..engine.dispatch import Client, Dispatcher, JSONReply, request_key
from ..engine.failures import error_event
from ..engine.openings import STREAM_OPTIONS, Opening, Openings
from ..engine.streams import EventStream
from ..engine.threads import EMPTY, save_feedback
from ..engine.turns import Turns, TurnStart
from ..errors import ClientError, HandlerFailed, TurnError, UnknownRequestType
from ..protocol.requests import StreamingRequest, ThreadsFollowReq, is_streaming, parse_request
from ..protocol.sse import frame
from ..protocol.types import (
    AttachmentsCreateReq,
    AttachmentsDeleteReq,
    ItemsFeedbackReq,
    ThreadsDeleteReq,
)
from ..protocol.wire import event_json, model_json
from ..stores.base import ThreadRecord
from .answer import Answer
from .attachments import Attachments
from .cancellation import Cancellation
from .engine import Engine
from .errors import RequestRefused
from .hooks import ServerHooks
from .records import raised_by_store
from .store import StoreAdapter

_metadata: ContextVar[Mapping[str, Any]] = ContextVar(
    "chatkeep_request_metadata", default=MappingProxyType({})
)


def request_metadata() -> Mapping[str, Any]:
    """Return the ``metadata`` of the request that is being answered.

    For hooks and stores; the SDK reads it and drops it.
    """
    return _metadata.get()


class StreamingResult(sdk.StreamingResult):
    """A stream of events, one frame at a time."""

    def __aiter__(self) -> AsyncGenerator[bytes]:  # a layer less than the SDK's
        return self.json_events


class Exchange:
    """Answers one request, in one context of the program's.

    What a program's class decides is asked of it. All else is the engine's, on a
    store that is the program's own, made for this request and its context.

    Args:
        server: The program's server.
        engine: What the server keeps from one request to the next.
        context: The request's context, for the server and its stores.
    """

    def __init__(self, server: sdk.ChatKitServer[Any], engine: Engine, context: Any) -> None:
        here, settings = engine.here, engine.settings
        self._server = server
        self._settings = settings
        self._context = context
        self._cancellation = Cancellation(server, context)
        self._store = StoreAdapter(
            server.store, context, here.locks, engine.leases, self._cancellation
        )
        self._turns = Turns(self._store, here.worker)
        self._hooks = ServerHooks(server, self._store, context)
        self._dispatcher = Dispatcher(self._store, self._turns, self._hooks.handlers, settings)
        self._attachments = Attachments(server, self._store, context)

    async def process(self, body: bytes | str) -> sdk.StreamingResult | NonStreamingResult:
        """Answer the request.

        Raises:
            RequestRefused: It can't be answered. What is not there is told in the
                words of the program's own store.
        """
        try:
            request = parse_request(body)
            _metadata.set(request.metadata)
            context = Context(request_metadata=request.metadata)
            if is_streaming(request):
                return StreamingResult(await self._events(request, request_key(body), context))
            return NonStreamingResult(await self._json(request, body, context))
        except ClientError as error:
            raise _raised(error) from error

    # Without a stream

    async def _json(self, request: Any, body: bytes | str, context: Context) -> bytes:
        match request:
            case AttachmentsCreateReq(params=params):
                return await self._attachments.create(params)
            case AttachmentsDeleteReq(params=params):
                await self._attachments.delete(context.owner, params.attachment_id)
                return EMPTY
            case ThreadsDeleteReq(params=params):
                await self._turns.stop(context.owner, params.thread_id)
                await self._attachments.delete_with_thread(context.owner, params.thread_id)
                return EMPTY
            case ItemsFeedbackReq(params=params):
                # The server's hook is all that keeps it, so a failure of it is no note for the log.
                checked = await save_feedback(self._store, context.owner, request)
                await self._hooks.add_feedback(params.thread_id, params.item_ids, params.kind)
                return checked
            case ThreadsFollowReq():
                raise UnknownRequestType  # whoever follows needs ids of events, which the SDK lacks
        try:
            reply = await self._dispatcher.answer(request, body, context, Client())
        except HandlerFailed as failed:  # whoever mounts the server answers its exceptions
            raise failed.__cause__ or failed from None
        assert isinstance(reply, JSONReply)  # noqa: S101 - the requests that stream are dealt with
        return reply.json

    # With a stream

    async def _events(
        self, request: StreamingRequest, key: str, context: Context
    ) -> AsyncGenerator[bytes]:
        """Check all that can be wrong now; begin when the stream is first read, as the SDK does."""
        openings = Openings(self._store, context.owner, self._settings, default_titles=False)
        try:
            opening = await openings.open(request)
        except TurnError as error:
            return _shown(error)
        if opening.refusal is not None:
            since = datetime.now(UTC) - timedelta(seconds=self._settings.repeat_window)
            if not self._store.may_be_repeated(opening.thread.id, key, since):
                raise opening.refusal
        return self._frames(openings, self._with_options(opening), context, key)

    def _with_options(self, opening: Opening) -> Opening:
        """Let the server say what the client may do with the stream."""
        prelude = [
            self._stream_options(opening.thread) if event is STREAM_OPTIONS else event
            for event in opening.prelude
        ]
        return replace(opening, prelude=prelude)

    def _stream_options(self, thread: ThreadRecord) -> bytes:
        options = self._server.get_stream_options(self._store.thread(thread), self._context)
        return event_json("stream_options", stream_options=model_json(options))

    async def _frames(
        self, openings: Openings, opening: Opening, context: Context, key: str
    ) -> AsyncGenerator[bytes]:
        _metadata.set(context.request_metadata)
        try:
            start = await self._turns.begin(openings, opening, context, self._answer(opening), key)
        except TurnError as error:
            yield frame(error_event(error))
            return
        except ClientError as error:
            raise _raised(error) from error
        stream = self._stream(start)
        try:
            while frames := await stream.frames():
                for each in frames:  # clients of the SDK get one event at a time
                    yield each
        finally:
            stream.leave()
            if start.runner is not None and start.runner.stopping:
                await start.runner.join()  # what the client has seen is kept before it is gone
        if self._cancellation.by_itself:
            raise asyncio.CancelledError

    def _answer(self, opening: Opening) -> Answer:
        # Of several tool calls, the output is that of the first; the engine closes the others.
        closed = [record.id for record in opening.items[1:] if record.type == "client_tool_call"]
        return Answer(self._server, self._store, self._context, self._cancellation, closed)

    def _stream(self, start: TurnStart) -> EventStream:
        return EventStream(
            start.reader,
            runner=start.runner,
            on_leave=lambda broken: self._turns.leave(start, may_return=broken),
        )


async def _shown(error: TurnError) -> AsyncGenerator[bytes]:
    yield frame(error_event(error))


def _raised(error: ClientError) -> BaseException:
    return raised_by_store(error) or RequestRefused(error)
