"""Chatkeep: the parts, and how they are put together."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from .context import Context
from .engine.dispatch import Dispatcher, Reply
from .engine.turns import Turns
from .engine.worker import Worker
from .errors import ServiceUnavailable
from .handlers import FeedbackHandler, Handlers, SyncActionHandler, Transcriber
from .live.base import LiveLog
from .live.memory import MemoryLiveLog
from .live.store import StoreLiveLog
from .responders.base import Responder, as_responder, close_responder
from .settings import Settings
from .stores import Store, open_store
from .turn import Turn

if TYPE_CHECKING:
    from fastapi import APIRouter
    from starlette.applications import Starlette
    from starlette.requests import Request

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
        authenticate: Takes the HTTP request and returns the `Context`, or
            raises `AuthenticationRequired` or `PermissionDenied`; sync or
            async. Without it every request is the one local user's.
        titles: Whether new threads are named after their first message; or a
            function that takes the turn and returns a title, sync or async,
            which runs beside the answer. A person's own title stays.
        context_headers: Request headers that responders may see.
        settings: Bounds and deadlines.
    """

    def __init__(
        self,
        database: str = "sqlite:///chatkeep.db",
        *,
        responder: Any = None,
        store: Store | None = None,
        live: LiveLog | None = None,
        authenticate: "Callable[[Request], Any] | None" = None,
        titles: bool | Callable[[Turn], Any] = True,
        context_headers: Sequence[str] = ("chatkit-session-id", "chatkit-user-id"),
        settings: Settings | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.store = store or open_store(database)
        self.authenticate = authenticate
        self.context_headers = tuple(name.lower() for name in context_headers)
        live = live or self._live_log()
        namer = None if isinstance(titles, bool) else titles
        self.live = live
        self._worker = Worker(live, self.settings)
        self._turns = Turns(self.store, self._worker, namer)
        self._handlers = Handlers()
        self._responders: list[object] = []
        self._dispatcher = Dispatcher(
            self.store, self._turns, self._handlers, self.settings, default_titles=bool(titles)
        )
        self._opened = False
        self._closed = False
        self._opening = asyncio.Lock()
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
        be opened again.

        Raises:
            ConfigurationError: The database's schema is not what is expected.
        """
        async with self._opening:
            if not self._opened:
                await self.store.open()
                await self.live.open()
                await self._turns.open()
                self._opened, self._closed = True, False

    async def close(self) -> None:
        """Let turns under way finish or keep what they have; then give everything back.

        From the beginning of this on, requests are refused. Idempotent.
        """
        self._closed = True
        await self._turns.close()
        async with self._opening:
            for responder in self._responders:
                await close_responder(responder)
            await self.live.close()
            await self.store.close()
            self._opened = False

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
        live: bool = False,
        last_event_id: str | None = None,
    ) -> Reply:
        """Answer one ChatKit request, from its body.

        Args:
            body: The request's JSON.
            context: Who asks; by default the local user.
            live: Whether the stream carries ids and heartbeats.
            last_event_id: The last event that a client which follows a turn knows.

        Raises:
            ClientError: The request can't be answered; nothing was changed.
                `ServiceUnavailable`, if the server is closing.
        """
        await self._ensure_open()
        return await self._dispatcher.answer(
            body, context or Context(), live=live, last_event_id=last_event_id
        )

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
    ) -> "Starlette":
        """Return an ASGI application with the endpoint at ``/chatkit`` and at its root.

        The web element's files are below the endpoint: ``/chatkit/ui/chatkit.js``.

        Args:
            cors_origins: Origins whose pages may call it from a browser.
            allowed_hosts: ``Host`` headers that are answered.
            page: Whether the root shows a chat to those who open it in a browser.
            prompts: Questions that the page offers to begin with.
        """
        from .web.asgi import application
        from .web.ui import Page

        shown = Page(prompts) if page else None
        return application(self, cors_origins, allowed_hosts, shown)

    def router(self, prefix: str = "/chatkit") -> "APIRouter":
        """Return a FastAPI router with the endpoint at ``prefix``, the web element's files below.

        Raises:
            ConfigurationError: FastAPI is not installed.
        """
        from .web.fastapi import router

        return router(self, prefix)
