"""The client without a network: an ASGI app, called in this process, that really streams."""

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
    MutableMapping,
)
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import httpx2

from ..app import Chatkeep
from ..client import ChatClient

URL = "http://chat.test/chatkit"
"""The address that an in-process client believes it talks to."""

Message: TypeAlias = MutableMapping[str, Any]
ASGIApp: TypeAlias = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[Message]],
        Callable[[Message], Awaitable[None]],
    ],
    Awaitable[None],
]

_PATIENCE = 5.0
"""Seconds that an app may take to notice that its client has left."""


class InProcessTransport(httpx2.AsyncBaseTransport):
    """Carries requests to an ASGI app, each chunk of a response as it is sent.

    (`httpx2.ASGITransport` hands a response over only when it is complete, so
    nothing could be stopped in the middle.) What the app raises is raised here.
    A response closed early is a client that has left.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        exchange = _Exchange(self._app, request, await request.aread())
        start = await exchange.start()
        return httpx2.Response(start["status"], headers=start.get("headers", []), stream=exchange)


class _Exchange(httpx2.AsyncByteStream):
    """One request under way: the app runs in a task and its messages queue up."""

    def __init__(self, app: ASGIApp, request: httpx2.Request, body: bytes) -> None:
        self._app = app
        self._request = request
        self._body: bytes | None = body
        self._messages: asyncio.Queue[Message | None] = asyncio.Queue()
        self._left = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> Message:
        """Run the app until it begins to respond, and return that message."""
        self._task = asyncio.create_task(self._run())
        message = await self._messages.get()
        if message is None:
            await self._task
            raise RuntimeError("the app ended without a response")
        return message

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (message := await self._messages.get()) is not None:
            yield message.get("body", b"")
        if self._task is not None:
            await self._task

    async def aclose(self) -> None:
        self._left.set()
        if self._task is None:
            return
        _, late = await asyncio.wait([self._task], timeout=_PATIENCE)
        for task in late:
            task.cancel()
            await asyncio.wait([task])
        if not self._task.cancelled():
            self._task.exception()  # seen, if the reader got that far; else nobody's concern

    async def _run(self) -> None:
        try:
            await self._app(self._scope(), self._receive, self._send)
        finally:
            self._messages.put_nowait(None)

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self._left.is_set():
            raise OSError("the client has left")
        self._messages.put_nowait(message)

    def _scope(self) -> dict[str, Any]:
        url = self._request.url
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": self._request.method,
            "headers": [(name.lower(), value) for name, value in self._request.headers.raw],
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.split(b"?")[0],
            "query_string": url.query,
            "server": (url.host, url.port),
            "client": ("127.0.0.1", 0),
            "root_path": "",
        }


@asynccontextmanager
async def connected(
    chat: Chatkeep, *, headers: Mapping[str, str] | None = None
) -> AsyncGenerator[ChatClient]:
    """Open a `Chatkeep`, and give a client of its endpoint that needs no network."""
    transport = InProcessTransport(chat.asgi())
    async with chat.lifespan(), ChatClient(URL, headers=headers, transport=transport) as client:
        yield client
