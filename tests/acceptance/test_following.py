"""Following an answer over real workers: cut anywhere, on whichever worker, and over a crash."""

import asyncio
import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from chatkeep.client import ChatClient
from support.cutter import Cutter, cutting
from support.events import (
    Event,
    collected,
    done,
    errors,
    of_type,
    streamed_text,
    text_of,
    thread_id_of,
)

if TYPE_CHECKING:
    from acceptance.conftest import Serve

APP = """
import asyncio, os
from chatkeep import Chatkeep, Context, Settings

def authenticate(request):
    return Context(user=request.headers.get("x-user", "ada"))

settings = Settings(shutdown_grace=0.5, sweep_interval=0.5)
chat = Chatkeep(os.environ["DATABASE"], authenticate=authenticate, settings=settings)

@chat.responder
async def answer(turn):
    count, pause, _ = turn.message.text.split()
    yield f"[{os.getpid()}] "
    for number in range(int(count)):
        yield f"word{number} "
        await asyncio.sleep(float(pause))
"""
"""Answers ``N SECONDS NAME`` with its process and N words, and waits after each."""

WORDS = 12
WHOLE = "".join(f"word{number} " for number in range(WORDS))


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database that several processes can be on."""
    if request.param == "sqlite":
        return "sqlite:///shared.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def app(database: str, serve: "Serve", tmp_path: Path) -> dict[str, Any]:
    """What `serve` is to be given for workers on the database."""
    (tmp_path / "following.py").write_text(APP, encoding="utf-8")
    return {"DATABASE": database}


def said(events: list[Event]) -> str:
    """What was streamed, without the process that said it."""
    return re.sub(r"^\[\d+\] ", "", streamed_text(events))


def assert_whole(events: list[Event], cutter: Cutter, cut: int) -> None:
    """The answer came once, all of it, and as one that was never cut."""
    told = f"cut after {cut} bytes, {cutter.made} connections"
    assert said(events) == WHOLE, told
    assert errors(events) == [], told
    kinds = [event["type"] for event in events]
    assert kinds.count("thread.created") == 1, told
    assert kinds.count("thread.item.added") == 1, told
    assert [item["type"] for item in done(events)] == ["user_message", "assistant_message"], told
    assert re.sub(r"^\[\d+\] ", "", text_of(done(events)[-1])) == WHOLE, told


async def asked_through(*servers: str, name: str, cuts: list[int]) -> None:
    async with cutting(*servers, cuts=cuts) as (url, cutter), ChatClient(url) as client:
        events = await collected(client.send(f"{WORDS} 0.05 {name}"))
        assert_whole(events, cutter, cuts[0])
        assert cutter.cut >= 1
        items = (await client.items(thread_id_of(events)))["data"]
        assert [item["type"] for item in items] == ["assistant_message", "user_message"]


HEADERS = [0, 1, 9, 17, 60, 140]
"""Before the answer's first byte, in its status line, and in its headers."""

FRAMES = [*range(200, 1400, 41), *range(1400, 3200, 150)]
"""In ids, in frames, between them, in the sizes of chunks."""


async def test_an_answer_that_is_cut_at_any_byte_is_had_whole_and_once(
    app: dict[str, Any], serve: "Serve"
) -> None:
    server = serve("--app", "following:chat", "--workers", "2", **app)
    cuts = [*HEADERS, *FRAMES]
    await asyncio.gather(*(asked_through(server.url, name=f"c{cut}", cuts=[cut]) for cut in cuts))
    async with ChatClient(server.url) as client:
        threads = (await client.threads(limit=100))["data"]
        assert len(threads) == len(cuts), "none was begun twice"
    server.interrupt()
    assert "Traceback" not in server.output


async def test_an_answer_is_followed_on_in_another_worker(
    app: dict[str, Any], serve: "Serve", tmp_path: Path
) -> None:
    first = serve("--app", "following:chat", **app)
    second = serve("--app", "following:chat", **app)
    cuts = [[cut, 1000] for cut in (0, 150, *FRAMES[::4])]
    await asyncio.gather(
        *(asked_through(first.url, second.url, name=f"c{cut[0]}", cuts=cut) for cut in cuts)
    )


async def test_who_lost_every_id_follows_from_the_beginning_in_another_worker(
    app: dict[str, Any], serve: "Serve"
) -> None:
    first = serve("--app", "following:chat", **app)
    second = serve("--app", "following:chat", **app)
    async with ChatClient(first.url) as here, ChatClient(second.url) as there:
        stream = here.send(f"{WORDS} 0.05 x")
        events = [await anext(stream)]
        followed = asyncio.create_task(collected(there.follow(thread_id_of(events))))
        events += await collected(stream)
        assert [event for event in await followed if event in events] == events


async def test_a_killed_workers_answer_is_had_as_far_as_it_was_kept(
    app: dict[str, Any], serve: "Serve"
) -> None:
    first = serve("--app", "following:chat", **app)
    second = serve("--app", "following:chat", **app)
    async with (
        cutting(first.url, second.url) as (url, _),
        ChatClient(url) as client,
        ChatClient(second.url) as there,
    ):
        stream = client.send("100000 0.05 x")
        events: list[Event] = []
        while "word30 " not in streamed_text(events):
            events.append(await anext(stream))
        thread_id = thread_id_of(events)
        following = there.follow(thread_id)
        theirs = [await anext(following)]
        first.kill()

        events += await collected(stream)
        assert [error["reason"] for error in errors(events)] == ["turn.interrupted"]
        (answer,) = done(events, "assistant_message")
        kept = text_of(answer)
        assert streamed_text(events).startswith(kept)
        assert "word0 word1 word2 " in kept
        assert (await there.items(thread_id))["data"][0]["content"] == answer["content"]

        theirs += await collected(following)
        assert [error["reason"] for error in errors(theirs)] == ["turn.interrupted"]
        assert streamed_text(theirs) == kept
        again = await collected(there.send("1 0 x", thread_id))
        assert "word0 " in streamed_text(again), "the thread is free"


async def test_one_killed_of_two_workers_leaves_its_followers_the_truth(
    app: dict[str, Any], serve: "Serve"
) -> None:
    server = serve("--app", "following:chat", "--workers", "2", **app)
    async with ChatClient(server.url) as client:
        stream = client.send("100000 0.05 x")
        events: list[Event] = []
        while "word30 " not in streamed_text(events):
            events.append(await anext(stream))
        found = re.match(r"\[(\d+)\]", streamed_text(events))
        assert found
        os.kill(int(found[1]), signal.SIGKILL)
        events += await collected(stream)
    assert [error["reason"] for error in errors(events)] == ["turn.interrupted"]
    (answer,) = done(events, "assistant_message")
    assert streamed_text(events).startswith(text_of(answer))


async def test_whoever_leaves_stops_nothing_and_strangers_learn_nothing(
    app: dict[str, Any], serve: "Serve"
) -> None:
    server = serve("--app", "following:chat", "--workers", "2", **app)
    async with ChatClient(server.url) as client:
        stream = client.send(f"{WORDS} 0.1 x")
        thread_id = thread_id_of([await anext(stream)])
        await stream.aclose()
        for _ in range(3):
            following = client.follow(thread_id)
            await anext(following)
            await following.aclose()
        events = await collected(client.follow(thread_id))
        assert said(events) == WHOLE
        assert of_type(events, "error") == []
    body = {"type": "threads.follow", "params": {"thread_id": thread_id}}
    async with httpx2.AsyncClient() as http:
        answers = [
            await http.post(
                server.url, json=body, headers={"x-user": "eve", "Last-Event-ID": f"{turn}:0"}
            )
            for turn in ("trn_none", await turn_of(http, server.url, thread_id))
            for _ in range(4)
        ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}


async def turn_of(http: httpx2.AsyncClient, url: str, thread_id: str) -> str:
    """The id of a turn on a thread, as its owner is told it."""
    body = {
        "type": "threads.add_user_message",
        "params": {
            "thread_id": thread_id,
            "input": {
                "content": [{"type": "input_text", "text": "1 0 x"}],
                "attachments": [],
                "inference_options": {},
            },
        },
    }
    answer = await http.post(url, json=body, headers={"Chatkeep-Live": "1"})
    found = re.search(r"^id: (\S+):\d+$", answer.text, re.MULTILINE)
    assert found
    return found[1]
