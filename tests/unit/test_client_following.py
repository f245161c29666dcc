"""The client whose stream breaks off: it follows on, and yields each event once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Any

import httpx2
import msgspec
import pytest

from chatkeep.client import ChatClient, ClientFailure
from chatkeep.protocol.sse import numbered, priming

URL = "http://chat.test/chatkit"
STREAM = {"Content-Type": "text/event-stream"}
THREAD: Any = {"type": "thread.created", "thread": {"id": "thr_1"}}
ASKED: Any = {"type": "thread.item.done", "item": {"id": "question", "type": "user_message"}}
ADDED: Any = {"type": "thread.item.added", "item": {"id": "answer", "type": "assistant_message"}}
DONE: Any = {"type": "thread.item.done", "item": {"id": "answer", "type": "assistant_message"}}
FAILED: Any = {"type": "error", "code": "turn.interrupted"}
ANSWER = [THREAD, ASKED, ADDED, {"type": "progress_update", "text": "1"}, DONE]
CUT = httpx2.RemoteProtocolError("peer closed connection without sending complete message body")


class Body(httpx2.AsyncByteStream):
    """What arrives of a response, and how it ends."""

    def __init__(self, data: bytes, failure: Exception | None = None) -> None:
        self.data = data
        self.failure = failure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.data
        if self.failure:
            raise self.failure


def frames(events: Sequence[Any], first: int = 0, turn: str = "trn_1") -> bytes:
    encoded = [b"data: " + msgspec.json.encode(event) + b"\n\n" for event in events]
    return b"".join(numbered(encoded, turn, first))


def streamed(data: bytes, failure: Exception | None = None) -> httpx2.Response:
    return httpx2.Response(200, headers=STREAM, stream=Body(data, failure))


def refused(status: int, code: str) -> httpx2.Response:
    return httpx2.Response(status, json={"error": {"code": code, "message": "No."}})


Reply = Callable[[], httpx2.Response]


class Server:
    """Answers one request after the other as it is told, and writes them down."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[tuple[str, str | None]] = []
        self.bodies: list[bytes] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.bodies.append(request.content)
        kind = msgspec.json.decode(request.content)["type"]
        self.asked.append((kind, request.headers.get("Last-Event-ID")))
        return self.replies.pop(0)()


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that the client makes, which take no time."""
    made: list[float] = []
    sleep = asyncio.sleep

    async def pause(seconds: float) -> None:
        made.append(seconds)
        await sleep(0)

    monkeypatch.setattr("chatkeep.client.asyncio.sleep", pause)
    return made


async def events_of(server: Server, *, retry: bool = False) -> list[Any]:
    async with ChatClient(URL, transport=httpx2.MockTransport(server)) as chat:
        events = chat.retry("thr_1", "question") if retry else chat.send("Hello")
        return [event async for event in events]


BYTES = frames(ANSWER)


@pytest.mark.parametrize("cut", range(0, len(BYTES), 7))
async def test_a_stream_that_is_cut_anywhere_is_followed_on(cut: int) -> None:
    def rest() -> httpx2.Response:
        kind, last = server.asked[-1]
        if kind != "threads.follow":
            assert server.bodies[0] == server.bodies[1], "the same request again"
            return streamed(BYTES)
        assert last is not None
        position = int(last.removeprefix("trn_1:")) + 1
        return streamed(priming("trn_1", position) + frames(ANSWER[position:], position))

    server = Server(lambda: streamed(BYTES[:cut], CUT), rest)
    assert await events_of(server) == ANSWER
    assert len(server.asked) == 2


async def test_a_request_that_broke_before_the_answer_is_sent_again_once() -> None:
    def breaks() -> httpx2.Response:
        raise httpx2.RemoteProtocolError("Server disconnected without sending a response.")

    server = Server(breaks, lambda: streamed(BYTES))
    assert await events_of(server) == ANSWER
    assert server.bodies[0] == server.bodies[1]

    server = Server(breaks, breaks)
    with pytest.raises(ClientFailure) as failure:
        await events_of(server)
    assert failure.value.code == "connection.failed"


async def test_what_never_reached_a_server_is_not_sent_again() -> None:
    def refuses() -> httpx2.Response:
        raise httpx2.ConnectError("Connection refused")

    with pytest.raises(ClientFailure, match="Connection refused"):
        await events_of(server := Server(refuses))
    assert len(server.asked) == 1


async def test_events_that_come_again_are_yielded_once(pauses: list[float]) -> None:
    from_the_start = priming("trn_1", 0) + BYTES
    server = Server(lambda: streamed(frames(ANSWER[:3]), CUT), lambda: streamed(from_the_start))
    assert await events_of(server) == ANSWER
    assert pauses == [1.0]


async def test_numbers_that_jump_lose_nothing() -> None:
    tail = frames([DONE, FAILED], 1_000_000_000)
    server = Server(
        lambda: streamed(frames(ANSWER[:4]), CUT), lambda: streamed(priming("trn_1", 4) + tail)
    )
    assert await events_of(server) == [*ANSWER[:4], DONE, FAILED]


async def test_a_server_may_hang_up_and_says_when_to_come_back(pauses: list[float]) -> None:
    hang_up = b"retry: 2500\nid: trn_1:1\ndata: \n\n"
    server = Server(
        lambda: streamed(frames(ANSWER[:2]) + hang_up),
        lambda: streamed(priming("trn_1", 2)),
        lambda: streamed(b": keep-alive\n\n" + frames(ANSWER[2:], 2)),
    )
    assert await events_of(server) == ANSWER
    assert server.asked[1:] == [("threads.follow", "trn_1:1")] * 2
    assert pauses == [2.5, 2.0], "as the server says, and longer each time in vain"


async def test_a_stream_that_ends_in_the_middle_of_an_item_is_not_at_its_end() -> None:
    """A proxy ends a response whose other side was lost as if it were whole."""
    server = Server(
        lambda: streamed(frames(ANSWER[:3])),
        lambda: streamed(priming("trn_1", 3) + frames(ANSWER[3:], 3)),
    )
    assert await events_of(server) == ANSWER


async def test_an_error_is_an_end() -> None:
    server = Server(lambda: streamed(frames([*ANSWER[:3], FAILED])))
    assert await events_of(server) == [*ANSWER[:3], FAILED]


async def test_an_event_without_an_id_of_its_own_is_none_that_came_before() -> None:
    words = b"data: " + msgspec.json.encode(FAILED) + b"\n\n"
    server = Server(
        lambda: streamed(frames(ANSWER[:3]), CUT),
        lambda: streamed(priming("trn_1", 3) + words),
    )
    assert await events_of(server) == [*ANSWER[:3], FAILED]


def items(*names: str, more: bool = False) -> httpx2.Response:
    data = [{"id": name, "type": "assistant_message"} for name in names]
    return httpx2.Response(200, json={"data": data, "has_more": more, "after": names[-1]})


async def test_what_is_gone_is_loaded_as_items() -> None:
    server = Server(
        lambda: streamed(frames(ANSWER[:4]), CUT),
        lambda: httpx2.Response(204),
        lambda: items("card", "answer", "question", "older"),
    )
    found = await events_of(server)
    assert found[:4] == ANSWER[:4]
    assert [(event["type"], event["item"]["id"]) for event in found[4:]] == [
        ("thread.item.done", "answer"),
        ("thread.item.done", "card"),
    ]


@pytest.mark.parametrize("seen", [1, 2])
async def test_only_what_came_after_the_question_is_loaded(seen: int) -> None:
    server = Server(
        lambda: streamed(frames(ANSWER[:seen]), CUT),
        lambda: httpx2.Response(204),
        lambda: items("answer", "question", "older", more=True),
        lambda: items("oldest"),
    )
    found = await events_of(server)
    assert [event["item"]["id"] for event in found[seen:]] == (["answer"] if seen == 2 else [])


async def test_an_item_that_came_to_nothing_brings_no_old_ones() -> None:
    server = Server(
        lambda: streamed(frames(ANSWER[:3]), CUT),
        lambda: httpx2.Response(204),
        lambda: items("question", "older", more=True),
        lambda: items("oldest"),
    )
    assert await events_of(server) == ANSWER[:3]


async def test_a_retry_that_is_gone_is_loaded_from_its_question_on() -> None:
    progress = [{"type": "progress_update", "text": "1"}]
    server = Server(
        lambda: streamed(frames(progress), CUT),
        lambda: httpx2.Response(204),
        lambda: items("answer", "question", "older"),
    )
    found = await events_of(server, retry=True)
    assert [event["item"]["id"] for event in found[1:]] == ["answer"]


async def test_another_answer_is_not_taken_for_the_rest_of_this_one() -> None:
    server = Server(
        lambda: streamed(frames(ANSWER[:3]), CUT),
        lambda: streamed(priming("trn_2", 0) + frames(ANSWER, turn="trn_2")),
        lambda: items("answer", "question"),
    )
    found = await events_of(server)
    assert [event["type"] for event in found[3:]] == ["thread.item.done"]


async def test_tries_are_bounded_and_their_pauses_grow(pauses: list[float]) -> None:
    def refuses() -> httpx2.Response:
        raise httpx2.ConnectError("Connection refused")

    replies: list[Reply] = [refuses, lambda: refused(503, "service_unavailable")] * 10
    server = Server(lambda: streamed(frames(ANSWER[:3]), CUT), *replies)
    with pytest.raises(ClientFailure) as failure:
        await events_of(server)
    assert failure.value.code == "connection.lost"
    assert pauses == [1.0, 2.0, 4.0, 5.0, 5.0]
    assert len(server.asked) == 6


async def test_each_event_gives_new_tries() -> None:
    replies: list[Reply] = [
        lambda number=number: streamed(  # type: ignore[misc]
            priming("trn_1", number) + frames([ANSWER[3]], number), CUT
        )
        for number in range(3, 23)
    ]
    last = priming("trn_1", 23) + frames([DONE], 23)
    server = Server(lambda: streamed(frames(ANSWER[:3]), CUT), *replies, lambda: streamed(last))
    assert await events_of(server) == [*ANSWER[:3], *[ANSWER[3]] * 20, DONE]


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (lambda: refused(400, "request.unknown_type"), "connection.lost"),
        (lambda: refused(404, "not_found"), "not_found"),
        (lambda: refused(401, "unauthenticated"), "unauthenticated"),
    ],
)
async def test_a_server_that_refuses_is_not_asked_again(reply: Reply, code: str) -> None:
    server = Server(lambda: streamed(frames(ANSWER[:3]), CUT), reply)
    with pytest.raises(ClientFailure) as failure:
        await events_of(server)
    assert failure.value.code == code


async def test_a_server_without_ids_is_not_asked_to_be_followed() -> None:
    plain = b"".join(b"data: " + msgspec.json.encode(event) + b"\n\n" for event in ANSWER[:3])
    server = Server(lambda: streamed(plain, CUT))
    with pytest.raises(ClientFailure) as failure:
        await events_of(server)
    assert failure.value.code == "connection.lost"
    server = Server(lambda: streamed(plain))
    assert await events_of(server) == ANSWER[:3]


async def test_following_a_thread_yields_the_answer_that_runs() -> None:
    server = Server(
        lambda: streamed(priming("trn_1", 0) + frames(ANSWER[:2]), CUT),
        lambda: streamed(priming("trn_1", 2) + frames(ANSWER[2:], 2)),
        lambda: httpx2.Response(204),
        lambda: streamed(priming("trn_1", 4) + frames(ANSWER[4:], 4)),
    )
    async with ChatClient(URL, transport=httpx2.MockTransport(server)) as chat:
        assert [event async for event in chat.follow("thr_1")] == ANSWER
        assert [event async for event in chat.follow("thr_1")] == []
        assert [event async for event in chat.follow("thr_1", "trn_1:3")] == [DONE]
    assert [last for _, last in server.asked] == [None, "trn_1:1", None, "trn_1:3"]


async def test_a_server_that_is_not_there_is_not_waited_for() -> None:
    def refuses() -> httpx2.Response:
        raise httpx2.ConnectError("Connection refused")

    server = Server(refuses, lambda: refused(503, "service_unavailable"))
    async with ChatClient(URL, transport=httpx2.MockTransport(server)) as chat:
        for code in ("connection.failed", "service_unavailable"):
            with pytest.raises(ClientFailure) as failure:
                await anext(chat.follow("thr_1"))
            assert failure.value.code == code


async def test_a_server_that_takes_a_request_and_never_answers_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker that was killed may leave a socket behind that still takes connections."""
    monkeypatch.setattr("chatkeep.client._ANSWERED_WITHIN", 0.01)
    asked: list[str] = []

    async def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(msgspec.json.decode(request.content)["type"])
        if len(asked) > 1:
            await asyncio.Event().wait()
        return streamed(frames(ANSWER[:3]), CUT)

    async with ChatClient(URL, transport=httpx2.MockTransport(answer)) as chat:
        with pytest.raises(ClientFailure) as failure:
            [event async for event in chat.send("Hello")]
    assert failure.value.code == "connection.lost"
    assert asked == ["threads.create", *["threads.follow"] * 5]


async def test_a_server_that_hangs_up_now_and_then_is_followed_for_as_long_as_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chatkeep.client._LONG_ENOUGH", -1.0)
    hang_ups: list[Reply] = [lambda: streamed(priming("trn_1", 3))] * 20
    rest = priming("trn_1", 3) + frames(ANSWER[3:], 3)
    server = Server(lambda: streamed(frames(ANSWER[:3]), CUT), *hang_ups, lambda: streamed(rest))
    assert await events_of(server) == ANSWER


async def test_whoever_stops_reading_closes_the_connection() -> None:
    body = Body(BYTES)
    closed: list[bool] = []

    async def close() -> None:
        closed.append(True)

    body.aclose = close  # type: ignore[method-assign]
    response = httpx2.Response(200, headers=STREAM, stream=body)
    transport = httpx2.MockTransport(lambda _: response)
    async with ChatClient(URL, transport=transport) as chat, aclosing(chat.send("Hi")) as events:
        assert await anext(events) == THREAD
    assert closed
