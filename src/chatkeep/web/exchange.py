"""One HTTP exchange, whatever the framework: what may come in, and what goes out.

An adapter makes an `Incoming` of its framework's request, awaits `Exchange.run`,
and sends the `Outgoing` in its framework's way. Nothing here knows any of them.
"""

import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from .. import ids
from ..context import Context
from ..engine.calls import call
from ..engine.dispatch import Client, JSONReply, NoReply, Reply
from ..engine.once import ClientGone, Gone, never
from ..engine.streams import EventStream
from ..engine.timeouts import Deadline
from ..errors import (
    AuthenticationRequired,
    ChatkeepError,
    ClientError,
    HandlerFailed,
    MethodNotAllowed,
    RequestTooLarge,
    ServiceUnavailable,
    TurnError,
    UnsupportedMediaType,
)
from ..hooks import Observer, tell
from ..protocol.headers import LAST_EVENT_ID, RESUMABLE
from ..protocol.requests import parse_request
from ..protocol.wire import to_json
from ..settings import Settings
from ..version import __version__

logger = logging.getLogger("chatkeep.web")

METHODS = "POST, OPTIONS"

STREAM_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    "content-encoding": "identity",
    "x-accel-buffering": "no",
}
"""What keeps proxies and middleware from holding a stream back, or packing it."""

_JSON = {"content-type": "application/json"}
_GONE = 499
"""What logs of servers have for a client that left; nobody receives it."""


class Backend(Protocol):
    """What an exchange needs: a `Chatkeep`."""

    @property
    def settings(self) -> Settings: ...

    @property
    def authenticate(self) -> Callable[[Any], Any] | None: ...

    @property
    def context_headers(self) -> Sequence[str]: ...

    @property
    def observer(self) -> Observer | None: ...

    def deadline(self) -> Deadline: ...

    async def answer(
        self, request: Any, body: bytes | str, context: Context, client: Client
    ) -> Reply: ...

    async def ping(self) -> None: ...


def _never_foreign(_: Exception) -> bool:
    return False


@dataclass(slots=True)
class Incoming:
    """A request, as an adapter hands it over.

    Attributes:
        method: In capitals.
        headers: By name in lower case.
        body: Gives the body, chunk by chunk; raises `ClientGone` if it breaks off,
            or what is foreign.
        request: The framework's own request, for ``authenticate``.
        gone: Returns once the client has left. Not called before the body was read.
        is_foreign: Whether an error is for the framework to answer; it is raised then.
    """

    method: str
    headers: Mapping[str, str]
    body: Callable[[], AsyncIterator[bytes]]
    request: Any = None
    gone: Gone = never
    is_foreign: Callable[[Exception], bool] = _never_foreign


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A response, for an adapter to send.

    Attributes:
        body: All of it, or the stream that gives it. Whatever happens to a stream,
            the adapter calls its `leave` at the end.
    """

    status: int
    body: bytes | EventStream
    headers: Mapping[str, str] = field(default_factory=dict)


class Exchange:
    """One request to the endpoint, from its headers to its answer."""

    __slots__ = ("_backend", "_incoming", "_request_type")

    def __init__(self, backend: Backend, incoming: Incoming) -> None:
        self._backend = backend
        self._incoming = incoming
        self._request_type = ""

    async def run(self) -> Outgoing:
        """Return the response. Raises only what is for the framework to answer."""
        observer = self._backend.observer
        if observer is None:
            return await self._run()
        began = time.perf_counter()
        status = 500
        try:
            outgoing = await self._run()
            status = outgoing.status
            return outgoing
        except Exception as error:  # which the framework answers
            status = getattr(error, "status_code", status)
            raise
        finally:
            seconds = time.perf_counter() - began
            tell(observer.request, self._request_type, status, seconds)

    async def _run(self) -> Outgoing:
        if self._incoming.method == "OPTIONS":
            return Outgoing(204, b"", {"allow": METHODS})
        try:
            return await self._answer()
        except ClientGone:
            return Outgoing(_GONE, b"")
        except Exception as error:
            if self._incoming.is_foreign(error):
                raise
            return error_outgoing(error)

    async def _answer(self) -> Outgoing:
        incoming = self._incoming
        if incoming.method != "POST":
            raise MethodNotAllowed
        content_type = incoming.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json":
            raise UnsupportedMediaType
        context = await self._identify()
        body = await self._read()
        request = parse_request(body)
        self._request_type = request.type
        reply = await self._backend.answer(request, body, context, self._client())
        if isinstance(reply, NoReply):
            return Outgoing(204, b"")
        if isinstance(reply, JSONReply):
            return Outgoing(200, reply.json, _JSON)
        return Outgoing(200, reply.stream, STREAM_HEADERS)

    def _client(self) -> Client:
        headers = self._incoming.headers
        return Client(
            resumable=headers.get(RESUMABLE) == "1",
            last_event_id=headers.get(LAST_EVENT_ID),
            gone=self._incoming.gone,
        )

    async def _identify(self) -> Context:
        """Who asks, and in which language. Before the body is read: strangers cost nothing."""
        backend, headers = self._backend, self._incoming.headers
        context: Context | None = Context()
        if backend.authenticate is not None:
            with backend.deadline():
                context = await call(backend.authenticate, self._incoming.request)
        if context is None:
            raise AuthenticationRequired
        allowed = {name: headers[name] for name in backend.context_headers if name in headers}
        return replace(
            context,
            locale=context.locale or first_language(headers.get("accept-language", "")),
            headers=context.headers or allowed,
        )

    async def _read(self) -> bytes:
        limit = self._backend.settings.max_body_bytes
        announced = self._incoming.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > limit:
            raise RequestTooLarge
        chunks: list[bytes] = []
        size = 0
        async for chunk in self._incoming.body():
            size += len(chunk)
            if size > limit:
                raise RequestTooLarge
            chunks.append(chunk)
        return b"".join(chunks)


def health() -> Outgoing:
    """Say that the process answers."""
    return Outgoing(200, to_json({"status": "ok", "version": __version__}), _JSON)


async def ready(backend: Backend) -> Outgoing:
    """Say whether requests can be answered: the store is there, and the server isn't closing."""
    try:
        with backend.deadline():
            await backend.ping()
    except ServiceUnavailable as error:
        return error_outgoing(error)
    except Exception:  # whatever it is, the server isn't ready
        logger.exception("the store does not answer")
        return error_outgoing(ServiceUnavailable("The store does not answer."))
    return Outgoing(200, to_json({"status": "ok"}), _JSON)


def error_outgoing(error: Exception) -> Outgoing:
    """Return the answer to a request that failed, with nothing in it that leaks.

    What nobody foresaw is logged under an error id, and the client gets the id.
    """
    match error:
        case HandlerFailed():
            return _error(error.status, error.code, _logged(error.__cause__ or error))
        case MethodNotAllowed():
            return _error(error.status, error.code, error.message, {"allow": METHODS})
        case ClientError():
            return _error(error.status, error.code, error.message, error.headers)
        case TurnError():
            return _error(error.status, error.code, error.message)
    return _error(500, ChatkeepError.code, _logged(error))


def path_error(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Outgoing:
    """Return the answer to a request for a path that is not there, or not by its method."""
    code = {404: "request.no_such_path", 405: "request.method_not_allowed"}
    return _error(status, code.get(status, "request.failed"), detail, headers or {})


def _logged(error: BaseException) -> str:
    """Log an error in full, and return what is told of it."""
    error_id = ids.error_id()
    logger.error("request failed (%s): %r", error_id, error, exc_info=error)
    return f"Something went wrong (error {error_id})."


def _error(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> Outgoing:
    body = to_json({"error": {"code": code, "message": message}})
    return Outgoing(status, body, {**_JSON, **(headers or {})})


def first_language(header: str) -> str | None:
    """Return the language a client wants most; ChatKit sends just one."""
    tag = header.partition(",")[0].partition(";")[0].strip()
    return tag if tag and tag != "*" else None
