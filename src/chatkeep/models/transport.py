"""HTTP/1.1 for answers that stream: from the socket to the text in few steps.

A model sends each token as a chunk of its own. httpx2's own transport takes 7 µs
of CPU for a chunk, and 30 µs where it comes alone: more than all the rest that
Chatkeep does for a token. Here llhttp (`httptools`) parses what the event loop
received in the callback that brings it, and what came together is one piece.

For direct connections to servers that speak HTTP/1.1. `new_client` leaves
proxies to httpx2's own transport.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncGenerator
from functools import cached_property
from typing import Any, cast
from urllib.request import getproxies, proxy_bypass

import httptools
import httpx2

_IDLE_SECONDS = 30.0

_MAX_UNREAD_BYTES = 256 * 1024
"""How much may wait for a slow reader before the server has to wait too."""

_MAX_OVERHEAD_BYTES = 64 * 1024
"""How much of what is no body, such as the head, may come at a time."""

_FORBIDDEN = re.compile(rb"[\r\n\0]")


def new_client(url: httpx2.URL) -> httpx2.AsyncClient:
    """Return a client for one server, which goes through the proxy that the environment names."""
    if _has_proxy(url):
        limits = httpx2.Limits(
            max_connections=None,
            max_keepalive_connections=20,  # each request looks at every one of them
            keepalive_expiry=_IDLE_SECONDS,
        )
        return httpx2.AsyncClient(limits=limits)
    return httpx2.AsyncClient(transport=StreamTransport())


def _has_proxy(url: httpx2.URL) -> bool:
    proxies = getproxies()
    named = proxies.get(url.scheme) or proxies.get("all")
    return bool(named) and not proxy_bypass(url.netloc.decode("ascii"))


class StreamTransport(httpx2.AsyncBaseTransport):
    """Connections of one event loop, which are used again.

    A request, of any method but HEAD, is sent in one piece. Of its timeouts only
    ``connect`` counts: who reads a response knows best how long to wait for what.

    Args:
        max_idle: How many connections may wait for their next request.
        idle_seconds: How long one waits before it is closed.
    """

    def __init__(self, max_idle: int = 100, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._max_idle = max_idle
        self._idle_seconds = idle_seconds
        self._connections: set[Connection] = set()
        self._idle: list[Connection] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request, and return its response once the head is there.

        Raises:
            httpx2.TransportError: There is no connection, or it failed.
        """
        sent = _encode_head(request) + await request.aread()
        connection = self._take_idle(request.url) or await self._connect(request)
        incoming = connection.ask(sent)
        try:
            await incoming.head()
        except BaseException:
            await incoming.aclose()
            raise
        return httpx2.Response(incoming.status, headers=incoming.headers, stream=incoming)

    async def aclose(self) -> None:
        """Close every connection, in use or not."""
        connections = list(self._connections)
        for connection in connections:
            connection.abort()
        await asyncio.gather(*(connection.lost for connection in connections))

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        context = httpx2.create_ssl_context()
        context.set_alpn_protocols(["http/1.1"])
        return context

    async def _connect(self, request: httpx2.Request) -> "Connection":
        url, seconds = request.url, request.extensions.get("timeout", {}).get("connect")
        host, tls = url.raw_host.decode("ascii"), url.scheme == "https"
        try:
            async with asyncio.timeout(seconds):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: Connection(self, url),
                    sock=await _connect_socket(host, url.port or (443 if tls else 80), seconds),
                    ssl=self._tls if tls else None,
                    server_hostname=host if tls else None,
                )
        except TimeoutError as error:
            raise httpx2.ConnectTimeout("no connection in time") from error
        except OSError as error:
            raise httpx2.ConnectError(str(error)) from error
        return connection

    def _take_idle(self, url: httpx2.URL) -> "Connection | None":
        for connection in reversed(self._idle):
            if connection.serves(url):
                self._idle.remove(connection)
                return connection
        return None

    def add(self, connection: "Connection") -> None:
        """Take note of a new connection."""
        self._connections.add(connection)

    def put_idle(self, connection: "Connection") -> None:
        """Keep a connection for the next request, for some time."""
        if len(self._idle) >= self._max_idle:
            connection.abort()
        else:
            self._idle.append(connection)
            connection.abort_later(self._idle_seconds)

    def forget(self, connection: "Connection") -> None:
        """Let go of a connection that is lost."""
        self._connections.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)


class Connection(asyncio.Protocol):
    """One connection, which takes one request after another."""

    def __init__(self, pool: StreamTransport, url: httpx2.URL) -> None:
        self._pool = pool
        self._url = url
        self._loop = asyncio.get_running_loop()
        self._incoming: Incoming | None = None
        self._unread = 0
        self._paused = False
        self._timer: asyncio.TimerHandle | None = None
        self.lost: asyncio.Future[None] = self._loop.create_future()

    def serves(self, url: httpx2.URL) -> bool:
        """Whether a request for ``url`` can be sent here."""
        return not self._transport.is_closing() and _origin(self._url) == _origin(url)

    def ask(self, request: bytes) -> "Incoming":
        """Send a request, and return the response that is to come."""
        if self._timer is not None:
            self._timer.cancel()
        self._unread = 0
        self._incoming = Incoming(self)
        if self.lost.done():
            self._incoming.end(None)
        else:
            self._transport.write(request)
        return self._incoming

    def end(self, incoming: "Incoming") -> None:
        """Use the connection for another request, if its response is complete; else close it."""
        self._incoming = None
        if incoming.reusable and not self._paused and not self._transport.is_closing():
            self._pool.put_idle(self)
        else:
            self.abort()

    def abort(self) -> None:
        """Close the connection, whatever is under way."""
        self._transport.abort()

    def abort_later(self, seconds: float) -> None:
        """Close the connection unless it is asked before."""
        self._timer = self._loop.call_later(seconds, self.abort)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._pool.add(self)

    def data_received(self, data: bytes) -> None:
        if self._incoming is None:
            self.abort()  # nobody asked
            return
        self._incoming.feed(data)
        self._unread += len(data)
        if self._unread > _MAX_UNREAD_BYTES and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def taken(self) -> None:
        """Note that all that was received was read."""
        self._unread = 0
        if self._paused:
            self._paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self.lost.set_result(None)
        self._pool.forget(self)
        if self._timer is not None:
            self._timer.cancel()
        if self._incoming is not None:
            self._incoming.end(error)


class Incoming(httpx2.AsyncByteStream):
    """One response as it comes in.

    Attributes:
        status: 0 until the head is there.
        headers: Those of the head.
        reusable: The response is complete, and the connection takes another request.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._fields: list[tuple[bytes, bytes]] = []
        self._pieces: list[bytes] = []
        self._overhead = 0
        self._complete = False
        self._error: httpx2.TransportError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.reusable = False
        self.on_body = self._pieces.append
        self._parser = httptools.HttpResponseParser(self)

    # What the parser calls

    def on_message_begin(self) -> None:
        if self._complete:
            raise ValueError("more than was asked for")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        self.headers, self._fields = self._fields, []
        status = self._parser.get_status_code()
        if status >= 200:  # below are "Continue" and its like
            self.status = status

    def on_message_complete(self) -> None:
        if self.status:
            self._complete = True
            self.reusable = self._parser.should_keep_alive()

    # What the connection calls

    def feed(self, data: bytes) -> None:
        """Take what was received."""
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(httpx2.RemoteProtocolError(f"no HTTP response: {error}"))
        self._overhead = 0 if self._pieces else self._overhead + len(data)
        if self._overhead > _MAX_OVERHEAD_BYTES:
            self._fail(httpx2.RemoteProtocolError("a head without an end"))
        self._wake()

    def end(self, error: Exception | None) -> None:
        """Take notice that the connection is lost."""
        if error is not None:
            self._fail(httpx2.ReadError(str(error)))
        elif self.status and self._ends_with_connection():
            self._complete = True
        else:
            self._fail(httpx2.RemoteProtocolError("the connection ended before the response"))
        self.reusable = False
        self._wake()

    def _fail(self, error: httpx2.TransportError) -> None:
        self.reusable = False
        self._error = self._error or error

    def _ends_with_connection(self) -> bool:
        lengths = {b"content-length", b"transfer-encoding"}
        return not any(name.lower() in lengths for name, _ in self.headers)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # What the reader calls

    async def head(self) -> None:
        """Wait for the head.

        Raises:
            httpx2.TransportError: It doesn't come.
        """
        while not self.status:
            await self._more()

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        """Yield the body, what came together as one piece."""
        while True:
            if self._pieces:
                piece = b"".join(self._pieces)
                self._pieces.clear()
                self._connection.taken()
                yield piece
            elif self._complete:
                return
            else:
                await self._more()

    async def _more(self) -> None:
        if self._error is not None:
            raise self._error
        self._waiter = self._loop.create_future()
        await self._waiter

    async def aclose(self) -> None:
        """Give the connection back, or close it if more would come."""
        self._connection.end(self)


async def _connect_socket(host: str, port: int, seconds: float | None) -> socket.socket:
    """Try one address after another, none for longer than its share of the time."""
    addresses = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    failure = OSError("the host has no address")
    for family, kind, protocol, _, address in addresses:
        try:
            async with asyncio.timeout(seconds and seconds / len(addresses)):
                return await _connected(socket.socket(family, kind, protocol), address)
        except OSError as error:
            failure = error
    raise failure


async def _connected(sock: socket.socket, address: tuple[Any, ...]) -> socket.socket:
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


def _origin(url: httpx2.URL) -> tuple[str, bytes]:
    return url.scheme, url.netloc


def _encode_head(request: httpx2.Request) -> bytes:
    lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%b: %b" % field for field in request.headers.raw]
    if any(map(_FORBIDDEN.search, lines)):
        raise httpx2.LocalProtocolError("a header that no request may carry")
    return b"\r\n".join(lines) + b"\r\n\r\n"
