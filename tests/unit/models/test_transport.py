"""Responses arrive whole, however the network cuts them; connections are used again."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chatkeep.models.transport import Connection, StreamTransport, new_client

HEAD = b"HTTP/1.1 200 OK\r\n"
PLAIN = HEAD + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = (
    HEAD + b"Content-Type: text/event-stream\r\nX-Twice: 1\r\nX-Twice: 2\r\n"
    b"Transfer-Encoding: Chunked\r\n\r\n"
    b'4;name="a\\"b"\r\ndata\r\n00A\r\n: 0\r\n\r\n0\r\n\r\n1\r\nx\r\n0;last\r\nX-Trailer: 9\r\n\r\n'
)
BODY = b"data: 0\r\n\r\n0\r\nx"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for scheme in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{scheme}_proxy", raising=False)
        monkeypatch.delenv(f"{scheme}_PROXY".upper(), raising=False)


class Server:
    """Answers each request with the next of its answers, then closes if it has none left.

    Attributes:
        requests: Each request's head.
        connections: How many were made.
        left: Set whenever a client has closed its connection.
    """

    def __init__(self, *answers: bytes, tls: ssl.SSLContext | None = None) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.connections = 0
        self.left = asyncio.Event()
        self._tls = tls
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> "Server":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            await self._converse(reader, writer)
        self.left.set()
        self._writers.discard(writer)
        writer.transport.abort() if reader.at_eof() else writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(head)
            await reader.readexactly(int(head.lower().partition(b"length: ")[2].split(b"\r")[0]))
            writer.write(self.answers.pop(0))
            await writer.drain()
            if not self.answers:
                return

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def client_of(transport: httpx2.AsyncBaseTransport) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=transport, timeout=30) as client:
        yield client


async def post(client: httpx2.AsyncClient, url: str, **options: Any) -> httpx2.Response:
    return await client.post(url, content=b"{}", **options)


# Reading


class FakeSocket(asyncio.Transport):
    """What a connection does to its socket."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.aborted = False
        self.reading = True

    def write(self, data: Any) -> None:
        self.written += data

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


def connected(**options: Any) -> tuple[Connection, FakeSocket]:
    connection = Connection(StreamTransport(**options), httpx2.URL("http://model"))
    socket = FakeSocket()
    connection.connection_made(socket)
    return connection, socket


async def received(*parts: bytes) -> tuple[int, list[tuple[bytes, bytes]], list[bytes], bool]:
    """What one response is read as, and whether its connection stays open."""
    connection, socket = connected()
    async with aclosing(connection.ask(b"?")) as incoming:
        for part in parts:
            connection.data_received(part)
        await incoming.head()
        body = [piece async for piece in incoming]
    return incoming.status, incoming.headers, body, not socket.aborted


@pytest.mark.parametrize("response", [CHUNKED, PLAIN, b"HTTP/1.1 100 Continue\r\n\r\n" + CHUNKED])
async def test_a_response_cut_anywhere(response: bytes) -> None:
    status, headers, (body,), reusable = await received(response)
    assert (status, body) == (200, b"hello" if response is PLAIN else BODY)
    assert reusable
    for at in range(1, len(response)):
        *head, pieces, reusable = await received(response[:at], response[at:])
        assert (head, b"".join(pieces), reusable) == ([status, headers], body, True), at


async def test_a_response_byte_by_byte() -> None:
    _, headers, (body,), reusable = await received(*(bytes([byte]) for byte in CHUNKED))
    assert body == BODY
    assert [value for name, value in headers if name == b"X-Twice"] == [b"1", b"2"]
    assert b"X-Trailer" not in dict(headers)
    assert reusable


async def test_chunks_that_come_together_are_one_piece() -> None:
    connection, _ = connected()
    async with aclosing(connection.ask(b"?")) as incoming:
        pieces = aiter(incoming)
        connection.data_received(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n")
        assert await anext(pieces) == b"ab"
        waiting = asyncio.ensure_future(anext(pieces))
        await asyncio.sleep(0)
        connection.data_received(b"1\r\nc\r\n2\r\nd")
        assert await waiting == b"cd"


@pytest.mark.parametrize(
    "response",
    [
        PLAIN,
        CHUNKED,
        HEAD + b"\r\nuntil the end",
        b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
        HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\nok",
        HEAD + b"Content-Length: 0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 500 \r\nContent-Length: 2\r\nX-Latin: gr\xf6\xdfe\r\n\r\nno",
        b"HTTP/1.1 102 Processing\r\nX-Early: 1\r\n\r\n" + PLAIN,
    ],
)
async def test_forms_of_a_response_are_read_as_httpx_reads_them(response: bytes) -> None:
    async def read(transport: httpx2.AsyncBaseTransport) -> Any:
        async with Server(response) as server, client_of(transport) as client:
            answer = await post(client, server.url)
            return answer.status_code, str(answer.headers).lower(), answer.content

    assert await read(StreamTransport()) == await read(httpx2.AsyncHTTPTransport())


@pytest.mark.parametrize(
    "response",
    [
        b"",
        HEAD,
        HEAD + b"Content-Length: 9\r\n\r\nhello",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello6\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"220 mail.example ESMTP\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        HEAD + b"X-Long: " + b"x" * 1_000_000,
        b"HTTP/1.1 102 Processing\r\n\r\n" * 50_000,
    ],
)
async def test_what_is_no_whole_response_is_an_error(response: bytes) -> None:
    async with Server(response) as server, client_of(StreamTransport()) as client:
        with pytest.raises(httpx2.TransportError):
            await post(client, server.url)


async def test_what_came_before_the_end_was_lost_is_there() -> None:
    connection, _ = connected()
    async with aclosing(connection.ask(b"?")) as incoming:
        connection.data_received(HEAD + b"Content-Length: 9\r\n\r\nhello")
        connection.connection_lost(ConnectionResetError("reset"))
        pieces = aiter(incoming)
        assert await anext(pieces) == b"hello"
        with pytest.raises(httpx2.ReadError, match="reset"):
            await anext(pieces)


async def test_what_went_wrong_first_counts() -> None:
    connection, _ = connected()
    async with aclosing(connection.ask(b"?")) as incoming:
        connection.data_received(b"220 mail.example ESMTP\r\n")
        connection.connection_lost(None)
        with pytest.raises(httpx2.RemoteProtocolError, match="no HTTP response"):
            await incoming.head()


async def test_a_slow_reader_slows_the_server() -> None:
    connection, socket = connected()
    async with aclosing(connection.ask(b"?")) as incoming:
        connection.data_received(HEAD + b"Content-Length: 2000000\r\n\r\n")
        for _ in range(5):
            assert socket.reading
            connection.data_received(b"x" * 60_000)
        assert not socket.reading
        assert len(await anext(aiter(incoming))) == 300_000
        assert socket.reading


async def test_who_leaves_much_unread_closes_the_connection() -> None:
    connection, socket = connected()
    async with aclosing(connection.ask(b"?")):
        connection.data_received(HEAD + b"Content-Length: 300000\r\n\r\n" + b"x" * 300_000)
    assert socket.aborted


# Asking


async def test_the_request() -> None:
    async with Server(PLAIN) as server, client_of(StreamTransport()) as client:
        await client.post(server.url + "a b?c=ü#d", content=b"{}", headers={"x-one": "1"})
    start, *fields, _, _ = server.requests[0].split(b"\r\n")
    assert start == b"POST /a%20b?c=%C3%BC HTTP/1.1"
    names = {field.partition(b": ")[0].lower(): field.partition(b": ")[2] for field in fields}
    assert names[b"host"] == b"127.0.0.1:%d" % server.port
    assert names[b"x-one"] == b"1"
    assert names[b"content-length"] == b"2"


@pytest.mark.parametrize("value", [b"1\r\nx-two: 2", b"1\n", b"\x001"])
async def test_a_header_that_would_be_two_is_not_sent(value: bytes) -> None:
    async with Server(PLAIN) as server, client_of(StreamTransport()) as client:
        with pytest.raises(httpx2.LocalProtocolError):
            await post(client, server.url, headers={b"x-one": value})
    assert server.requests == []


# Connections


async def test_a_connection_is_used_again() -> None:
    async with (
        Server(PLAIN, CHUNKED, PLAIN) as server,
        client_of(StreamTransport()) as client,
    ):
        for _ in range(3):
            await post(client, server.url)
    assert server.connections == 1


@pytest.mark.parametrize(
    "first",
    [
        PLAIN + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        PLAIN + b"\x00",
        PLAIN.replace(b"OK", b"OK\r\nConnection: close"),
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    ],
)
async def test_a_connection_that_is_done_or_dirty_is_not(first: bytes) -> None:
    async with (
        Server(first, PLAIN, PLAIN) as server,
        client_of(StreamTransport()) as client,
    ):
        for _ in range(2):
            assert (await post(client, server.url)).content == b"hello"
    assert server.connections == 2


async def test_what_comes_unasked_closes_the_connection() -> None:
    connection, socket = connected()
    async with aclosing(connection.ask(b"?")) as incoming:
        connection.data_received(PLAIN)
        assert [piece async for piece in incoming] == [b"hello"]
    assert not socket.aborted
    connection.data_received(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    assert socket.aborted


async def test_a_connection_that_the_server_closed_is_left_alone() -> None:
    async with Server(PLAIN, PLAIN, PLAIN) as server, client_of(StreamTransport()) as client:
        await post(client, server.url)
        server.hang_up()
        await server.left.wait()
        assert (await post(client, server.url)).content == b"hello"
        assert server.connections == 2


async def test_a_connection_that_the_server_closed_makes_room() -> None:
    async with (
        Server(*[PLAIN] * 9) as server,
        client_of(StreamTransport(max_idle=1)) as client,
    ):
        await post(client, server.url)
        server.hang_up()
        await server.left.wait()
        for _ in range(2):
            await post(client, server.url)
        assert server.connections == 2


async def test_each_server_has_connections_of_its_own() -> None:
    async with (
        Server(PLAIN, PLAIN) as one,
        Server(CHUNKED, PLAIN) as other,
        client_of(StreamTransport()) as client,
    ):
        assert (await post(client, one.url)).content == b"hello"
        assert (await post(client, other.url)).content == BODY
        assert (await post(client, one.url)).content == b"hello"
    assert (one.connections, other.connections) == (1, 1)


async def test_an_idle_connection_is_closed_after_some_time() -> None:
    async with (
        Server(PLAIN, PLAIN) as server,
        client_of(StreamTransport(idle_seconds=0.01)) as client,
    ):
        await post(client, server.url)
        await server.left.wait()


async def test_a_connection_that_is_used_again_is_not_idle() -> None:
    connection, socket = connected(idle_seconds=0.01)
    async with aclosing(connection.ask(b"?")) as incoming:
        connection.data_received(PLAIN)
        assert [piece async for piece in incoming] == [b"hello"]
    async with aclosing(connection.ask(b"?")):
        await asyncio.sleep(0.05)
        assert not socket.aborted


async def test_few_connections_are_kept() -> None:
    async with (
        Server(*[PLAIN] * 9) as server,
        client_of(StreamTransport(max_idle=1)) as client,
    ):
        await asyncio.gather(post(client, server.url), post(client, server.url))
        await server.left.wait()
        await post(client, server.url)
        assert server.connections == 2


async def test_a_response_that_is_not_read_to_its_end_closes_the_connection() -> None:
    unending = HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"
    async with Server(unending, PLAIN) as server, client_of(StreamTransport()) as client:
        async with client.stream("POST", server.url, content=b"{}") as response:
            assert await anext(response.aiter_raw()) == b"x"
        await server.left.wait()


async def test_who_is_cancelled_while_waiting_closes_the_connection() -> None:
    async with Server(b"", PLAIN) as server, client_of(StreamTransport()) as client:
        asking = asyncio.create_task(post(client, server.url))
        while not server.requests:  # noqa: ASYNC110 - bounded like every test
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await server.left.wait()


async def test_closing_ends_what_is_under_way() -> None:
    unending = HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"
    transport = StreamTransport()
    async with Server(unending, PLAIN) as server:
        client = httpx2.AsyncClient(transport=transport)
        async with client.stream("POST", server.url, content=b"{}") as response:
            pieces = response.aiter_raw()
            await anext(pieces)
            await transport.aclose()
            with pytest.raises(httpx2.TransportError):
                await anext(pieces)
        await server.left.wait()
        await client.aclose()


# Connecting


def resolve_to(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    loop = asyncio.get_running_loop()
    resolve = loop.getaddrinfo

    async def getaddrinfo(host: str, port: int, **options: Any) -> Sequence[Any]:
        if host != "model.test":
            return await resolve(host, port, **options)
        return [(2, 1, 6, "", ("127.0.0.1", port)) for port in ports]

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)


async def test_the_next_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Server() as gone:
        pass
    async with Server(PLAIN) as server, client_of(StreamTransport()) as client:
        resolve_to(monkeypatch, gone.port, server.port)
        assert (await post(client, "http://model.test/")).content == b"hello"


async def test_an_address_that_is_silent_takes_only_its_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    connect = loop.sock_connect

    async def silent_once(*arguments: Any) -> None:
        monkeypatch.setattr(loop, "sock_connect", connect)
        await asyncio.Event().wait()

    async with Server(PLAIN) as server, client_of(StreamTransport()) as client:
        resolve_to(monkeypatch, server.port, server.port)
        monkeypatch.setattr(loop, "sock_connect", silent_once)
        timeout = httpx2.Timeout(None, connect=0.5)
        response = await post(client, "http://model.test/", timeout=timeout)
        assert response.content == b"hello"


async def test_no_connection_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", silent)
    async with client_of(StreamTransport()) as client:
        with pytest.raises(httpx2.ConnectTimeout):
            timeout = httpx2.Timeout(None, connect=0.01)
            await post(client, "http://127.0.0.1:9/", timeout=timeout)


@pytest.mark.parametrize("addresses", [0, 1])
async def test_no_connection(monkeypatch: pytest.MonkeyPatch, addresses: int) -> None:
    async with Server() as gone:
        pass
    resolve_to(monkeypatch, *[gone.port] * addresses)
    async with client_of(StreamTransport()) as client:
        with pytest.raises(httpx2.ConnectError):
            await post(client, "http://model.test/")


def certificate(folder: Path) -> Path:
    """A file with a new key for 127.0.0.1, and the certificate that it signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now, address = datetime.now(UTC), x509.IPAddress(ip_address("127.0.0.1"))
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    form = serialization.PrivateFormat.PKCS8
    pem += key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    path = folder / "certificate.pem"
    path.write_bytes(pem)
    return path


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    path = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context, path


async def test_tls(tls: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    context, path = tls
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    async with (
        Server(CHUNKED, PLAIN, PLAIN, tls=context) as server,
        client_of(StreamTransport()) as client,
    ):
        assert (await post(client, server.url)).content == BODY
        assert (await post(client, server.url)).content == b"hello"
    assert server.connections == 1


async def test_a_certificate_that_nobody_vouches_for(tls: tuple[ssl.SSLContext, Path]) -> None:
    context, _ = tls
    async with Server(PLAIN, tls=context) as server, client_of(StreamTransport()) as client:
        with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await post(client, server.url)
    assert server.requests == []


# Proxies


@pytest.mark.parametrize("variable", ["http_proxy", "ALL_PROXY"])
async def test_a_proxy_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    async with Server(PLAIN) as proxy:
        monkeypatch.setenv(variable, proxy.url)
        async with new_client(httpx2.URL("http://model.test/v1")) as client:
            assert (await post(client, "http://model.test/v1")).content == b"hello"
    assert proxy.requests[0].startswith(b"POST http://model.test/v1 ")


@pytest.mark.parametrize("exception", ["127.0.0.1", "*", "example.com, 127.0.0.1"])
async def test_what_needs_no_proxy(monkeypatch: pytest.MonkeyPatch, exception: str) -> None:
    async with Server() as gone, Server(PLAIN) as server:
        monkeypatch.setenv("HTTP_PROXY", gone.url)
        monkeypatch.setenv("NO_PROXY", exception)
        async with new_client(httpx2.URL(server.url)) as client:
            assert (await post(client, server.url)).content == b"hello"
    assert gone.requests == []
