"""What FastAPI's users expect of a router: that what they hang into it holds everywhere."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException
from fastapi.responses import JSONResponse
from starlette.requests import Request
from starlette.responses import Response

from chatkeep import AuthenticationRequired, Chatkeep
from chatkeep.errors import NotFound
from chatkeep.testing.responder import Pause, ScriptedResponder
from chatkeep.testing.server import serve
from support.clients import body, create
from support.events import parsed, streamed_text
from support.stores import SECRET

JSON = {"content-type": "application/json"}
GOOD = JSON | {"x-key": "good"}


def verify(x_key: Annotated[str, Header()] = "") -> None:
    if x_key != "good":
        raise HTTPException(401, "no key")


GUARD = [Depends(verify)]


def chat_of(**options: Any) -> Chatkeep:
    return Chatkeep("memory:", responder=ScriptedResponder("Yes."), **options)


def where_it_is_included() -> FastAPI:
    app = FastAPI()
    app.include_router(chat_of().router(), dependencies=GUARD)
    return app


def in_the_application() -> FastAPI:
    app = FastAPI(dependencies=GUARD)
    app.include_router(chat_of().router())
    return app


def on_the_router() -> FastAPI:
    app = FastAPI()
    router = chat_of().router()
    outer = APIRouter(dependencies=GUARD)
    outer.include_router(router)
    app.include_router(outer)
    return app


def nested() -> FastAPI:
    app, outer = FastAPI(), APIRouter(prefix="/v1")
    outer.include_router(chat_of().router("/chatkit"))
    app.include_router(outer, prefix="/api", dependencies=GUARD)
    return app


@pytest.mark.parametrize(
    "app_of", [where_it_is_included, in_the_application, on_the_router, nested]
)
async def test_dependencies_guard_every_route(app_of: Any) -> None:
    prefix = "/api/v1/chatkit" if app_of is nested else "/chatkit"
    async with serve(app_of()) as address, httpx2.AsyncClient(base_url=address) as http:
        for path in (prefix, f"{prefix}/"):
            for method in ("POST", "GET", "PUT", "DELETE", "OPTIONS"):
                refused = await http.request(method, path, content=create(), headers=JSON)
                assert refused.status_code == 401, (method, path)
            answered = await http.post(path, content=create(), headers=GOOD)
            assert streamed_text(parsed(answered.content)) == "Yes."
        for path in ("/health", "/health/ready", "/ui/chatkit.js"):
            assert (await http.get(prefix + path, headers=JSON)).status_code == 401, path
            assert (await http.get(prefix + path, headers=GOOD)).status_code != 401, path


async def test_a_router_may_stand_at_the_root() -> None:
    app = FastAPI()
    app.include_router(chat_of().router(""), dependencies=GUARD)
    async with serve(app) as address, httpx2.AsyncClient(base_url=address) as http:
        assert (await http.post("/", content=create(), headers=JSON)).status_code == 401
        response = await http.post("/", content=create(), headers=GOOD)
        assert streamed_text(parsed(response.content)) == "Yes."
        assert (await http.get("/health", headers=GOOD)).status_code == 200


async def test_a_dependency_lasts_as_long_as_the_stream() -> None:
    pause, happened = Pause(), []

    async def session() -> AsyncIterator[None]:
        happened.append("begun")
        yield
        happened.append("ended")

    chat = Chatkeep("memory:", responder=ScriptedResponder(["Once ", pause, "upon"]))
    app = FastAPI()
    app.include_router(chat.router(), dependencies=[Depends(session)])
    async with (
        serve(app) as address,
        httpx2.AsyncClient(base_url=address) as http,
        http.stream("POST", "/chatkit", content=create(), headers=JSON) as response,
    ):
        seen = b""
        async for chunk in response.aiter_raw():
            seen += chunk
            if b"Once " in seen and b"upon" not in seen:
                assert happened == ["begun"]
                pause.end()
    assert streamed_text(parsed(seen)) == "Once upon"
    assert happened == ["begun", "ended"]


async def test_a_dependency_may_be_overridden() -> None:
    app = where_it_is_included()
    app.dependency_overrides[verify] = lambda: None
    async with serve(app) as address, httpx2.AsyncClient(base_url=address) as http:
        response = await http.post("/chatkit", content=create(), headers=JSON)
    assert streamed_text(parsed(response.content)) == "Yes."


async def test_a_dependency_may_have_read_the_body() -> None:
    read = []

    async def log(request: Request) -> None:
        read.append(await request.body())

    app = FastAPI()
    app.include_router(chat_of().router(), dependencies=[Depends(log)])
    async with serve(app) as address, httpx2.AsyncClient(base_url=address) as http:
        response = await http.post("/chatkit", content=create(), headers=JSON)
        action = await http.post("/chatkit", content=body("threads.list"), headers=JSON)
    assert streamed_text(parsed(response.content)) == "Yes."
    assert (action.status_code, len(read)) == (200, 2)


# Errors that the application answers itself


class NoSession(Exception):
    pass


def unsigned(_: Request) -> None:
    raise NoSession(SECRET)


async def own_answer(_: Request, error: Exception) -> Response:
    return JSONResponse({"own": type(error).__name__}, 418)


def fastapi_with(kind: Any, chat: Chatkeep) -> Any:
    app = FastAPI()
    app.include_router(chat.router())
    app.add_exception_handler(kind, own_answer)
    return app


def starlette_with(kind: Any, chat: Chatkeep) -> Any:
    app = chat.asgi()
    app.add_exception_handler(kind, own_answer)
    return app


@pytest.mark.parametrize("app_of", [fastapi_with, starlette_with])
@pytest.mark.parametrize("kind", [NoSession, Exception, 500], ids=str)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_handler_of_the_applications_own_answers(app_of: Any, kind: Any) -> None:
    chat = chat_of(authenticate=unsigned)
    async with serve(app_of(kind, chat)) as address, httpx2.AsyncClient(base_url=address) as http:
        response = await http.post("/chatkit", content=create(), headers=JSON)
        assert (response.status_code, response.json()) == (418, {"own": "NoSession"})


@pytest.mark.parametrize("app_of", [fastapi_with, starlette_with])
async def test_it_may_answer_chatkeeps_own_errors(app_of: Any) -> None:
    def nobody(_: Request) -> None:
        return None

    app = app_of(AuthenticationRequired, chat_of(authenticate=nobody))
    async with serve(app) as address, httpx2.AsyncClient(base_url=address) as http:
        response = await http.post("/chatkit", content=create(), headers=JSON)
        assert (response.status_code, response.json()) == (418, {"own": "AuthenticationRequired"})
        other = await http.get("/chatkit")
        assert other.json()["error"]["code"] == "request.method_not_allowed"


@pytest.mark.parametrize("app_of", [fastapi_with, starlette_with])
async def test_a_handler_of_everything_leaves_what_was_foreseen_alone(app_of: Any) -> None:
    app = app_of(Exception, chat_of())
    async with serve(app) as address, httpx2.AsyncClient(base_url=address) as http:
        content = body("threads.get_by_id", thread_id="thr_none")
        response = await http.post("/chatkit", content=content, headers=JSON)
    assert (response.status_code, response.json()["error"]["code"]) == (404, NotFound.code)


@pytest.mark.parametrize("mounted", ["router", "asgi"])
async def test_an_authenticator_may_speak_the_frameworks_language(mounted: str) -> None:
    def forbid(_: Request) -> None:
        raise HTTPException(402, "Pay first.", {"x-plan": "none"})

    chat = chat_of(authenticate=forbid)
    app: Any = chat.asgi()
    if mounted == "router":
        app = FastAPI()
        app.include_router(chat.router())
    async with serve(app) as address, httpx2.AsyncClient(base_url=address) as http:
        response = await http.post("/chatkit", content=create(), headers=JSON)
    assert (response.status_code, response.headers["x-plan"]) == (402, "none")
    assert "Pay first." in response.text


async def test_debug_shows_what_went_wrong_and_nothing_else_does() -> None:
    for debug in (True, False):
        app = chat_of(authenticate=unsigned).asgi()
        app.debug = debug
        async with serve(app) as address, httpx2.AsyncClient(base_url=address) as http:
            response = await http.post("/chatkit", content=create(), headers=JSON)
        assert response.status_code == 500
        assert (SECRET in response.text) is debug


async def test_paths_that_are_not_there_can_be_answered_by_the_application() -> None:
    app = chat_of().asgi()
    app.add_exception_handler(404, own_answer)
    async with serve(app) as address, httpx2.AsyncClient(base_url=address) as http:
        assert (await http.get("/nowhere")).status_code == 418
        put = await http.put("/health")
        assert (put.status_code, put.json()["error"]["code"]) == (
            405,
            "request.method_not_allowed",
        )
