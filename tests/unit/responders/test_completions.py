"""Answers of a model over a real socket, and all that can go wrong on the way."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any, cast

import httpx2
import pytest
from chatkit.types import NoticeEvent

from chatkeep import Chatkeep, Turn
from chatkeep.errors import (
    ConfigurationError,
    ModelAuthFailed,
    ModelCalledTool,
    ModelError,
    ModelNotFound,
    ModelRateLimited,
    ModelRejected,
    ModelStreamCut,
    ModelUnavailable,
)
from chatkeep.messages import ImagePart, Message, TextPart
from chatkeep.responders import completions
from chatkeep.responders.completions import Completions, Timeouts
from chatkeep.responders.retrieval import Retrieval
from chatkeep.retrieval import Match, Passage
from chatkeep.testing.client import connected
from chatkeep.testing.model_server import (
    Behaviour,
    FakeModel,
    HangUp,
    Raw,
    Reply,
    Silence,
    failure,
)
from support.events import collected, done, errors, of_type, text_of

SECRET = "sk-very-secret"
HASTY = Timeouts(first_token=0.2, between_tokens=0.2)


class FakeTurn:
    """What a responder uses of a turn."""

    def __init__(self, *messages: str, model: str | None = None) -> None:
        self.messages = [Message("user", text) for text in messages or ["Hello"]]
        self.message = SimpleNamespace(inference_options=SimpleNamespace(model=model))
        self.asked: dict[str, Any] = {}
        self.usage: dict[str, Any] | None = None
        self.shown: list[Any] = []

    async def history(self, limit: int = 50, max_tokens: int | None = None) -> list[Message]:
        self.asked = {"limit": limit, "max_tokens": max_tokens}
        return self.messages

    async def emit(self, output: Any) -> None:
        self.shown.append(output)

    def record_usage(self, usage: dict[str, Any]) -> None:
        self.usage = usage


def a_turn(*messages: str, model: str | None = None) -> Any:
    return cast("Turn", FakeTurn(*messages, model=model))


@pytest.fixture(autouse=True)
def no_pauses_and_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completions, "_FIRST_PAUSE", 0.0)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
async def model() -> AsyncIterator[FakeModel]:
    async with FakeModel() as model:
        yield model


def responder_of(model: FakeModel, **options: Any) -> Completions:
    return Completions("fake", base_url=model.base_url, **options)


async def answer(model: FakeModel, turn: Any = None, **options: Any) -> list[str]:
    responder = responder_of(model, **options)
    try:
        return [text async for text in responder.respond(turn or a_turn())]
    finally:
        await responder.close()


async def broken_answer(model: FakeModel, **options: Any) -> tuple[list[str], ModelError]:
    responder = responder_of(model, **options)
    texts = []
    with pytest.raises(ModelError) as raised:
        async for text in responder.respond(a_turn()):
            texts.append(text)  # noqa: PERF401 - it breaks in the middle
    await responder.close()
    return texts, raised.value


# Asking


async def test_the_request(model: FakeModel) -> None:
    turn = a_turn("Hello", "Grüße 🙂")
    await answer(
        model,
        turn,
        instructions="Be brief.",
        temperature=0.5,
        extra={"max_tokens": 9, "stop": ["."]},
        history_limit=7,
        max_history_tokens=100,
        api_key=f" {SECRET}\n",
    )
    assert model.requests[0].body == {
        "model": "fake",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hello"},
            {"role": "user", "content": "Grüße 🙂"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "max_tokens": 9,
        "stop": ["."],
    }
    assert model.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert model.requests[0].headers["accept-encoding"] == "identity"
    assert turn.asked == {"limit": 7, "max_tokens": 100}


@pytest.mark.parametrize("api_key", [None, ""])
async def test_without_a_key_there_is_no_authorization(
    model: FakeModel, api_key: str | None
) -> None:
    await answer(model, api_key=api_key)
    assert "authorization" not in model.requests[0].headers
    assert "temperature" not in model.requests[0].body


@pytest.mark.parametrize(
    ("chosen", "asked"), [(None, "fake"), ("large", "large"), ("dearest", "fake")]
)
async def test_a_user_may_choose_among_the_models(
    model: FakeModel, chosen: str | None, asked: str
) -> None:
    await answer(model, a_turn(model=chosen), models=["large"])
    assert model.requests[0].body["model"] == asked


async def test_a_turn_without_a_message_is_answered(model: FakeModel) -> None:
    turn = a_turn()
    turn.message = None
    await answer(model, turn)
    assert model.requests[0].body["model"] == "fake"


async def test_halves_of_characters_reach_the_model_as_it_can_read_them(model: FakeModel) -> None:
    await answer(model, a_turn("pair \ud83d\ude42, half \ud83d."))
    assert model.requests[0].body["messages"][0]["content"] == "pair 🙂, half \ufffd."


async def test_messages_of_ones_own(model: FakeModel) -> None:
    responder = responder_of(model, instructions="Not these.")
    messages = [Message("user", "Mine")]
    assert [text async for text in responder.stream(messages)] != []
    assert model.requests[0].body["messages"] == [{"role": "user", "content": "Mine"}]
    await responder.close()


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/?version=1"])
async def test_the_address(model: FakeModel, path: str) -> None:
    base_url = model.base_url.replace("/v1", path)
    responder = Completions("fake", base_url=base_url, retries=0)
    if "?" in path:
        with pytest.raises(ModelNotFound):  # the fake model has no query
            await anext(responder.stream([]))
        assert model.requests[0].path == "/v1/chat/completions?version=1"
    else:
        assert await anext(responder.stream([])) == "Hello "
    await responder.close()


@pytest.mark.parametrize(
    "base_url", ["localhost:8000/v1", "ftp://host/v1", "http://", "http://host:port", ""]
)
def test_an_address_that_is_none(base_url: str) -> None:
    with pytest.raises(ConfigurationError, match="base URL"):
        Completions("fake", base_url=base_url)


@pytest.mark.parametrize("api_key", ["sk-\nsecret", "sk-sécret", "sk-\x00secret"])
def test_a_key_that_no_header_carries_is_refused_unquoted(api_key: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Completions("fake", api_key=api_key)
    assert "cret" not in str(refused.value)


# Reading


async def test_tokens_are_streamed_as_they_come(model: FakeModel) -> None:
    model.script.append(Reply("one two", ending="stall"))
    responder = responder_of(model)
    async with aclosing(responder.respond(a_turn())) as texts:
        assert [await anext(texts), await anext(texts)] == ["one ", "two"]
    await responder.close()


@pytest.mark.parametrize("split", [1, 2, 3, 7, 64])
async def test_any_boundaries(model: FakeModel, split: int) -> None:
    model.script.append(Reply("größer 🙂 größer", split=split))
    assert await answer(model) == ["größer ", "🙂 ", "größer"]


@pytest.mark.parametrize(
    "reply",
    [
        Reply("Hi you.", done_marker=False),
        Reply("Hi you.", tokens_per_write=100),
        Reply("Hi you.", tool_calls=[{"name": "look_up", "arguments": "{}"}]),
        Reply("Hi ", refusal="you."),
    ],
)
async def test_forms_of_an_answer(model: FakeModel, reply: Reply) -> None:
    model.script.append(reply)
    assert await answer(model) == ["Hi ", "you."]


async def test_a_server_that_does_not_stream(model: FakeModel) -> None:
    model.script.append(Reply("Hi you.", streams=False, usage={"total_tokens": 4}))
    turn = a_turn()
    assert await answer(model, turn) == ["Hi you."]
    assert turn.usage == {"total_tokens": 4}


async def test_an_empty_answer(model: FakeModel) -> None:
    model.script.append(Reply([]))
    assert await answer(model) == []
    assert len(model.requests) == 1


@pytest.mark.parametrize("ending", ["cut", "stall"])
async def test_an_answer_that_is_complete_needs_no_clean_end(
    model: FakeModel, monkeypatch: pytest.MonkeyPatch, ending: Any
) -> None:
    monkeypatch.setattr(completions, "_LINGER", 0.05)
    body = b'data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n'
    model.script.append(Raw(body, ending=ending))
    assert await answer(model) == ["Hi"]


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("text", ["Hi you.", []])
async def test_an_answer_that_the_model_had_to_cut_says_so(
    model: FakeModel, text: Any, streams: bool
) -> None:
    model.script.append(Reply(text, finish_reason="length", streams=streams))
    turn = a_turn()
    assert "".join(await answer(model, turn)) == ("Hi you." if text else "")
    (notice,) = turn.shown
    assert isinstance(notice, NoticeEvent)
    assert notice.level == "warning"
    assert notice.message.startswith("The answer was cut here")


@pytest.mark.parametrize("wrap", [lambda model: model, lambda model: Retrieval(Found(), model)])
async def test_a_cut_answer_is_kept_and_its_user_is_told(model: FakeModel, wrap: Any) -> None:
    model.script.append(Reply("Hi you.", finish_reason="length"))
    chat = Chatkeep("memory:", responder=wrap(responder_of(model)))
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
    (notice,) = of_type(events, "notice")
    assert notice["level"] == "warning"
    assert errors(events) == []
    assert [text_of(item) for item in done(events, "assistant_message")] == ["Hi you."]


class Found:
    """A search that finds something."""

    async def asearch(self, query: str, limit: int = 5) -> list[Match]:
        passage = Passage(path="a.md", line=1, title="A", heading="", text="Text.")
        return [Match(passage, 1.0, ())]


async def test_an_answer_without_a_turn_may_be_cut(model: FakeModel) -> None:
    model.script.append(Reply("Hi you.", finish_reason="length"))
    responder = responder_of(model)
    texts = [text async for text in responder.stream([Message("user", "Hi")])]
    await responder.close()
    assert "".join(texts) == "Hi you."


@pytest.mark.parametrize("finish_reason", ["tool_calls", "function_call"])
@pytest.mark.parametrize("streams", [True, False])
async def test_a_call_of_a_tool_is_no_silent_answer(
    model: FakeModel, finish_reason: str, streams: bool
) -> None:
    calls = [{"name": "look_up", "arguments": "{}"}]
    model.script.append(Reply([], tool_calls=calls, finish_reason=finish_reason, streams=streams))
    texts, error = await broken_answer(model)
    assert texts == []
    assert type(error) is ModelCalledTool
    assert error.allow_retry
    assert len(model.requests) == 1


async def test_a_model_that_sees_is_sent_images(model: FakeModel) -> None:
    url = "https://example.com/a.png"
    turn = a_turn()
    turn.messages = [Message("user", [TextPart("What is this?"), ImagePart(url, "a.png")])]
    await answer(model, turn)
    await answer(model, turn, sees_images=True)
    blind, seeing = (request.body["messages"][0]["content"] for request in model.requests)
    assert blind == "What is this?\n[Image: a.png]"
    assert seeing == [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": url}},
    ]


async def test_a_filtered_answer_is_not_passed_off_as_whole(model: FakeModel) -> None:
    model.script.append(Reply("Hi you.", finish_reason="content_filter"))
    texts, error = await broken_answer(model)
    assert texts == ["Hi ", "you."]
    assert type(error) is ModelRejected


# Usage


async def test_usage_is_recorded_on_the_turn(model: FakeModel) -> None:
    usage = {"prompt_tokens": 3, "total_tokens": 5, "details": {"cached": 1}}
    model.script.append(Reply(usage=usage))
    turn = a_turn()
    await answer(model, turn)
    assert turn.usage == usage


@pytest.mark.parametrize("status", [400, 422])
async def test_a_server_that_knows_no_usage_is_asked_without(model: FakeModel, status: int) -> None:
    refusal = failure(status, "Unknown parameter: 'stream_options'.")
    model.script.append(refusal)
    responder = responder_of(model, retries=0)
    for _ in range(2):
        assert [text async for text in responder.respond(a_turn())]
    asked = ["stream_options" in request.body for request in model.requests]
    assert asked == [True, False, False]
    await responder.close()


async def test_usage_that_a_program_asks_for_itself_is_not_given_up(model: FakeModel) -> None:
    model.script.append(failure(400, "Unknown parameter: 'stream_options'."))
    _, error = await broken_answer(model, extra={"stream_options": {"include_usage": True}})
    assert type(error) is ModelRejected
    assert len(model.requests) == 1


# Failing


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, ModelRejected),
        (401, ModelAuthFailed),
        (403, ModelAuthFailed),
        (404, ModelNotFound),
        (408, ModelUnavailable),
        (409, ModelUnavailable),
        (413, ModelRejected),
        (422, ModelRejected),
        (429, ModelRateLimited),
        (307, ModelUnavailable),
        (500, ModelUnavailable),
        (503, ModelUnavailable),
    ],
)
async def test_errors_are_ours_and_the_log_has_theirs(
    model: FakeModel, caplog: pytest.LogCaptureFixture, status: int, expected: type[ModelError]
) -> None:
    model.script.append(failure(status, f"upstream detail {SECRET} " + "x" * 10_000))
    with caplog.at_level(logging.INFO, logger="chatkeep.responders.completions"):
        texts, error = await broken_answer(model, retries=0, api_key=SECRET)
    assert texts == []
    assert type(error) is expected
    assert error.message == expected.__doc__
    (record,) = caplog.records
    logged = caplog.text
    assert str(status) in logged
    assert "upstream detail" in logged
    assert SECRET not in logged
    assert len(record.getMessage()) < 2500


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_what_would_fail_again_is_not_tried_again(model: FakeModel, status: int) -> None:
    model.script.append(failure(status))
    await broken_answer(model)
    assert len(model.requests) == 1


@pytest.mark.parametrize(
    "first",
    [
        *(failure(status) for status in (408, 409, 429, 500, 502, 503, 529)),
        HangUp(),
        Reply([], ending="cut"),
        Reply([], ending="eof"),
        Reply([], ending="error"),
        Raw(b"<html>", headers={"content-type": "text/html"}),
        Raw(b"{}", headers={"content-type": "application/json"}),
    ],
)
async def test_what_may_pass_is_tried_again(model: FakeModel, first: Behaviour) -> None:
    model.script.extend([first, first, Reply("Hi you.")])
    assert await answer(model) == ["Hi ", "you."]
    assert len(model.requests) == 3


@pytest.mark.parametrize(
    ("behaviour", "expected"), [(failure(429), ModelRateLimited), (HangUp(), ModelUnavailable)]
)
async def test_trying_again_has_an_end(behaviour: Behaviour, expected: type[ModelError]) -> None:
    async with FakeModel(then=behaviour) as model:
        _, error = await broken_answer(model, retries=1)
        assert type(error) is expected
        assert len(model.requests) == 2


async def test_a_server_that_is_not_there() -> None:
    async with FakeModel() as gone:
        pass
    _, error = await broken_answer(gone)
    assert type(error) is ModelUnavailable
    assert isinstance(error.__cause__, httpx2.ConnectError)


async def test_pauses_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    failed = completions._MayPass(ModelUnavailable())
    for attempt, longest in enumerate([0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]):
        assert longest / 2 <= failed.pause(attempt) <= longest


async def test_retry_after_is_honoured(model: FakeModel) -> None:
    loop = asyncio.get_running_loop()
    model.script.append(failure(429, headers={"retry-after": "0.1"}))
    began = loop.time()
    await answer(model)
    assert loop.time() - began >= 0.1


def http_date(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("value", ["3600", "inf", pytest.param(http_date(3600), id="date")])
async def test_a_long_retry_after_is_left_to_the_user(model: FakeModel, value: str) -> None:
    model.script.append(failure(429, headers={"retry-after": value}))
    _, error = await broken_answer(model)
    assert type(error) is ModelRateLimited
    assert len(model.requests) == 1


@pytest.mark.parametrize("value", ["", "soon", "-5", "nan", pytest.param(http_date(-5), id="date")])
async def test_an_odd_retry_after_keeps_nobody_waiting(model: FakeModel, value: str) -> None:
    model.script.append(failure(503, headers={"retry-after": value}))
    assert await answer(model)
    assert len(model.requests) == 2


@pytest.mark.parametrize(
    "reply",
    [
        Reply("Hi you.", ending="cut"),
        Reply("Hi you.", ending="eof"),
        Reply("Hi you.", ending="error"),
        Reply("Hi you.", ending="error", tokens_per_write=100),
        Reply("Hi you.", ending="stall"),
    ],
)
async def test_a_broken_answer_keeps_its_text_and_is_not_tried_again(
    model: FakeModel, reply: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    model.script.append(reply)
    texts, error = await broken_answer(model, timeout=Timeouts(between_tokens=0.2))
    assert texts == ["Hi ", "you."]
    assert type(error) is ModelStreamCut
    assert error.__cause__ is not None
    assert "broke" not in error.message
    assert len(model.requests) == 1
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize(
    "behaviour", [Silence(), Reply(ending="stall", text=[]), Raw(b": wait\n\n", ending="stall")]
)
async def test_no_first_token_in_time(model: FakeModel, behaviour: Behaviour) -> None:
    model.script.append(behaviour)
    texts, error = await broken_answer(model, timeout=HASTY)
    assert texts == []
    assert type(error) is ModelUnavailable
    await model.requests[0].hung_up.wait()
    assert len(model.requests) == 1


async def test_the_first_token_may_take_longer_than_the_next(model: FakeModel) -> None:
    model.script.append(Reply("Hi you.", first_delay=0.3))
    assert await answer(model, timeout=Timeouts(between_tokens=0.1)) == ["Hi ", "you."]


async def test_a_slow_reader_is_not_a_slow_model(model: FakeModel) -> None:
    responder = responder_of(model, timeout=HASTY)
    async with aclosing(responder.respond(a_turn())) as texts:
        await anext(texts)
        await asyncio.sleep(0.3)
        assert len([text async for text in texts]) == 4
    await responder.close()


# Stopping


async def test_closing_the_answer_hangs_up(model: FakeModel) -> None:
    model.script.append(Reply(["token "] * 100_000, delay=0.001))
    responder = responder_of(model)
    texts = responder.respond(a_turn())
    await anext(texts)
    await texts.aclose()
    await model.requests[0].hung_up.wait()
    await responder.close()


@pytest.mark.parametrize("behaviour", [Silence(), Reply("Hi", ending="stall")])
async def test_cancelling_hangs_up(model: FakeModel, behaviour: Behaviour) -> None:
    model.script.append(behaviour)
    responder = responder_of(model)

    async def consume() -> list[str]:
        async with aclosing(responder.respond(a_turn())) as texts:
            return [text async for text in texts]

    consuming = asyncio.create_task(consume())
    request = await model.request(1)
    consuming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consuming
    await request.hung_up.wait()
    await responder.close()


async def test_stopping_during_a_pause(model: FakeModel) -> None:
    model.script.append(failure(429, headers={"retry-after": "15"}))
    consuming = asyncio.create_task(answer(model))
    await model.request(1)
    consuming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consuming
    assert len(model.requests) == 1


# Connections


async def test_connections_are_used_again(model: FakeModel) -> None:
    responder = responder_of(model)
    model.script.extend([Reply(), failure(400), Reply()])
    for _ in range(3):
        with suppress(ModelRejected):
            assert [text async for text in responder.respond(a_turn())]
    await responder.close()
    assert len(model.requests) == 3
    assert model.connection_count == 1


async def test_many_answers_at_once(model: FakeModel) -> None:
    responder = responder_of(model)

    async def read() -> str:
        return "".join([text async for text in responder.respond(a_turn())])

    assert set(await asyncio.gather(*(read() for _ in range(150)))) == {
        "Hello from the fake model."
    }
    await responder.close()


async def test_closing_is_idempotent_and_not_final(model: FakeModel) -> None:
    responder = responder_of(model)
    for _ in range(2):
        assert [text async for text in responder.respond(a_turn())]
        await responder.close()
        await responder.close()


async def test_a_given_client_is_used_and_left_open(model: FakeModel) -> None:
    async with httpx2.AsyncClient(headers={"api-key": "given"}, trust_env=False) as client:
        await answer(model, client=client)
        assert not client.is_closed
    assert model.requests[0].headers["api-key"] == "given"


def test_one_responder_serves_several_event_loops() -> None:
    with FakeModel() as model:
        responder = responder_of(model)

        async def read() -> list[str]:
            try:
                return [text async for text in responder.respond(a_turn())]
            finally:
                await responder.close()

        assert asyncio.run(read()) == asyncio.run(read()) != []


async def test_what_is_sent_is_json(model: FakeModel) -> None:
    await answer(model)
    headers = model.requests[0].headers
    assert headers["content-type"] == "application/json"
    assert int(headers["content-length"]) == len(
        json.dumps(model.requests[0].body, separators=(",", ":"))
    )
