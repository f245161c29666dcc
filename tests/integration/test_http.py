"""HTTP as it really is: bytes over a socket, with uvicorn in between."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount

from chatkeep import AuthenticationRequired, Chatkeep, Context, PermissionDenied, Settings, Turn
from chatkeep.client import ChatClient
from chatkeep.live.base import LogReader
from chatkeep.live.memory import MemoryLiveLog
from chatkeep.stores.base import TurnRecord
from chatkeep.testing.responder import Pause, ScriptedResponder
from chatkeep.testing.server import serve
from support.clients import add, body, create
from support.events import done, errors, parsed, streamed_text, text_of, thread_id_of
from support.stores import SECRET, ObservedStore

JSON = {"content-type": "application/json"}


@asynccontextmanager
async def served(chat: Chatkeep, **options: Any) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the server's root."""
    async with (
        serve(chat.asgi(**options)) as address,
        httpx2.AsyncClient(base_url=address, timeout=30) as http,
    ):
        yield http


def answering(*script: Any, **options: Any) -> Chatkeep:
    return Chatkeep("memory:", responder=ScriptedResponder(*script or ("Yes.",)), **options)


async def exchanged(address: str, request: bytes) -> bytes:
    """What a server sends back to some bytes, until it closes the connection."""
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def error_of(response: httpx2.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/json"
    return response.status_code, response.json()["error"]["code"]


# What is no ChatKit request


@pytest.mark.parametrize("path", ["/chatkit", "/chatkit/", "/"])
async def test_the_endpoint_answers_with_and_without_a_slash(path: str) -> None:
    async with served(answering()) as http:
        response = await http.post(path, content=create(), headers=JSON)
    assert response.status_code == 200
    assert streamed_text(parsed(response.content)) == "Yes."


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
async def test_other_methods_are_refused(method: str) -> None:
    async with served(answering()) as http:
        response = await http.request(method, "/chatkit")
        assert response.status_code == 405
        assert response.headers["allow"] == "POST, OPTIONS"
        if method != "HEAD":
            assert error_of(response) == (405, "request.method_not_allowed")


async def test_options_says_what_is_allowed() -> None:
    async with served(answering()) as http:
        response = await http.options("/chatkit")
    assert (response.status_code, response.headers["allow"]) == (204, "POST, OPTIONS")


async def test_other_paths_are_not_there() -> None:
    async with served(answering()) as http:
        response = await http.post("/chatkit/threads", content=create(), headers=JSON)
    assert response.status_code == 404


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
async def test_other_content_types_are_refused(content_type: str) -> None:
    """Among them are those that a page of another origin may send without asking first."""
    async with served(answering()) as http:
        headers = {"content-type": content_type} if content_type else {}
        response = await http.post("/chatkit", content=create(), headers=headers)
    assert error_of(response) == (415, "request.unsupported_media_type")


@pytest.mark.parametrize(
    "content_type", ["application/json;charset=utf-8", "Application/JSON ; charset=UTF-8"]
)
async def test_a_content_type_may_have_parameters(content_type: str) -> None:
    async with served(answering()) as http:
        headers = {"content-type": content_type}
        response = await http.post("/chatkit", content=create(), headers=headers)
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "request.invalid"),
        (b"{", "request.invalid"),
        (b"[]", "request.invalid"),
        (b"{}", "request.invalid"),
        (b'{"type":"threads.create"}', "request.invalid"),
        (b'{"type":"threads.share","params":{}}', "request.unknown_type"),
    ],
)
async def test_what_can_not_be_understood_is_400(content: bytes, code: str) -> None:
    async with served(answering()) as http:
        response = await http.post("/chatkit", content=content, headers=JSON)
    assert error_of(response) == (400, code)


SMALL = Settings(max_body_bytes=1000)


async def test_a_body_that_is_announced_too_large_is_not_waited_for() -> None:
    async with serve(answering(settings=SMALL).asgi()) as address:
        head = b"POST /chatkit HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        request = head + b"connection: close\r\ncontent-length: 1000000000\r\n\r\n"
        answer = await exchanged(address, request)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"request.too_large"' in answer


async def test_a_body_that_grows_too_large_is_cut_off() -> None:
    """Its end is not waited for: there may be none."""
    async with serve(answering(settings=SMALL).asgi()) as address:
        head = b"POST /chatkit HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        chunks = b"64\r\n%b\r\n" % (b" " * 100) * (SMALL.max_body_bytes // 100 + 1)
        request = head + b"connection: close\r\ntransfer-encoding: chunked\r\n\r\n" + chunks
        answer = await exchanged(address, request)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"request.too_large"' in answer


async def test_a_body_of_just_the_right_size_is_taken() -> None:
    content = create()
    padded = content + b" " * (SMALL.max_body_bytes - len(content))
    async with served(answering(settings=SMALL)) as http:
        assert (await http.post("/chatkit", content=padded, headers=JSON)).status_code == 200
        response = await http.post("/chatkit", content=padded + b" ", headers=JSON)
    assert error_of(response) == (413, "request.too_large")


async def test_a_client_that_leaves_before_its_body_is_complete_disturbs_nobody() -> None:
    chat = answering()
    async with serve(chat.asgi()) as address:
        parts = urlsplit(address)
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
        head = b"POST /chatkit HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        writer.write(head + b"content-length: 100\r\n\r\n{")
        await writer.drain()
        writer.transport.abort()
        async with httpx2.AsyncClient(base_url=address) as http:
            response = await http.post("/chatkit", content=create(), headers=JSON)
            assert response.status_code == 200


# CORS

ORIGIN = "https://shop.example"


async def test_a_page_of_a_listed_origin_may_call() -> None:
    async with served(answering(), cors_origins=[ORIGIN]) as http:
        asked = (
            "content-type, authorization, accept-language, chatkit-frame-instance-id,"
            " chatkit-session-id, chatkit-user-id, chatkeep-live"
        )
        preflight = await http.options(
            "/chatkit",
            headers={
                "origin": ORIGIN,
                "access-control-request-method": "POST",
                "access-control-request-headers": asked,
            },
        )
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == ORIGIN
        allowed = preflight.headers["access-control-allow-headers"].lower()
        assert all(header.strip() in allowed for header in asked.split(","))
        headers = JSON | {"origin": ORIGIN}
        for content in (create(), b"{"):
            response = await http.post("/chatkit", content=content, headers=headers)
            assert response.headers["access-control-allow-origin"] == ORIGIN


async def test_a_page_of_another_origin_may_not() -> None:
    async with served(answering(), cors_origins=[ORIGIN]) as http:
        headers = {"origin": "https://evil.example", "access-control-request-method": "POST"}
        preflight = await http.options("/chatkit", headers=headers)
        assert preflight.status_code == 400
        assert "access-control-allow-origin" not in preflight.headers


async def test_without_origins_no_page_may() -> None:
    async with served(answering()) as http:
        headers = JSON | {"origin": ORIGIN}
        response = await http.post("/chatkit", content=create(), headers=headers)
        assert "access-control-allow-origin" not in response.headers


# Streams


async def test_a_stream_is_exactly_its_frames() -> None:
    script = ["Gr\u00fc\u00dfe\n\n", "data: {}\n\n", "id: 3\r\n: x"]
    async with served(answering(script)) as http:
        response = await http.post("/chatkit", content=create(), headers=JSON)
    headers, stream = response.headers, response.content
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert headers["cache-control"] == "no-cache, no-transform"
    assert headers["x-accel-buffering"] == "no"
    assert "content-length" not in headers
    assert headers["content-encoding"] == "identity"

    assert re.fullmatch(rb"(data: \{[^\n]*\}\n\n)+", stream)
    events = parsed(stream)
    assert streamed_text(events) == "".join(script)
    assert text_of(done(events)[1]) == "".join(script)


async def test_an_ordinary_client_gets_nothing_in_a_silence_but_what_it_can_parse() -> None:
    pause = Pause()
    settings = Settings(heartbeat_interval=0.01)
    chat = answering(["Once ", pause, "upon"], settings=settings)
    stream = b""
    async with (
        served(chat) as http,
        http.stream("POST", "/chatkit", content=create(), headers=JSON) as response,
    ):
        async for chunk in response.aiter_raw():
            stream += chunk
            if stream.count(b'stream_options"') > 4:
                pause.end()
    assert re.fullmatch(rb"(data: \{[^\n]*\}\n\n)+", stream)
    events = parsed(stream)
    assert streamed_text(events) == "Once upon"
    options = [event for event in events if event["type"] == "stream_options"]
    assert options == options[:1] * len(options)


async def test_a_client_that_asks_gets_ids_and_heartbeats() -> None:
    pause = Pause()
    chat = answering(["Once ", pause, "upon"], settings=Settings(heartbeat_interval=0.01))
    stream = b""
    headers = JSON | {"Chatkeep-Live": "1"}
    async with (
        served(chat) as http,
        http.stream("POST", "/chatkit", content=create(), headers=headers) as response,
    ):
        async for chunk in response.aiter_raw():
            stream += chunk
            if b": keep-alive\n\n: keep-alive\n\n" in stream:
                pause.end()
    frames = stream.replace(b": keep-alive\n\n", b"").removesuffix(b"\n\n").split(b"\n\n")
    ids = [frame.split(b"\n")[0] for frame in frames]
    turn_id = ids[0].removeprefix(b"id: ").removesuffix(b":0")
    assert turn_id.startswith(b"trn_")
    assert ids == [b"id: %b:%d" % (turn_id, number) for number in range(len(frames))]
    assert streamed_text(parsed(b"\n\n".join(f.split(b"\n")[1] for f in frames) + b"\n\n")) == (
        "Once upon"
    )
    assert pause.reached.is_set()


@pytest.mark.parametrize("live", ["0", "", "true", "yes"])
async def test_only_1_asks_for_more(live: str) -> None:
    async with served(answering()) as http:
        headers = JSON | {"Chatkeep-Live": live}
        response = await http.post("/chatkit", content=create(), headers=headers)
    assert b"id:" not in response.content


async def test_each_piece_arrives_as_soon_as_it_is_said() -> None:
    pauses = [Pause() for _ in range(3)]
    script = [step for number, pause in enumerate(pauses) for step in (f"piece {number} ", pause)]
    async with (
        served(answering(script)) as http,
        http.stream("POST", "/chatkit", content=create(), headers=JSON) as response,
    ):
        chunks = response.aiter_raw()
        seen = b""
        for number, pause in enumerate(pauses):
            while b"piece %d" % number not in seen:
                seen += await anext(chunks)
            pause.end()
        async for chunk in chunks:
            seen += chunk
    assert streamed_text(parsed(seen)) == "piece 0 piece 1 piece 2 "


# Slow readers


class WatchedLog(MemoryLiveLog):
    """Remembers who reads, so that a test can see how far they got."""

    def __init__(self) -> None:
        super().__init__(replay_seconds=60, replay_bytes=2**30)
        self.readers: list[LogReader] = []

    async def reader(self, turn: TurnRecord, position: int = 0) -> LogReader | None:
        reader = await super().reader(turn, position)
        if reader is not None:
            self.readers.append(reader)
        return reader


async def test_a_slow_reader_bounds_itself_and_slows_nobody() -> None:
    piece, count = "x" * 10_000, 1_500
    ended = asyncio.Event()

    async def responder(turn: Turn) -> AsyncGenerator[str]:
        for _number in range(count):
            yield piece
        if turn.message and turn.message.text == "slowly":
            ended.set()

    live = WatchedLog()
    chat = Chatkeep("memory:", responder=responder, live=live)
    async with serve(chat.asgi()) as address:
        parts = urlsplit(address)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1024)
        content = create("slowly")
        head = b"POST /chatkit HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        closing = b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(content)
        writer.write(head + closing + content)
        await ended.wait()

        async with httpx2.AsyncClient(base_url=address, timeout=60) as http:
            quick = parsed(
                (await http.post("/chatkit", content=create("quick"), headers=JSON)).content
            )
        assert len(streamed_text(quick)) == len(piece) * count
        slow = live.readers[0]
        assert slow.position < count, "what is not read is not sent"

        answer = await reader.read(-1)
        writer.close()
        await writer.wait_closed()
    assert answer.count(piece.encode()) >= count


class BreakingReader(LogReader):
    """Can't be read any further once something was read."""

    def __init__(self, reader: LogReader) -> None:
        self.position = 0
        self._reader = reader

    async def read(self, gather: float = 0.0) -> list[bytes]:
        if self.position:
            raise ConnectionResetError(SECRET)
        frames = await self._reader.read(gather)
        self.position = self._reader.position
        return frames

    def close(self) -> None:
        self._reader.close()


class BreakingLog(MemoryLiveLog):
    async def reader(self, turn: TurnRecord, position: int = 0) -> LogReader | None:
        reader = await super().reader(turn, position)
        return reader and BreakingReader(reader)


async def test_a_log_that_breaks_cuts_the_stream_and_not_the_turn(
    memory: ObservedStore, caplog: pytest.LogCaptureFixture
) -> None:
    pause = Pause()
    responder = ScriptedResponder(["Once ", pause, "upon"])
    chat = Chatkeep(store=memory.store, responder=responder, live=BreakingLog(60, 2**30))
    async with served(chat) as http:
        with pytest.raises(httpx2.RemoteProtocolError):
            await http.post("/chatkit", content=create(), headers=JSON)
        await pause.reached.wait()
        pause.end()
        assert await memory.ends.get() == "finished"
    assert "can't be read" in caplog.text
    assert not pause.cancelled.is_set()


async def test_a_slow_reader_that_leaves_is_noticed(memory: ObservedStore) -> None:
    said = asyncio.Event()
    pause = Pause()

    async def responder(_: Turn) -> AsyncGenerator[str]:
        for _number in range(1_000):
            yield "x" * 10_000
        said.set()
        await pause.wait()

    chat = Chatkeep(store=memory.store, responder=responder)
    async with serve(chat.asgi()) as address:
        parts = urlsplit(address)
        _, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1024)
        content = create("slowly")
        head = b"POST /chatkit HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        writer.write(head + b"content-length: %d\r\n\r\n" % len(content) + content)
        await said.wait()
        writer.transport.abort()
        assert await memory.ends.get() == "stopped"
        await pause.cancelled.wait()


# Health


async def test_health() -> None:
    async with served(answering()) as http:
        for path in ("/health", "/health/ready", "/chatkit/health", "/chatkit/health/ready"):
            response = await http.get(path)
            assert (response.status_code, response.json()["status"]) == (200, "ok")


async def test_a_server_without_its_store_is_alive_and_not_ready(memory: ObservedStore) -> None:
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."))
    async with served(chat) as http:
        memory.broken = {"ping"}
        assert (await http.get("/health")).status_code == 200
        response = await http.get("/health/ready")
        assert error_of(response) == (503, "service.unavailable")
        assert SECRET not in response.text
        memory.broken.clear()
        assert (await http.get("/health/ready")).status_code == 200


# Who asks


def sync_auth(request: Request) -> Context:
    if request.headers.get("authorization") != "Bearer good":
        raise AuthenticationRequired
    return Context(user="ann", tenant="shop", extra={"plan": "free"})


async def async_auth(request: Request) -> Context:
    return sync_auth(request)


class ObjectAuth:
    async def __call__(self, request: Request) -> Context:
        return sync_auth(request)


@pytest.mark.parametrize("authenticate", [sync_auth, async_auth, ObjectAuth()])
async def test_an_authenticator_says_who_asks(authenticate: Any) -> None:
    responder = ScriptedResponder("Yes.")
    chat = Chatkeep("memory:", responder=responder, authenticate=authenticate)
    async with served(chat) as http:
        headers = JSON | {"authorization": "Bearer good"}
        response = await http.post("/chatkit", content=create(), headers=headers)
        assert response.status_code == 200
        refused = await http.post("/chatkit", content=create(), headers=JSON)
        assert error_of(refused) == (401, "auth.required")
        assert refused.json()["error"]["message"] == "Sign in to continue."
    (turn,) = responder.turns
    assert (turn.context.user, turn.context.tenant) == ("ann", "shop")
    assert turn.context.extra == {"plan": "free"}


def denied(_: Request) -> Context:
    raise PermissionDenied("Your trial has ended.")


def nobody(_: Request) -> None:
    return None


def broken(_: Request) -> Context:
    raise RuntimeError(SECRET)


def nonsense(_: Request) -> str:
    return SECRET


@pytest.mark.parametrize(
    ("authenticate", "status", "code"),
    [
        (denied, 403, "auth.denied"),
        (nobody, 401, "auth.required"),
        (broken, 500, "internal"),
        (nonsense, 500, "internal"),
    ],
)
async def test_an_authenticator_refuses_or_fails(authenticate: Any, status: int, code: str) -> None:
    responder = ScriptedResponder("Yes.")
    chat = Chatkeep("memory:", responder=responder, authenticate=authenticate)
    async with served(chat) as http:
        response = await http.post("/chatkit", content=create(), headers=JSON)
    assert error_of(response) == (status, code)
    assert SECRET not in response.text
    assert "Traceback" not in response.text
    assert responder.turns == []


async def test_strangers_are_refused_before_their_body_is_read() -> None:
    chat = answering(authenticate=nobody)
    async with serve(chat.asgi()) as address:
        head = b"POST /chatkit HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        request = head + b"connection: close\r\ncontent-length: 1000\r\n\r\n"
        answer = await exchanged(address, request)
    assert answer.startswith(b"HTTP/1.1 401 ")


async def test_a_responder_sees_listed_headers_and_the_language() -> None:
    responder = ScriptedResponder("Yes.")
    chat = Chatkeep("memory:", responder=responder, context_headers=["X-Page", "x-missing"])
    async with served(chat) as http:
        headers = JSON | {
            "x-page": "/cart",
            "authorization": "Bearer secret",
            "cookie": "session=secret",
            "accept-language": "de-CH, de;q=0.9, *;q=0.1",
        }
        await http.post("/chatkit", content=create(), headers=headers)
        await http.post("/chatkit", content=create("2"), headers=JSON | {"accept-language": "*"})
    first, second = (turn.context for turn in responder.turns)
    assert first.headers == {"x-page": "/cart"}
    assert (first.locale, second.locale) == ("de-CH", None)


# Where it is mounted


async def talks(address: str, path: str) -> None:
    """Hold a conversation of two messages with what is served at a path."""
    async with ChatClient(f"{address}{path}") as client:
        events = [event async for event in client.send("Hi")]
        events += [event async for event in client.send("And now?", thread_id_of(events))]
        assert streamed_text(events) == "Yes.Yes."
        assert errors(events) == []
        assert len((await client.items(thread_id_of(events)))["data"]) == 4


@pytest.mark.parametrize("prefix", ["/chatkit", "/api/v1/chat"])
async def test_a_fastapi_router(memory: ObservedStore, prefix: str) -> None:
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."))
    app = FastAPI()
    app.include_router(chat.router(prefix))
    async with serve(app) as address:
        assert "open" in memory.calls
        for path in (prefix, f"{prefix}/"):
            await talks(address, path)
        async with httpx2.AsyncClient(base_url=address) as http:
            assert (await http.get(f"{prefix}/health/ready")).status_code == 200
            assert (await http.get(prefix)).status_code == 405
            bad = await http.post(prefix, content=b"{", headers=JSON)
            assert error_of(bad) == (400, "request.invalid")
            schema = (await http.get("/openapi.json")).json()
            assert schema["paths"] == {}
    assert memory.calls[-1] == "close"


async def test_a_fastapi_router_beside_an_application_of_its_own(memory: ObservedStore) -> None:
    happened = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        happened.append("begun")
        yield
        happened.append("ended")

    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."))
    app = FastAPI(lifespan=lifespan)
    app.include_router(chat.router(), prefix="/api")
    async with serve(app) as address:
        await talks(address, "/api/chatkit")
    assert happened == ["begun", "ended"]
    assert memory.calls[-1] == "close"


def mounted_in_fastapi(chat: Chatkeep) -> Any:
    app = FastAPI()
    app.mount("/chatkit", chat.asgi())
    return app


def mounted_in_starlette(chat: Chatkeep) -> Any:
    return Starlette(routes=[Mount("/chatkit", chat.asgi())], lifespan=chat.lifespan)


@pytest.mark.parametrize("mounted", [mounted_in_fastapi, mounted_in_starlette])
async def test_it_can_be_mounted(memory: ObservedStore, mounted: Any) -> None:
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."))
    async with (
        serve(mounted(chat)) as address,
        httpx2.AsyncClient(base_url=address, follow_redirects=True) as http,
    ):
        await talks(address, "/chatkit/")
        # Without the slash the framework itself redirects, as a browser's fetch follows.
        response = await http.post("/chatkit", content=create("Hello"), headers=JSON)
        assert [step.status_code for step in response.history] == [307]
        assert streamed_text(parsed(response.content)) == "Yes."
        assert (await http.get("/chatkit/health/ready")).status_code == 200
    await chat.close()


async def test_several_servers_live_side_by_side() -> None:
    one, two = answering("One."), answering("Two.")
    app = Starlette(routes=[Mount("/one", one.asgi()), Mount("/two", two.asgi())])
    async with serve(app) as address, httpx2.AsyncClient(base_url=address) as http:
        for path, said in (("/one/", "One."), ("/two/", "Two.")):
            response = await http.post(path, content=create(), headers=JSON)
            assert streamed_text(parsed(response.content)) == said
            threads = await http.post(path, content=body("threads.list"), headers=JSON)
            assert len(threads.json()["data"]) == 1
    await asyncio.gather(one.close(), two.close())


# Nothing leaks


@pytest.mark.parametrize("content", [create(), add("thr_1", "Hi"), body("threads.list")])
async def test_no_detail_of_a_failure_reaches_a_client(
    memory: ObservedStore, content: bytes
) -> None:
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."))
    async with served(chat) as http:
        memory.broken = {"begin_turn", "get_thread", "list_threads"}
        response = await http.post("/chatkit", content=content, headers=JSON)
    assert error_of(response) == (500, "internal")
    for leak in (SECRET, "Traceback", ".py", "Broken"):
        assert leak not in response.text
    message = msgspec.json.decode(response.content)["error"]["message"]
    assert re.fullmatch(r"Something went wrong \(error err_[0-9a-f]{32}\)\.", message)
