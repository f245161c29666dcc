"""A way in for synchronous servers: an event loop in a thread, which their threads ask."""

import asyncio
import atexit
import concurrent.futures.thread  # noqa: F401 - so that its pools end after our hook
import logging
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from ..engine.in_flight import InFlight
from ..engine.once import Gone
from ..engine.streams import EventStream
from ..errors import ServiceUnavailable
from .exchange import Backend, Exchange, Incoming, Outgoing, error_outgoing, ready

logger = logging.getLogger("chatkeep.web")

T = TypeVar("T")

_MARGIN_SECONDS = 5.0
"""How much longer than its own bounds the closing of a server may take."""

_READING_SECONDS = 2.0
"""How long clients have to read the end of their streams, once all turns have ended."""


class Server(Backend, Protocol):
    """What a portal needs: a `Chatkeep`, which nothing else uses in this process."""

    async def close(self) -> None: ...


class Portal:
    """A `Chatkeep` on a loop in a thread of its own.

    The thread begins with the first request, so it is there after a server has
    forked its workers. It ends with the process: what is under way then is kept.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._closed_in: int | None = None

    def handle(self, incoming: Incoming) -> "Outgoing | Streaming":
        """Answer one request to the endpoint, from any thread."""
        try:
            worker = self._working()
            answer = worker.run(Exchange(self._server, incoming).run())
            if isinstance(answer.body, EventStream):
                return Streaming(answer, answer.body, worker, incoming.gone)
            return answer
        except (CancelledError, ServiceUnavailable):  # the server closes
            return error_outgoing(ServiceUnavailable())

    def ready(self) -> Outgoing:
        """Say whether requests can be answered."""
        try:
            return self._working().run(ready(self._server))
        except (CancelledError, ServiceUnavailable):
            return error_outgoing(ServiceUnavailable())

    def _working(self) -> "_Worker":
        pid = os.getpid()
        with self._lock:
            if self._closed_in == pid:
                raise ServiceUnavailable
            if self._worker is None or self._worker.pid != pid:
                self._worker = _Worker(self._server)
                atexit.register(self.close)
                _before_pools_end(self.close)
            return self._worker

    def begin_to_close(self) -> None:
        """Begin what `close` does, and don't wait for it: for signal handlers."""
        # Without the lock, which the very thread may hold that a signal interrupts.
        worker, self._closed_in = self._worker, os.getpid()
        if worker is not None and worker.pid == self._closed_in:
            worker.begin_to_end()

    def close(self) -> None:
        """Let turns under way finish for a while, keep the rest, and end the thread. Idempotent."""
        self.begin_to_close()
        worker = self._worker
        if worker is not None and worker.pid == os.getpid():
            worker.join()


class Streaming(Iterator[bytes]):
    """A stream for a thread that blocks: chunk after chunk, or `close` from any thread.

    Attributes:
        head: The response that it belongs to.
    """

    def __init__(self, head: Outgoing, stream: EventStream, worker: "_Worker", gone: Gone) -> None:
        self.head = head
        self._stream = stream
        self._worker = worker
        self._closed = False
        worker.call(worker.streams.enter)
        self._watch = worker.submit(self._watch_for(gone))

    async def _watch_for(self, gone: Gone) -> None:
        await gone()
        self._stream.leave()

    def __next__(self) -> bytes:
        try:
            chunk = self._worker.run(self._stream.next())
        except (CancelledError, ServiceUnavailable):
            raise StopIteration from None
        if not chunk:
            if self._stream.broken:  # the client must see that its stream is cut off
                raise ConnectionAbortedError("the events of a turn can't be read")
            raise StopIteration
        return chunk

    def close(self) -> None:
        """Leave the stream, wherever it is."""
        if not self._closed:
            self._closed = True
            self._watch.cancel()
            self._worker.call(self._stream.leave)
            self._worker.call(self._worker.streams.leave)


class _Worker:
    """The thread, its loop, and those that wait for it."""

    def __init__(self, server: Server) -> None:
        self.pid = os.getpid()
        self.streams = InFlight()
        self._server = server
        self._waiting: set[Future[Any]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event | None = None
        started = threading.Event()
        self._thread = threading.Thread(
            target=self._serve, args=(started,), name="chatkeep-loop", daemon=True
        )
        self._thread.start()
        started.wait()

    def _serve(self, started: threading.Event) -> None:
        try:
            with asyncio.Runner() as runner:
                runner.run(self._until_the_end(started))
        finally:
            self._loop = None
            for future in list(self._waiting):
                future.cancel()

    async def _until_the_end(self, started: threading.Event) -> None:
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        started.set()
        await self._ending.wait()
        try:
            await self._server.close()
        except Exception:  # of a responder that can't be closed; all else was
            logger.exception("the server could not be closed as it should")
        await self.streams.emptied(_READING_SECONDS)

    def submit(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        loop = self._loop
        try:
            if loop is None:
                raise RuntimeError
            future = asyncio.run_coroutine_threadsafe(work, loop)
        except RuntimeError:  # it has ended
            work.close()
            raise ServiceUnavailable from None
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
        if self._loop is None:  # it ended meanwhile, and may not have seen this one
            future.cancel()
        return future

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        future = self.submit(work)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def call(self, function: Any) -> None:
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # it has ended
                loop.call_soon_threadsafe(function)

    def begin_to_end(self) -> None:
        if self._ending is not None:
            self.call(self._ending.set)

    def join(self) -> None:
        grace = self._server.settings.shutdown_grace
        self._thread.join(2 * grace + _READING_SECONDS + _MARGIN_SECONDS)


def _before_pools_end(function: Callable[[], None]) -> None:
    """Have a function called when the process begins to end.

    It first ends all pools of threads, which then take no more work (the store's), and
    waits for their threads (which may read streams here); only then it calls what
    `atexit` has. Pools themselves end by this hook, which is not public.
    """
    register = getattr(threading, "_register_atexit", None)
    if register is not None:
        with suppress(RuntimeError):  # the end has begun already
            register(function)
