"""Chatkeep: the parts, and how they are put together."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from .context import Context
from .engine.dispatch import Client, Dispatcher, Reply
from .engine.in_flight import InFlight
from .engine.observing import observed
from .engine.once import ClientGone
from .engine.timeouts import Deadline
from .engine.turns import Turns
from .engine.worker import Worker
from .errors import ClientError, ServiceUnavailable, TurnError
from .handlers import FeedbackHandler, Handlers, SyncActionHandler, Transcriber
from .hooks import Guard, Observer, checked
from .live.base import LiveLog
from .live.memory import MemoryLiveLog
from .live.store import StoreLiveLog
from .protocol.headers import CONTEXT
from .protocol.requests import parse_request
from .responders.base import Responder, as_responder, close_responder
from .settings import Settings
from .stores import Store, open_store
from .turn import Turn

if TYPE_CHECKING:
    from fastapi import APIRouter
    from starlette.applications import Starlette

    from .web.wsgi import Application

logger = logging.getLogger("chatkeep.app")

F = TypeVar("F", bound=Callable[..., Any] | Responder)


class Chatkeep:
    """A ChatKit server: threads that are kept, answers that stream.

    Args:
        database: Where everything is kept: ``sqlite:///file.db``,
            ``postgresql://...`` or ``memory:``. Nothing is opened yet.
        responder: What answers; or register it with `responder`.
        store: A store of your own, in place of ``database``.
        live: A live log of your own; by default one in memory, which also
            follows the answers of other workers where the store is shared.
        authenticate: Takes the HTTP request, as the framework has it in which
            this is mounted, and returns the `Context`, or raises
            `AuthenticationRequired` or `PermissionDenied`. Without it every
            request is the one local user's.
        titles: Whether new threads are named after their first message; or a
            function that takes the turn and returns a title, which runs beside
            the answer. A person's own title stays.
        context_headers: Request headers that responders may see.
        guards: Called with each request and its context before anything is
            done; each may refuse it (`hooks.Guard`).
        observer: Is told of what happens (`hooks.Observer`).
        settings: Bounds and deadlines.

    Functions that are plugged in may be coroutine functions, which are awaited on
    the event loop, or plain ones, which run in threads, so that they may block.
    """

    def __init__(
        self,
        database: str = "sqlite:///chatkeep.db",
        *,
        responder: Any = None,
        store: Store | None = None,
        live: LiveLog | None = None,
        authenticate: Callable[[Any], Any] | None = None,
        titles: bool | Callable[[Turn], Any] = True,
        context_headers: Sequence[str] = CONTEXT,
        guards: Sequence[Guard] = (),
        observer: Observer | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.observer = checked(observer)
        self.store = observed(store or open_store(database), self.observer)
        self.authenticate = authenticate
        self.context_headers = tuple(name.lower() for name in context_headers)
        live = live or self._live_log()
        namer = None if isinstance(titles, bool) else titles
        self.live = live
        self._worker = Worker(self.store, live, self.settings, self.observer)
        self._turns = Turns(self.store, self._worker, namer)
        self._handlers = Handlers()
        self._responders: list[object] = []
        self._dispatcher = Dispatcher(
            self.store,
            self._turns,
            self._handlers,
            self.settings,
            guards=tuple(guards),
            default_titles=bool(titles),
        )
        self._in_flight = InFlight()
        self._opened = False
        self._closed = False
        self._changing: tuple[asyncio.AbstractEventLoop, asyncio.Lock] | None = None
        if responder is not None:
            self.responder(responder)

    def _live_log(self) -> LiveLog:
        local = MemoryLiveLog(self.settings.replay_seconds, self.settings.replay_bytes)
        return StoreLiveLog(self.store, local) if self.store.shared else local

    # What a program plugs in

    def responder(self, responder: F) -> F:
        """Register what answers; usable as a decorator. `responders.base` says what may be."""
        self._handlers.responder = as_responder(responder)
        self._responders.append(responder)
        return responder

    def action(self, handler: F) -> F:
        """Register what answers widget actions, as a responder: ``turn.action`` says which."""
        self._handlers.action = as_responder(handler)
        self._responders.append(handler)
        return handler

    def sync_action(self, handler: SyncActionHandler) -> SyncActionHandler:
        """Register what answers actions at once: takes a `WidgetAction`, may return an item."""
        self._handlers.sync_action = handler
        return handler

    def on_feedback(self, handler: FeedbackHandler) -> FeedbackHandler:
        """Register a function to be told of feedback, which is kept in any case."""
        self._handlers.feedback.append(handler)
        return handler

    def transcribe(self, transcriber: Transcriber) -> Transcriber:
        """Register what turns speech to text: takes the audio and the context, returns text."""
        self._handlers.transcribe = transcriber
        return transcriber

    # Running

    async def open(self) -> None:
        """Connect the store, and recover what a crash has left. Idempotent.

        The first request does it, if no one has. A server that was closed can
        be opened again; one that is closing is opened when that is done.

        Raises:
            ConfigurationError: The database's schema is not what is expected.
        """
        async with self._lock():
            if not self._opened:
                await self.store.open()
                await self.live.open()
                await self._turns.open()
                self._opened = True
            self._closed = False

    async def close(self) -> None:
        """Let what is under way finish, or keep what there is; then give everything back.

        From the beginning of this on, requests are refused. Idempotent.

        Raises:
            Exception: A responder could not be closed; all else was.
        """
        self._closed = True
        async with self._lock(), AsyncExitStack() as stack:
            self._closed = True  # whatever opened it meanwhile
            self._opened = False
            stack.push_async_callback(self.store.close)
            stack.push_async_callback(self.live.close)
            for responder in {id(each): each for each in self._responders}.values():
                stack.push_async_callback(close_responder, responder)
            await asyncio.gather(self._turns.close(), self._finish_requests())

    async def _finish_requests(self) -> None:
        """Let requests end that were let in, and handlers that nobody waits for any more."""
        grace = self.settings.shutdown_grace
        await asyncio.gather(self._in_flight.emptied(grace), self._dispatcher.close(grace))

    def _lock(self) -> asyncio.Lock:
        """What keeps opening and closing apart, in the event loop that runs."""
        loop = asyncio.get_running_loop()
        if self._changing is None or self._changing[0] is not loop:
            self._changing = loop, asyncio.Lock()
        return self._changing[1]

    @asynccontextmanager
    async def lifespan(self, _app: object = None) -> AsyncGenerator[None]:
        """Open for as long as an application runs."""
        await self.open()
        try:
            yield
        finally:
            await self.close()

    async def process(
        self,
        body: bytes | str,
        context: Context | None = None,
        *,
        resumable: bool = False,
        last_event_id: str | None = None,
    ) -> Reply:
        """Answer one ChatKit request, from its body.

        Args:
            body: The request's JSON.
            context: Who asks; by default the local user.
            resumable: Whether the client may come back to its stream, which then
                carries ids and heartbeats.
            last_event_id: The last event that a client which follows a turn knows.

        Raises:
            ClientError: The request can't be answered; nothing was changed.
                `ServiceUnavailable`, if the server is closing.
            TurnError: It can't be answered now, and is no stream that could say so.
        """
        request = parse_request(body)
        client = Client(resumable=resumable, last_event_id=last_event_id)
        return await self.answer(request, body, context or Context(), client)

    async def answer(
        self, request: Any, body: bytes | str, context: Context, client: Client
    ) -> Reply:
        """Do as `process` does, from a parsed request: what a front door calls.

        Args:
            request: What `protocol.requests.parse_request` made of a body.
            body: That body.
            context: Who asks.
            client: What is known of the other end.
        """
        self._in_flight.enter()
        try:
            await self._ensure_open()
            return await self._dispatcher.answer(request, body, context, client)
        except (ClientError, TurnError, ClientGone):
            raise
        except Exception as error:
            if not self._closed:
                raise
            logger.warning("a request outlasted the server: %r", error)
            raise ServiceUnavailable from error
        finally:
            self._in_flight.leave()

    def deadline(self) -> Deadline:
        """Return what bounds a block that a request waits for: ``with`` it."""
        return self._dispatcher.deadline()

    async def ping(self) -> None:
        """Return if requests can be answered now; raise whatever prevents it."""
        await self._ensure_open()
        await self.store.ping()

    async def _ensure_open(self) -> None:
        if self._closed:
            raise ServiceUnavailable
        if not self._opened:
            await self.open()

    # Mounting

    def asgi(
        self,
        *,
        cors_origins: Sequence[str] = (),
        allowed_hosts: Sequence[str] = ("*",),
        page: bool = False,
        prompts: Sequence[str] = (),
        notice: str = "",
    ) -> "Starlette":
        """Return an ASGI application with the endpoint at ``/chatkit`` and at its root.

        The web element's files are below the endpoint: ``/chatkit/ui/chatkit.js``.

        Args:
            cors_origins: Origins whose pages may call it from a browser.
            allowed_hosts: ``Host`` headers that are answered.
            page: Whether the root shows a chat to those who open it in a browser.
            prompts: Questions that the page offers to begin with.
            notice: What the page says above them.
        """
        from .web.asgi import application
        from .web.ui import Page

        shown = Page(prompts, notice) if page else None
        return application(self, self.lifespan, cors_origins, allowed_hosts, shown)

    def router(self, prefix: str = "/chatkit") -> "APIRouter":
        """Return a FastAPI router with the endpoint at ``prefix``, the web element's files below.

        Raises:
            ConfigurationError: FastAPI is not installed.
        """
        from .web.fastapi import router

        return router(self, self.lifespan, prefix)

    def wsgi(self) -> "Application":
        """Return a WSGI application with the endpoint at ``/chatkit`` and at its root.

        Its event loop runs in a thread of its own, which begins with the first
        request: in the worker, after any fork.
        """
        from .web.wsgi import Application

        return Application(self)
