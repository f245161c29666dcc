"""Middleware of an application round the mount: streams flow, and who leaves is noticed."""

import asyncio
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import Mount

from chatkeep import Chatkeep
from chatkeep.testing.responder import Pause, ScriptedResponder
from chatkeep.testing.server import serve
from support.clients import body, create
from support.events import errors, parsed, streamed_text
from support.stores import ObservedStore

HEADERS = {"content-type": "application/json", "accept-encoding": "gzip, br"}


class _Passes(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["x-passed"] = "1"
        return response


class _Reads(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: Any) -> Response:
        assert await request.body()
        response: Response = await call_next(request)
        return response


GZIP = Middleware(GZipMiddleware, minimum_size=1)
GZIP_ALL = Middleware(GZipMiddleware, minimum_size=1, exclude_content_types=())
ROUND: dict[str, list[Middleware]] = {
    "gzip": [GZIP],
    "gzip of event streams too": [GZIP_ALL],
    "base": [Middleware(_Passes)],
    "base that reads": [Middleware(_Reads)],
    "two": [Middleware(_Passes), Middleware(_Passes)],
    "all": [GZIP_ALL, Middleware(_Passes), Middleware(_Reads)],
}


def mounted(chat: Chatkeep, middleware: list[Middleware]) -> Any:
    return Starlette(
        routes=[Mount("/", chat.asgi())], middleware=middleware, lifespan=chat.lifespan
    )


def routed(chat: Chatkeep, middleware: list[Middleware]) -> Any:
    app = FastAPI(middleware=middleware)

    @app.middleware("http")
    async def passes(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        return response

    app.include_router(chat.router())
    return app


@pytest.fixture(params=ROUND, ids=str)
def middleware(request: pytest.FixtureRequest) -> list[Middleware]:
    """What stands between the socket and the endpoint."""
    return ROUND[request.param]


@pytest.mark.parametrize("app_of", [mounted, routed])
async def test_each_event_arrives_at_once(app_of: Any, middleware: list[Middleware]) -> None:
    pause = Pause()
    chat = Chatkeep("memory:", responder=ScriptedResponder(["Once ", pause, "upon"]))
    async with (
        serve(app_of(chat, middleware)) as address,
        httpx2.AsyncClient(base_url=address) as http,
        http.stream("POST", "/chatkit", content=create(), headers=HEADERS) as response,
    ):
        assert response.headers["content-encoding"] == "identity"
        chunks = response.aiter_raw()
        seen = await anext(chunks)
        assert b"thread.created" in seen
        while b"Once " not in seen:
            seen += await anext(chunks)
        pause.end()
        async for chunk in chunks:
            seen += chunk
    assert streamed_text(parsed(seen)) == "Once upon"
    assert errors(parsed(seen)) == []


@pytest.mark.parametrize("app_of", [mounted, routed])
async def test_a_client_that_leaves_is_noticed(
    memory: ObservedStore, app_of: Any, middleware: list[Middleware]
) -> None:
    pause = Pause()
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder(["Once ", pause]))
    async with serve(app_of(chat, middleware)) as address:
        async with (
            httpx2.AsyncClient(base_url=address) as http,
            http.stream("POST", "/chatkit", content=create(), headers=HEADERS) as response,
        ):
            seen, chunks = b"", response.aiter_raw()
            while b"Once " not in seen:
                seen += await anext(chunks)
            await pause.reached.wait()
        assert await memory.ends.get() == "stopped"
        await pause.cancelled.wait()


@pytest.mark.parametrize("app_of", [mounted, routed])
async def test_other_answers_pass_too(app_of: Any, middleware: list[Middleware]) -> None:
    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."))

    @chat.transcribe
    async def listen(*_: Any) -> str:
        await asyncio.sleep(0)
        return "heard"

    async with (
        serve(app_of(chat, middleware)) as address,
        httpx2.AsyncClient(base_url=address) as http,
    ):
        for content in (
            body("threads.list"),
            body("input.transcribe", audio_base64="aGk=", mime_type="audio/webm"),
        ):
            response = await http.post("/chatkit", content=content, headers=HEADERS)
            assert response.status_code == 200
            assert response.json()
        assert (await http.post("/chatkit", content=b"{", headers=HEADERS)).status_code == 400


@pytest.mark.parametrize("app_of", [mounted, routed])
async def test_a_click_that_comes_again_runs_once(
    app_of: Any, middleware: list[Middleware]
) -> None:
    heard, pause = [], Pause()
    chat = Chatkeep("memory:")

    @chat.transcribe
    async def listen(audio: Any, _: Any) -> str:
        heard.append(audio)
        await pause.wait()
        return "heard"

    content = body("input.transcribe", audio_base64="aGk=", mime_type="audio/webm")
    async with serve(app_of(chat, middleware)) as address:
        await cut_off(address, content, pause.reached)
        async with httpx2.AsyncClient(base_url=address) as http:
            again = asyncio.create_task(http.post("/chatkit", content=content, headers=HEADERS))
            await asyncio.sleep(0.05)
            pause.end()
            assert (await again).json() == {"text": "heard"}
    assert len(heard) == 1


async def cut_off(address: str, content: bytes, until: asyncio.Event) -> None:
    """Send a request, and leave when something has happened."""
    async with httpx2.AsyncClient(base_url=address) as http:
        asked = asyncio.create_task(http.post("/chatkit", content=content, headers=HEADERS))
        await until.wait()
        asked.cancel()
        await asyncio.wait([asked])
