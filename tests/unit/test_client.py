"""The client against a hand-made server: what it sends, yields and raises."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from itertools import count
from typing import Any

import httpx2
import msgspec
import pytest

from chatkeep import Chatkeep, Turn
from chatkeep.client import ChatClient, ClientFailure
from chatkeep.testing.client import InProcessTransport, Message, connected

URL = "http://chat.test/chatkit"


class Chunks(httpx2.AsyncByteStream):
    """A response body that arrives in the given pieces, and may break off."""

    def __init__(self, chunks: Sequence[bytes], failure: Exception | None = None) -> None:
        self.chunks = chunks
        self.failure = failure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            yield chunk
        if self.failure:
            raise self.failure


def client(
    answer: Callable[[httpx2.Request], httpx2.Response], headers: dict[str, str] | None = None
) -> ChatClient:
    return ChatClient(URL, headers=headers, transport=httpx2.MockTransport(answer))


def streaming(chunks: Sequence[bytes], failure: Exception | None = None) -> ChatClient:
    headers = {"Content-Type": "text/event-stream"}
    return client(lambda _: httpx2.Response(200, headers=headers, stream=Chunks(chunks, failure)))


async def events_of(chat: ChatClient) -> list[dict[str, Any]]:
    async with chat:
        return [event async for event in chat.send("Hello")]


BODY = (
    ": keep-alive\n\n"
    'id: 1\ndata: {"type":"progress_update","text":"Gr\u00fc\u00dfe, \U0001f600 \u2028 \u05e9"}\n\n'
    'id: 2\r\ndata: {"type":"error","code":"custom"}\r\n\r\n'
    'data:{"type":"notice"}\n\n'
).encode()


@pytest.mark.parametrize("size", range(1, 12))
async def test_events_are_whole_wherever_the_stream_is_split(size: int) -> None:
    chunks = [BODY[start : start + size] for start in range(0, len(BODY), size)]
    events = await events_of(streaming(chunks))
    assert [event["type"] for event in events] == ["progress_update", "error", "notice"]
    assert events[0]["text"] == "Gr\u00fc\u00dfe, \U0001f600 \u2028 \u05e9"


async def test_an_event_of_several_megabytes_arrives() -> None:
    text = "x" * 3_000_000
    body = b"data: " + msgspec.json.encode({"type": "notice", "message": text}) + b"\n\n"
    chunks = [body[start : start + 65_536] for start in range(0, len(body), 65_536)]
    assert (await events_of(streaming(chunks)))[0]["message"] == text


async def test_lone_surrogates_survive_both_ways() -> None:
    bodies = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        bodies.append(request.content)
        return httpx2.Response(200, content=rb'{"title":"\ud83d"}')

    async with client(answer) as chat:
        assert (await chat.rename("thr_1", "\ud83d"))["title"] == "\ud83d"
    assert rb'"\ud83d"' in bodies[0]


async def test_requests_say_what_they_are_and_leave_out_what_is_not_given() -> None:
    requests = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        return httpx2.Response(200, content=b'{"data":[],"has_more":false}')

    async with client(answer, headers={"Authorization": "Bearer x"}) as chat:
        await chat.threads(limit=5)
    headers = requests[0].headers
    assert headers["Chatkeep-Live"] == "1"
    assert headers["Authorization"] == "Bearer x"
    assert headers["Content-Type"] == "application/json"
    assert msgspec.json.decode(requests[0].content) == {
        "type": "threads.list",
        "params": {"limit": 5, "order": "desc"},
    }


async def test_the_first_message_creates_a_thread_and_the_next_adds_to_it() -> None:
    types = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        types.append(msgspec.json.decode(request.content)["type"])
        return httpx2.Response(200, headers={"Content-Type": "text/event-stream"})

    async with client(answer) as chat:
        assert [event async for event in chat.send("Hello")] == []
        assert [event async for event in chat.send("Again", "thr_1")] == []
    assert types == ["threads.create", "threads.add_user_message"]


async def test_a_refusal_carries_the_servers_own_words() -> None:
    body = b'{"error":{"code":"not_found","message":"There is no such thread."}}'
    async with client(lambda _: httpx2.Response(404, content=body)) as chat:
        with pytest.raises(ClientFailure) as failure:
            await chat.thread("thr_1")
    assert failure.value.status == 404
    assert failure.value.code == "not_found"
    assert failure.value.message == "There is no such thread."


@pytest.mark.parametrize("message", ["", " ", None, {"a": 1}, 3, []])
async def test_a_refusal_is_never_without_words(message: Any) -> None:
    body = msgspec.json.encode({"error": {"code": message, "message": message}})
    async with client(lambda _: httpx2.Response(404, content=body)) as chat:
        with pytest.raises(ClientFailure, match="There is no ChatKit endpoint") as failure:
            await chat.thread("thr_1")
    assert failure.value.code == "http.404"
    assert str(ClientFailure("", code="protocol")) == "The request failed (protocol)."


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "send a token"),
        (404, "no ChatKit endpoint"),
        (413, "too large"),
        (502, "status 502"),
        (307, "moved to /elsewhere"),
    ],
)
async def test_a_refusal_without_words_is_put_into_words(status: int, words: str) -> None:
    headers = {"Location": "/elsewhere"}
    with pytest.raises(ClientFailure, match=words) as failure:
        await events_of(
            client(lambda _: httpx2.Response(status, headers=headers, content=b"<html>"))
        )
    assert failure.value.status == status


async def test_no_server_is_a_failed_connection() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("Connection refused", request=request)

    with pytest.raises(ClientFailure, match="Connection refused") as failure:
        await events_of(client(answer))
    assert failure.value.code == "connection.failed"
    assert URL in failure.value.message


async def test_a_cut_stream_yields_what_came_and_then_fails() -> None:
    cut = httpx2.RemoteProtocolError("peer closed connection")
    events = []
    async with streaming([BODY], cut) as chat:
        with pytest.raises(ClientFailure) as failure:
            async for event in chat.send("Hello"):
                events.append(event)  # noqa: PERF401 - what came before the failure counts
    assert len(events) == 3
    assert failure.value.code == "connection.lost"


@pytest.mark.parametrize(
    "response",
    [
        httpx2.Response(200, headers={"Content-Type": "text/html"}, content=b"<html>"),
        httpx2.Response(
            200, headers={"Content-Type": "text/event-stream"}, content=b"data: no\n\n"
        ),
    ],
    ids=["another content type", "not JSON"],
)
async def test_what_is_not_chatkit_is_named(response: httpx2.Response) -> None:
    with pytest.raises(ClientFailure) as failure:
        await events_of(client(lambda _: response))
    assert failure.value.code == "protocol"


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://x/", "http://[::1"])
def test_a_bad_address_is_refused_at_once(url: str) -> None:
    with pytest.raises(ClientFailure, match="is not an address"):
        ChatClient(url)


async def frames(send: Any, *bodies: bytes) -> None:
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for body in bodies:
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def test_in_process_a_response_streams_while_the_app_still_runs() -> None:
    seen = asyncio.Event()

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["body"]
        await frames(send, b'data: {"n":1}\n\n')
        await seen.wait()
        await send({"type": "http.response.body", "body": b'data: {"n":2}\n\n'})

    numbers = []
    async with asyncio.timeout(5), ChatClient(URL, transport=InProcessTransport(app)) as chat:
        async for event in chat.send("Hello"):
            numbers.append(event["n"])
            seen.set()
    assert numbers == [1, 2]


async def test_in_process_leaving_early_is_a_disconnect() -> None:
    messages: list[Message] = []

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await frames(send, b'data: {"n":1}\n\n')
        messages.append(await receive())

    async with (
        asyncio.timeout(5),
        ChatClient(URL, transport=InProcessTransport(app)) as chat,
        aclosing(chat.send("Hello")) as events,
    ):
        assert (await anext(events))["n"] == 1
    assert messages == [{"type": "http.disconnect"}]


async def test_in_process_an_error_of_the_app_is_raised() -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        raise LookupError("broken")

    async with ChatClient(URL, transport=InProcessTransport(app)) as chat:
        with pytest.raises(LookupError):
            await chat.threads()


async def words(turn: Turn) -> AsyncIterator[str]:
    """Answer ``N`` with N words; a word by itself for ever."""
    text = turn.message.text if turn.message else ""
    for number in range(int(text)) if text.isdecimal() else count():
        yield f"word{number} "
        await asyncio.sleep(0)


def answer_of(events: list[dict[str, Any]]) -> str:
    deltas = [event.get("update", {}).get("delta", "") for event in events]
    return "".join(deltas)


async def test_in_process_a_program_can_do_what_a_person_does() -> None:
    async with connected(Chatkeep("memory:", responder=words)) as chat:
        events = [event async for event in chat.send("2")]
        assert answer_of(events) == "word0 word1 "
        [thread] = (await chat.threads())["data"]
        thread_id = thread["id"]
        answer, question = (await chat.items(thread_id))["data"]

        await chat.feedback(thread_id, [answer["id"]], "positive")
        assert (await chat.rename(thread_id, "Words"))["title"] == "Words"
        again = [event async for event in chat.retry(thread_id, question["id"])]
        assert answer_of(again) == "word0 word1 "
        more = [event async for event in chat.send("1", thread_id)]
        assert answer_of(more) == "word0 "
        assert len((await chat.thread(thread_id))["items"]["data"]) == 4

        await chat.delete(thread_id)
        with pytest.raises(ClientFailure) as failure:
            await chat.thread(thread_id)
    assert failure.value.status == 404


async def test_in_process_an_answer_without_end_is_stopped() -> None:
    async with connected(Chatkeep("memory:", responder=words)) as chat:
        seen = ""
        thread_id = ""
        async for event in chat.send("for ever"):
            if event["type"] == "thread.created":
                thread_id = event["thread"]["id"]
            if not seen and (seen := answer_of([event])):
                await chat.stop(thread_id)
        answer = (await chat.items(thread_id))["data"][0]
    assert answer["content"][0]["text"].startswith("word0 ")
