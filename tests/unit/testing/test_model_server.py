"""The fake model behaves as it was told, over a real socket."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from chatkeep.testing.model_server import (
    Behaviour,
    FakeModel,
    HangUp,
    Raw,
    Reply,
    Silence,
    failure,
)

BOUND = 20.0
HELLO = {"model": "m", "messages": [{"role": "user", "content": "Hello there"}]}


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(timeout=BOUND, trust_env=False) as client:
        yield client


async def post(client: httpx2.AsyncClient, model: FakeModel, **fields: Any) -> httpx2.Response:
    return await client.post(f"{model.base_url}/chat/completions", json=HELLO | fields)


def events(response: httpx2.Response) -> list[Any]:
    assert response.headers["content-type"] == "text/event-stream"
    data = [frame.removeprefix("data: ") for frame in response.text.split("\n\n")]
    assert data.pop() == ""
    return [event if event == "[DONE]" else json.loads(event) for event in data]


def deltas(response: httpx2.Response) -> list[Any]:
    chunks = [event for event in events(response) if event != "[DONE]"]
    return [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]


async def test_a_stream_has_a_chunk_for_each_token(client: httpx2.AsyncClient) -> None:
    async with FakeModel(Reply("Hello, you.")) as model:
        response = await post(client, model, stream=True)
    first, *_, last, done = events(response)
    assert first["model"] == "m"
    assert first["object"] == "chat.completion.chunk"
    contents = [delta.get("content") for delta in deltas(response)]
    assert contents == ["", "Hello, ", "you.", None]
    assert last["choices"][0]["finish_reason"] == "stop"
    assert done == "[DONE]"


async def test_usage_is_sent_when_it_is_asked(client: httpx2.AsyncClient) -> None:
    async with FakeModel(Reply("a b"), Reply("a b", usage={"total_tokens": 7})) as model:
        counted = await post(client, model, stream=True, stream_options={"include_usage": True})
        told = await post(client, model, stream=True, stream_options={"include_usage": True})
        plain = await post(client, model, stream=True)
    assert events(counted)[0]["usage"] is None
    assert events(counted)[-2]["usage"] == {
        "prompt_tokens": 2,
        "completion_tokens": 2,
        "total_tokens": 4,
    }
    assert events(told)[-2]["usage"] == {"total_tokens": 7}
    assert not any("usage" in event for event in events(plain))


async def test_raw_bytes_may_be_cut(client: httpx2.AsyncClient) -> None:
    async with FakeModel(Raw(b"data: x", ending="cut")) as model:
        with pytest.raises(httpx2.RemoteProtocolError, match="incomplete"):
            await post(client, model)


@pytest.mark.parametrize(
    ("reply", "fields"), [(Reply("Hi."), {}), (Reply("Hi.", streams=False), {"stream": True})]
)
async def test_a_whole_answer(
    client: httpx2.AsyncClient, reply: Reply, fields: dict[str, Any]
) -> None:
    async with FakeModel(reply) as model:
        answer = (await post(client, model, **fields)).json()
    message = {"role": "assistant", "content": "Hi.", "refusal": None}
    assert answer["choices"] == [{"index": 0, "message": message, "finish_reason": "stop"}]
    assert answer["usage"]["completion_tokens"] == 1


async def test_refusals_and_tool_calls_are_deltas(client: httpx2.AsyncClient) -> None:
    call = {"name": "look_up", "arguments": '{"q":1}'}
    async with FakeModel(Reply([], refusal="No."), Reply([], tool_calls=[call])) as model:
        refused = await post(client, model, stream=True)
        called = await post(client, model, stream=True)
    assert deltas(refused)[1] == {"refusal": "No."}
    opening, arguments = (delta["tool_calls"][0] for delta in deltas(called)[1:3])
    assert opening["function"]["name"] == "look_up"
    assert arguments["function"]["arguments"] == '{"q":1}'
    assert events(called)[-2]["choices"][0]["finish_reason"] == "tool_calls"


async def test_failures_have_a_status_headers_and_a_body(client: httpx2.AsyncClient) -> None:
    async with FakeModel(failure(429, "Slow down.", {"retry-after": "3"})) as model:
        response = await post(client, model, stream=True)
    assert response.status_code == 429
    assert response.headers["retry-after"] == "3"
    assert response.json()["error"]["message"] == "Slow down."


async def test_an_error_object_ends_the_stream(client: httpx2.AsyncClient) -> None:
    async with FakeModel(Reply("a b", ending="error")) as model:
        *_, token, error = events(await post(client, model, stream=True))
    assert token["choices"][0]["delta"]["content"] == "b"
    assert error["error"]["type"] == "server_error"


async def test_an_early_end_is_clean_http(client: httpx2.AsyncClient) -> None:
    async with FakeModel(Reply("a b", ending="eof")) as model:
        last = events(await post(client, model, stream=True))[-1]
    assert last["choices"][0]["finish_reason"] is None


async def test_a_cut_sends_the_tokens_and_breaks_http(client: httpx2.AsyncClient) -> None:
    received = b""
    async with FakeModel(Reply("a b", ending="cut")) as model:
        url = f"{model.base_url}/chat/completions"
        async with client.stream("POST", url, json=HELLO | {"stream": True}) as response:
            with pytest.raises(httpx2.RemoteProtocolError):
                async for piece in response.aiter_raw():
                    received += piece
    assert b'"content":"b"' in received


async def test_hanging_up_answers_nothing(client: httpx2.AsyncClient) -> None:
    async with FakeModel(HangUp()) as model:
        with pytest.raises(httpx2.RemoteProtocolError, match="without sending a response"):
            await post(client, model)
        assert not model.requests[0].hung_up.is_set()


@pytest.mark.parametrize(
    "behaviour",
    [Silence(), Reply("a", ending="stall"), Reply(delay=60), Raw(b": wait\n\n", ending="stall")],
)
async def test_a_client_that_leaves_is_noticed(behaviour: Behaviour) -> None:
    async with FakeModel(behaviour) as model, httpx2.AsyncClient(trust_env=False) as client:
        asking = asyncio.create_task(post(client, model, stream=True))
        request = await model.request(1)
        asking.cancel()
        await request.hung_up.wait()


async def test_a_client_that_stays_did_not_hang_up(client: httpx2.AsyncClient) -> None:
    async with FakeModel() as model:
        await post(client, model, stream=True)
        await client.aclose()
    assert not model.requests[0].hung_up.is_set()


async def test_raw_bytes_split_anywhere(client: httpx2.AsyncClient) -> None:
    async with FakeModel(Raw(b"data: x\n\n", split=2)) as model:
        url = f"{model.base_url}/chat/completions"
        async with client.stream("POST", url, json=HELLO) as response:
            pieces = [piece async for piece in response.aiter_raw()]
    assert pieces == [b"da", b"ta", b": ", b"x\n", b"\n"]


async def test_a_split_stream_is_the_same_stream(client: httpx2.AsyncClient) -> None:
    async with FakeModel(Reply("größer 🙂", split=1), Reply("größer 🙂")) as model:
        split = await post(client, model, stream=True)
        whole = await post(client, model, stream=True)
    assert events(split) == events(whole)


async def test_many_tokens_in_one_write_are_a_chunk_each(client: httpx2.AsyncClient) -> None:
    async with FakeModel(Reply(["t"] * 25, tokens_per_write=10)) as model:
        url = f"{model.base_url}/chat/completions"
        async with client.stream("POST", url, json=HELLO | {"stream": True}) as response:
            pieces = [piece async for piece in response.aiter_raw()]
    assert sum(b'"content":"t"' in piece for piece in pieces) == 25


async def test_delays_keep_tokens_apart(client: httpx2.AsyncClient) -> None:
    loop = asyncio.get_running_loop()
    async with FakeModel(Reply("a b c", first_delay=0.05, delay=0.02)) as model:
        began = loop.time()
        await post(client, model, stream=True)
    assert loop.time() - began >= 0.08


async def test_the_script_is_followed_then_the_default(client: httpx2.AsyncClient) -> None:
    async with FakeModel(Reply("one"), then=Reply("later")) as model:
        model.script.append(Reply("two"))
        answers = [(await post(client, model)).json() for _ in range(4)]
    texts = [answer["choices"][0]["message"]["content"] for answer in answers]
    assert texts == ["one", "two", "later", "later"]


async def test_requests_are_recorded(client: httpx2.AsyncClient) -> None:
    async with FakeModel() as model:
        url = f"{model.base_url}/chat/completions"
        await client.post(url, json=HELLO, headers={"Authorization": "Bearer key"})
        await client.post(url, json=HELLO)
    first, second = model.requests
    assert (first.method, first.path, first.body) == ("POST", "/v1/chat/completions", HELLO)
    assert first.headers["authorization"] == "Bearer key"
    assert (first.connection, second.connection, model.connection_count) == (1, 1, 1)


async def test_a_request_in_pieces_and_two_at_once() -> None:
    async with FakeModel() as model:
        host, port = "127.0.0.1", int(model.base_url.split(":")[2].split("/")[0])
        reader, writer = await asyncio.open_connection(host, port)
        get = b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n"
        writer.write(get[:20])
        await writer.drain()
        await asyncio.sleep(0)
        writer.write(get[20:] + get)
        for _ in range(2):
            answer = await reader.readuntil(b"\r\n0\r\n\r\n")
            assert b'"id":"fake"' in answer
        writer.close()
        await writer.wait_closed()


async def test_other_paths_and_bodies_are_refused(client: httpx2.AsyncClient) -> None:
    async with FakeModel(models=["a", "b"]) as model:
        models = (await client.get(f"{model.base_url}/models")).json()["data"]
        missing = await client.get(f"{model.base_url}/nowhere")
        invalid = await client.post(f"{model.base_url}/chat/completions", content=b"{")
    assert [entry["id"] for entry in models] == ["a", "b"]
    assert (missing.status_code, invalid.status_code) == (404, 400)


def test_it_runs_in_a_thread() -> None:
    with FakeModel(Reply("Hi.")) as model:
        url = f"{model.base_url}/chat/completions"
        answer = httpx2.post(url, json=HELLO, timeout=BOUND, trust_env=False).json()
    assert answer["choices"][0]["message"]["content"] == "Hi."
    with pytest.raises(httpx2.ConnectError):
        httpx2.post(url, json=HELLO, timeout=BOUND, trust_env=False)


def test_it_runs_as_a_process() -> None:
    command = [sys.executable, "-m", "chatkeep.testing.model_server"]
    options = ["--tokens", "3", "--token", "x", "--tokens-per-write", "2"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            base_url = process.stdout.readline().strip()
            url = f"{base_url}/chat/completions"
            answer = httpx2.post(url, json=HELLO, timeout=BOUND, trust_env=False).json()
        finally:
            process.terminate()
    assert answer["choices"][0]["message"]["content"] == "xxx"
