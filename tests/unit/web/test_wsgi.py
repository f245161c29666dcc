"""The WSGI application, called as a server calls it."""

import asyncio
import io
import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from chatkeep import Chatkeep, Context, Settings
from chatkeep.testing.responder import ScriptedResponder
from chatkeep.web.wsgi import Application, Headers, Request
from support.clients import body, create
from support.events import parsed, streamed_text

QUICK = Settings(shutdown_grace=0.05, heartbeat_interval=0.01)


@pytest.fixture
def apps() -> Iterator[list[Application]]:
    """Applications to be closed at the end."""
    made: list[Application] = []
    yield made
    for app in made:
        app.close()


def call(
    app: Application, content: bytes = b"", path: str = "/chatkit", **environ: Any
) -> tuple[str, dict[str, str], Any]:
    started: list[Any] = []
    sent = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.input": io.BytesIO(content),
    } | environ
    answer = app(sent, lambda status, headers: started.extend((status, dict(headers))))
    return started[0], started[1], answer


async def endless(turn: Any) -> Any:
    yield "Once "
    await asyncio.get_running_loop().create_future()


@pytest.mark.parametrize("path", ["", "/", "/chatkit", "/chatkit/"])
def test_a_whole_answer(apps: list[Application], path: str) -> None:
    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."), settings=QUICK)
    apps.append(app := chat.wsgi())
    status, headers, answer = call(app, create(), path)
    assert status == "200 OK"
    assert headers["content-encoding"] == "identity"
    assert streamed_text(parsed(b"".join(answer))) == "Yes."
    answer.close()
    answer.close()
    status, headers, answer = call(app, body("threads.list"), path)
    assert (status, headers["content-type"]) == ("200 OK", "application/json")
    assert len(answer) == 1


def test_nothing_runs_before_the_first_request() -> None:
    before = threading.active_count()
    app = Chatkeep("memory:").wsgi()
    assert threading.active_count() == before
    app.close()


def test_a_stream_can_be_left_from_another_thread(apps: list[Application]) -> None:
    chat = Chatkeep("memory:", responder=endless, settings=Settings(shutdown_grace=0.05))
    apps.append(app := chat.wsgi())
    _, _, answer = call(app, create())
    seen = b""
    while b"Once " not in seen:
        seen += next(answer)
    threading.Timer(0.05, answer.close).start()
    assert b'"type":"error"' not in b"".join(answer)


def test_a_stream_says_that_it_lives(apps: list[Application]) -> None:
    """By which a server finds out that its client has left."""
    apps.append(app := Chatkeep("memory:", responder=endless, settings=QUICK).wsgi())
    _, _, answer = call(app, create())
    seen = b""
    while seen.count(b'"stream_options"') < 6:
        seen += next(answer)
    answer.close()


def test_closing_ends_streams_with_a_word_and_refuses_what_comes() -> None:
    app = Chatkeep("memory:", responder=endless, settings=QUICK).wsgi()
    _, _, answer = call(app, create())
    closing = threading.Thread(target=app.close)
    closing.start()
    assert b'"reason":"turn.interrupted"' in b"".join(answer)
    answer.close()
    closing.join()
    status, headers, _ = call(app, create())
    assert (status, headers["Retry-After"]) == ("503 Service Unavailable", "1")
    assert call(app, path="/health/ready", REQUEST_METHOD="GET")[0].startswith("503")
    assert call(app, path="/health", REQUEST_METHOD="GET")[0].startswith("200")
    app.close()


def test_an_authenticator_sees_headers_as_elsewhere(apps: list[Application]) -> None:
    seen: list[Any] = []

    def authenticate(request: Any) -> Context:
        seen.append(request)
        return Context(user=request.headers["X-User"])

    responder = ScriptedResponder("Yes.")
    chat = Chatkeep("memory:", responder=responder, authenticate=authenticate, settings=QUICK)
    apps.append(app := chat.wsgi())
    b"".join(call(app, create(), HTTP_X_USER="ann", HTTP_ACCEPT_LANGUAGE="de")[2])
    (turn,) = responder.turns
    assert (turn.context.user, turn.context.locale) == ("ann", "de")
    assert isinstance(seen[0], Request)
    assert seen[0].environ["HTTP_X_USER"] == "ann"


def test_headers_have_their_names_on_the_wire() -> None:
    headers = Headers(
        {"HTTP_X_A_B": "1", "CONTENT_TYPE": "t", "CONTENT_LENGTH": "", "REMOTE_ADDR": "x"}
    )
    assert dict(headers) == {"x-a-b": "1", "content-type": "t"}
    assert headers["X-A-B"] == "1"
    assert (headers.get("content-length"), len(headers)) == (None, 2)


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({"CONTENT_LENGTH": "2000000"}, "413"),
        ({"CONTENT_TYPE": "text/plain"}, "415"),
        ({"REQUEST_METHOD": "GET"}, "405"),
        ({"REQUEST_METHOD": "OPTIONS"}, "204"),
        ({"PATH_INFO": "/chatkit/nowhere"}, "404"),
        ({"PATH_INFO": "/nowhere"}, "404"),
        ({"CONTENT_LENGTH": "100"}, "499"),
        ({"CONTENT_LENGTH": "", "wsgi.input_terminated": True}, "200"),
        ({"CONTENT_LENGTH": ""}, "400"),
    ],
)
def test_the_status_of_what_comes(
    apps: list[Application], environ: dict[str, Any], status: str
) -> None:
    apps.append(app := Chatkeep("memory:", settings=QUICK).wsgi())
    answered, _, _ = call(app, body("threads.list"), **environ)
    assert answered.split(" ")[0] == status


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("POST", "/chatkit", create()),
        ("POST", "/chatkit", b"{"),
        ("OPTIONS", "/chatkit", b""),
        ("HEAD", "/chatkit/health", b""),
        ("GET", "/chatkit/ui/nothing.js", b""),
    ],
)
def test_it_keeps_to_pep_3333(
    apps: list[Application], method: str, path: str, content: bytes
) -> None:
    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."), settings=QUICK)
    apps.append(app := chat.wsgi())
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.input": io.BytesIO(content),
    }
    setup_testing_defaults(environ)
    answer = validator(app)(environ, lambda status, headers, error=None: lambda _: None)
    b"".join(answer)
    answer.close()  # type: ignore[attr-defined]
