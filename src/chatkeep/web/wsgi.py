"""Chatkeep as a WSGI application, for servers without an event loop."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from types import FrameType
from typing import Any

from ..engine.calls import call
from ..engine.once import ClientGone, never
from .exchange import Incoming, Outgoing, health, path_error
from .portal import Portal, Server, Streaming
from .ui import UI

_PREFIX = "/chatkit"
_CHUNK_BYTES = 64 * 1024


class Headers(Mapping[str, str]):
    """The headers of a WSGI request, by name in any case."""

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._values = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_") or (name in {"CONTENT_TYPE", "CONTENT_LENGTH"} and value)
        }

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class Request:
    """A WSGI request, as ``authenticate`` gets it.

    Attributes:
        environ: The request itself.
        headers: Its headers, as other frameworks have them.
        method: Its method, in capitals.
    """

    def __init__(self, environ: dict[str, Any]) -> None:
        self.environ = environ
        self.headers = Headers(environ)
        self.method = str(environ.get("REQUEST_METHOD", "")).upper()

    async def body(self) -> AsyncIterator[bytes]:
        """Give the body, chunk by chunk; read in a thread, since it blocks."""
        announced = self.headers.get("content-length", "")
        ends = bool(self.environ.get("wsgi.input_terminated"))
        left = int(announced) if announced.isdecimal() else None
        while left or (left is None and ends):
            size = _CHUNK_BYTES if left is None else min(left, _CHUNK_BYTES)
            try:
                chunk = await call(self.environ["wsgi.input"].read, size)
            except OSError:
                raise ClientGone from None
            if not chunk:
                if left:
                    raise ClientGone
                return
            left = None if left is None else left - len(chunk)
            yield chunk

    async def gone(self) -> None:
        """Return once the client has left, where the server lets its connection be seen."""
        connection = self.environ.get("gunicorn.socket")
        if type(connection) is not socket.socket:  # none, or one with TLS: can't be looked into
            await never()
        else:
            await _closed(connection)


async def _closed(connection: socket.socket) -> None:
    """Return once the other end has closed a connection, which somebody else reads."""
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    try:
        watched = connection.dup()  # its owner may close it at any time, and reuse its number
    except OSError:
        return
    loop.add_reader(watched.fileno(), readable.set)
    try:
        await readable.wait()
        if not _is_at_its_end(watched):
            loop.remove_reader(watched.fileno())
            await never()  # the next request has come on it: it is somebody else's to read
    finally:
        loop.remove_reader(watched.fileno())
        watched.close()


def _is_at_its_end(connection: socket.socket) -> bool:
    try:
        return not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


class Application:
    """The endpoint, its health and the web element's files, below ``/chatkit`` and at the root.

    Each stream keeps one of the server's threads: give it as many as people talk at
    once (gunicorn: ``--worker-class gthread --threads 64``).
    """

    def __init__(self, server: Server) -> None:
        self._portal = Portal(server)
        self._ui = UI()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request, as PEP 3333 has it."""
        request = Request(environ)
        answer = self._answer(request, str(environ.get("PATH_INFO", "")).removeprefix(_PREFIX))
        head = answer.head if isinstance(answer, Streaming) else answer
        start_response(_status_line(head.status), list(head.headers.items()))
        if isinstance(answer, Streaming):
            return answer
        assert isinstance(answer.body, bytes)  # noqa: S101 - streams come as `Streaming`
        return [answer.body if request.method != "HEAD" else b""]

    def _answer(self, request: Request, path: str) -> Outgoing | Streaming:
        if path in {"", "/"}:
            return self._portal.handle(_incoming(request))
        if request.method not in {"GET", "HEAD"}:
            return path_error(404, "Not Found")
        if path == "/health":
            return health()
        if path == "/health/ready":
            return self._portal.ready()
        if path.startswith("/ui/"):
            return self._ui.file(path.removeprefix("/ui/"), request.headers)
        return path_error(404, "Not Found")

    def close_on_sigterm(self) -> None:
        """Wind turns down when SIGTERM comes, while their streams can still be followed.

        To be called in the main thread of a worker, once the server has set its own
        handler, which is called too: in gunicorn's hook ``post_worker_init``. Without
        it, gunicorn lets streams run for its ``graceful_timeout``, then kills.
        """
        previous = signal.getsignal(signal.SIGTERM)

        def handle(number: int, frame: FrameType | None) -> None:
            self._portal.begin_to_close()
            if callable(previous):
                previous(number, frame)

        signal.signal(signal.SIGTERM, handle)

    def close(self) -> None:
        """Let turns under way finish for a while, then keep what they have. Idempotent.

        The end of the process does it, if nothing did before.
        """
        self._portal.close()


def _incoming(request: Request) -> Incoming:
    return Incoming(
        method=request.method,
        headers=request.headers,
        body=request.body,
        request=request,
        gone=request.gone,
    )


def _status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} -"
