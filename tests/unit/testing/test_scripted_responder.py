"""The scripted responder, and the server for tests: they do as they are told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from chatkeep import Chatkeep, Turn
from chatkeep.testing.client import connected
from chatkeep.testing.responder import Pause, ScriptedResponder
from chatkeep.testing.server import serve
from support.events import collected, errors, streamed_text, thread_id_of


async def test_each_turn_gets_the_next_script_and_the_last_one_stays() -> None:
    async def shout(turn: Turn) -> str:
        return turn.message.text.upper() if turn.message else ""

    responder = ScriptedResponder("One.", ["Two", "."], [shout, lambda _: None, "!"])
    said = []
    async with connected(Chatkeep("memory:", responder=responder)) as client:
        thread_id = None
        for _ in range(4):
            events = await collected(client.send("hey", thread_id))
            thread_id = thread_id or thread_id_of(events)
            said.append(streamed_text(events))
    assert said == ["One.", "Two.", "HEY!", "HEY!"]
    assert len(responder.turns) == 4
    with pytest.raises(ValueError, match="needs a script"):
        ScriptedResponder()


async def test_a_pause_lasts_until_it_is_ended() -> None:
    pause = Pause()
    responder = ScriptedResponder(["Hel", pause, "lo"])
    async with connected(Chatkeep("memory:", responder=responder)) as client:
        asked = asyncio.create_task(collected(client.send("Hi")))
        await pause.reached.wait()
        assert not asked.done()
        pause.end()
        assert streamed_text(await asked) == "Hello"
        assert streamed_text(await collected(client.send("Hi"))) == "Hello", "it stays ended"
    assert not pause.cancelled.is_set()


async def test_an_exception_in_a_script_is_raised() -> None:
    responder = ScriptedResponder(["Hel", RuntimeError("no"), "never"])
    async with connected(Chatkeep("memory:", responder=responder)) as client:
        events = await collected(client.send("Hi"))
    assert streamed_text(events) == "Hel"
    assert len(errors(events)) == 1


def app_with(lifespan: Any) -> Starlette:
    async def hello(_: Any) -> PlainTextResponse:
        return PlainTextResponse("Hello")

    return Starlette(routes=[Route("/", hello)], lifespan=lifespan)


async def test_a_server_lives_as_long_as_its_block() -> None:
    happened = []

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        happened.append("begun")
        yield
        happened.append("ended")

    async with httpx2.AsyncClient() as http:
        async with serve(app_with(lifespan)) as address:
            assert address.startswith("http://127.0.0.1:")
            assert (await http.get(address)).text == "Hello"
            assert happened == ["begun"]
        assert happened == ["begun", "ended"]
        with pytest.raises(httpx2.ConnectError):
            await http.get(address)


async def test_a_server_that_can_not_begin_says_so() -> None:
    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        if app is not None:
            raise OSError("no database")
        yield

    with pytest.raises(RuntimeError, match="could not be started"):
        async with serve(app_with(lifespan)):
            pytest.fail("it was served")
