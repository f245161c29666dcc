"""A server behind FastAPI, as the SDK's documentation has it, over a real socket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx2
import pytest
from chatkit.types import ThreadMetadata, UserMessageItem
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from chatkeep.compat import NotFoundError, StreamingResult
from chatkeep.testing.server import serve
from compat.servers import (
    Events,
    Server,
    added,
    body,
    delta,
    event_of,
    message,
    said,
    says_hello,
    thread_id_of,
)
from compat.stores import User


def application(server: Server, *, middleware: bool) -> FastAPI:
    app = FastAPI()

    @app.post("/chatkit")
    async def chatkit(request: Request) -> Response:
        result = await server.process(await request.body(), User(request.headers["x-user"]))
        if isinstance(result, StreamingResult):
            return StreamingResponse(result, media_type="text/event-stream")
        return Response(content=result.json, media_type="application/json")

    @app.exception_handler(NotFoundError)
    async def not_found(request: Request, error: NotFoundError) -> Response:
        return JSONResponse({"error": str(error)}, status_code=404)

    if middleware:

        @app.middleware("http")
        async def passes(
            request: Request, call_next: Callable[[Request], Awaitable[Response]]
        ) -> Response:
            return await call_next(request)

    return app


@pytest.fixture(params=[False, True], ids=["plain", "middleware"])
def middleware(request: pytest.FixtureRequest) -> bool:
    """Whether the app has a middleware, which makes Starlette stream in another way."""
    return bool(request.param)


@asynccontextmanager
async def connected(
    server: Server, *, middleware: bool = False
) -> AsyncIterator[httpx2.AsyncClient]:
    async with serve(application(server, middleware=middleware), lifespan="off") as address:
        headers = {"x-user": "ann"}
        async with httpx2.AsyncClient(base_url=address, headers=headers) as client:
            yield client


async def test_an_answer_comes_as_events(middleware: bool) -> None:
    server = Server(says_hello)
    async with connected(server, middleware=middleware) as client:
        response = await client.post("/chatkit", content=body("threads.create", input=said("hi")))
        frames = [frame + b"\n\n" for frame in response.content.split(b"\n\n") if frame]
        events = [event_of(frame) for frame in frames]
        listed = await client.post("/chatkit", content=body("threads.list"))

    assert response.headers["content-type"].startswith("text/event-stream")
    assert events[-1]["item"]["content"][0]["text"] == "hello"
    assert [thread["id"] for thread in listed.json()["data"]] == [thread_id_of(events)]


async def test_a_client_that_leaves_finds_what_it_saw(middleware: bool) -> None:
    ended = asyncio.Event()

    async def never_ends(
        server: Server, thread: ThreadMetadata, input_: UserMessageItem | None, context: User
    ) -> Events:
        try:
            yield added(message(thread, ""))
            yield delta("seen ")
            await asyncio.Event().wait()
        finally:
            ended.set()

    server = Server(never_ends)
    async with connected(server, middleware=middleware) as client:
        request = body("threads.create", input=said("hi"))
        async with client.stream("POST", "/chatkit", content=request) as response:
            async for line in response.aiter_lines():
                if "seen " in line:
                    server.kept.added.clear()
                    break
        await ended.wait()
        await server.kept.added.wait()
        listed = await client.post("/chatkit", content=body("threads.list"))

    thread_id = listed.json()["data"][0]["id"]
    assert server.texts(thread_id) == ["hi", "seen "]
    assert server.types(thread_id) == ["user_message", "assistant_message"]


async def test_a_wrong_request_has_a_status_of_its_own() -> None:
    async with connected(Server(says_hello)) as client:
        wrong = await client.post("/chatkit", content=b"{}")
        request = body("threads.add_user_message", thread_id="none", input=said("hi"))
        missing = await client.post("/chatkit", content=request)
    assert (wrong.status_code, missing.status_code) == (400, 404)
