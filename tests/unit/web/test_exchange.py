"""The front door, by itself: no framework, no socket."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chatkeep import Chatkeep, Context
from chatkeep.engine.once import ClientGone
from chatkeep.engine.streams import EventStream
from chatkeep.errors import RequestTimedOut, TooManyRequests
from chatkeep.protocol import headers
from chatkeep.stores.memory import MemoryStore
from chatkeep.testing.responder import ScriptedResponder
from chatkeep.web.exchange import Exchange, Incoming, Outgoing, error_outgoing, health, ready
from support.clients import body, create
from support.events import parsed, streamed_text
from support.stores import SECRET, ObservedStore

JSON = {"content-type": "application/json"}


def incoming(*chunks: bytes, method: str = "POST", **options: Any) -> Incoming:
    async def read() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    given: dict[str, Any] = {"headers": JSON, "body": read} | options
    return Incoming(method, **given)


async def answered(chat: Chatkeep, request: Incoming) -> Outgoing:
    async with chat.lifespan():
        outgoing = await Exchange(chat, request).run()
        if isinstance(outgoing.body, EventStream):
            stream = b"".join([chunk async for chunk in outgoing.body])
            return Outgoing(outgoing.status, stream, outgoing.headers)
        return outgoing


def whole(outgoing: Outgoing) -> bytes:
    assert isinstance(outgoing.body, bytes)
    return outgoing.body


async def test_a_stream_and_a_whole_answer() -> None:
    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."))
    stream = await answered(chat, incoming(create()[:10], create()[10:]))
    assert streamed_text(parsed(whole(stream))) == "Yes."
    assert stream.headers["content-encoding"] == "identity"
    listed = await answered(chat, incoming(body("threads.list")))
    assert (listed.status, listed.headers) == (200, JSON)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "BREW", ""])
async def test_only_post_is_answered(method: str) -> None:
    outgoing = await answered(Chatkeep("memory:"), incoming(method=method))
    assert (outgoing.status, outgoing.headers["allow"]) == (405, "POST, OPTIONS")


async def test_who_asks_is_decided_before_the_body_is_read() -> None:
    read: list[bool] = []

    async def body_read() -> AsyncIterator[bytes]:
        read.append(True)
        yield b"{}"

    seen: list[Any] = []
    chat = Chatkeep("memory:", authenticate=seen.append)
    outgoing = await answered(chat, incoming(body=body_read, request="its own"))
    assert (outgoing.status, seen, read) == (401, ["its own"], [])


async def test_a_body_that_breaks_off_is_answered_to_nobody() -> None:
    async def read() -> AsyncIterator[bytes]:
        yield b"{"
        raise ClientGone

    assert (await answered(Chatkeep("memory:"), incoming(body=read))).status == 499


async def test_what_is_foreign_is_raised() -> None:
    async def authenticate(_: Any) -> Context:
        raise LookupError(SECRET)

    chat = Chatkeep("memory:", authenticate=authenticate)
    with pytest.raises(LookupError):
        await answered(chat, incoming(is_foreign=lambda error: isinstance(error, LookupError)))
    outgoing = await answered(chat, incoming())
    assert outgoing.status == 500
    assert SECRET.encode() not in whole(outgoing)


async def test_a_client_that_leaves_while_a_handler_runs_is_not_waited_for() -> None:
    began, left = asyncio.Event(), asyncio.Event()
    chat = Chatkeep("memory:")

    @chat.transcribe
    async def listen(*_: Any) -> str:
        began.set()
        await left.wait()
        return "heard"

    async def gone() -> None:
        await began.wait()

    content = body("input.transcribe", audio_base64="aGk=", mime_type="audio/webm")
    async with chat.lifespan():
        assert (await Exchange(chat, incoming(content, gone=gone)).run()).status == 499
        left.set()
        again = await Exchange(chat, incoming(content)).run()
        assert again.body == b'{"text":"heard"}'


def test_errors_carry_their_headers() -> None:
    assert error_outgoing(TooManyRequests(retry_after=0.2)).headers["Retry-After"] == "1"
    assert "Retry-After" not in error_outgoing(TooManyRequests()).headers
    assert error_outgoing(RequestTimedOut()).headers["Retry-After"] == "1"


async def test_ready_tells_a_closing_server_from_a_broken_store(
    caplog: pytest.LogCaptureFixture,
) -> None:
    memory = ObservedStore(MemoryStore())
    chat = Chatkeep(store=memory.store)
    await chat.open()
    assert (health().status, (await ready(chat)).status) == (200, 200)
    memory.broken = {"ping"}
    assert b"does not answer" in whole(await ready(chat))
    assert SECRET in caplog.text
    caplog.clear()
    await chat.close()
    closed = await ready(chat)
    assert (health().status, closed.status) == (200, 503)
    assert caplog.records == []


def test_the_header_that_asks_for_more_may_come_from_another_origin() -> None:
    assert headers.RESUMABLE in headers.ALLOWED
    assert headers.LAST_EVENT_ID in headers.ALLOWED
    assert sorted(headers.ALLOWED) == list(headers.ALLOWED)
