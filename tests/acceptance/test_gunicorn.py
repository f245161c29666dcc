"""``chat.wsgi()`` under a real gunicorn: threads, in workers forked from one that loaded it."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from acceptance.conftest import environment, kill
from chatkeep import Chatkeep, Context
from chatkeep.stores.base import PageQuery
from support.clients import body, create
from support.waiting import PATIENCE, wait_until

APP = """
import asyncio, os
from pathlib import Path
from chatkeep import Chatkeep, Context, Settings

async def answer(turn):
    yield f"worker {os.getpid()} "
    try:
        while not Path("go").exists():
            await asyncio.sleep(0.01)
    except asyncio.CancelledError:
        Path("cancelled").touch()
        raise
    yield "and on"

def authenticate(request):
    if request.headers.get("Authorization") == "Bearer good":
        return Context(user="ann")

chat = Chatkeep(
    "sqlite:///chat.db",
    responder=answer,
    authenticate=authenticate,
    settings=Settings(shutdown_grace=0.2),
)

@chat.sync_action
async def buy(action):
    with open("bought", "a") as log:
        log.write("x")
    while not Path("go").exists():
        await asyncio.sleep(0.01)

app = chat.wsgi()
"""

CONFIG = """
def post_worker_init(worker):
    worker.wsgi.close_on_sigterm()
"""

HEADERS = {"content-type": "application/json", "authorization": "Bearer good"}
OWNER = Context(user="ann").owner


class Gunicorn:
    """A running gunicorn with two workers of eight threads."""

    def __init__(self, directory: Path) -> None:
        (directory / "app.py").write_text(APP, encoding="utf-8")
        (directory / "gunicorn.conf.py").write_text(CONFIG, encoding="utf-8")
        self.directory = directory
        self.log = directory / "gunicorn.log"
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/chatkit"
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn", "app:app", "--preload"),
                    *("--workers", "2", "--worker-class", "gthread", "--threads", "8"),
                    *("--bind", f"fd://{listener.fileno()}"),
                ],
                cwd=directory,
                env=environment({"PYTHONWARNINGS": "default"}),
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
                pass_fds=[listener.fileno()],
            )
        listener.close()
        wait_until(lambda: self.output.count("Booting worker") == 2)

    @property
    def output(self) -> str:
        """All that it has logged so far."""
        return self.log.read_text(encoding="utf-8")

    def go(self) -> None:
        """Let all answers go on."""
        (self.directory / "go").touch()

    def post(self, content: bytes) -> httpx2.Response:
        return httpx2.post(self.url, content=content, headers=HEADERS, timeout=PATIENCE)


@pytest.fixture
def gunicorn(tmp_path: Path) -> Iterator[Gunicorn]:
    """A gunicorn, which is ended with the test."""
    server = Gunicorn(tmp_path)
    yield server
    kill(server.process)


def open_stream(stack: ExitStack, server: Gunicorn, text: str = "Hi") -> Iterator[bytes]:
    """Begin a stream, and return its chunks."""
    http = stack.enter_context(httpx2.Client(timeout=PATIENCE))
    stream = http.stream("POST", server.url, content=create(text), headers=HEADERS)
    response = stack.enter_context(stream)
    assert response.status_code == 200, response.read()
    assert response.headers["content-type"].startswith("text/event-stream")
    return response.iter_raw()


def read_until(chunks: Iterator[bytes], words: bytes) -> bytes:
    seen = b""
    while words not in seen:
        seen += next(chunks)
    return seen


def id_in(seen: bytes) -> str:
    return str(json.loads(seen.split(b"data: ")[1])["thread"]["id"])


def worker_of(seen: bytes) -> int:
    return int(seen.split(b'"worker ')[1].split(b" ")[0])


def workers_of(server: Gunicorn) -> list[int]:
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    return [int(pid) for pid in children.read_text().split()]


def items(server: Gunicorn, thread_id: str) -> list[Any]:
    content = body("items.list", thread_id=thread_id, order="asc")
    return list(server.post(content).json()["data"])


def test_streams_arrive_piece_by_piece_from_every_worker(gunicorn: Gunicorn) -> None:
    with ExitStack() as stack:
        streams = [open_stream(stack, gunicorn) for _ in range(3)]
        seen = [read_until(stream, b'"worker ') for stream in streams]
        os.kill(worker_of(seen[0]), signal.SIGSTOP)  # so that the other one takes the next
        streams.append(open_stream(stack, gunicorn))
        seen.append(read_until(streams[-1], b'"worker '))
        os.kill(worker_of(seen[0]), signal.SIGCONT)
        gunicorn.go()
        seen = [said + b"".join(stream) for said, stream in zip(seen, streams, strict=True)]
    assert all(b'"delta":"and on"' in said for said in seen)
    assert {worker_of(said) for said in seen} == set(workers_of(gunicorn))
    assert len(gunicorn.post(body("threads.list")).json()["data"]) == 4


def test_a_client_that_leaves_is_noticed(gunicorn: Gunicorn) -> None:
    with ExitStack() as stack:
        read_until(open_stream(stack, gunicorn), b"worker ")
    wait_until((gunicorn.directory / "cancelled").exists)


def test_an_answer_can_be_stopped_from_any_worker(gunicorn: Gunicorn) -> None:
    with ExitStack() as stack:
        for _ in range(4):
            stream = open_stream(stack, gunicorn)
            seen = read_until(stream, b"worker ")
            stop = gunicorn.post(body("threads.stop", thread_id=id_in(seen)))
            assert stop.status_code == 200
            said = seen + b"".join(stream)
            assert b'"type":"error"' not in said
            assert items(gunicorn, id_in(seen))[-1]["content"][0]["text"].startswith("worker ")


def test_what_is_no_stream_is_answered_as_elsewhere(gunicorn: Gunicorn) -> None:
    def status(method: str, url: str, **headers: str) -> tuple[int, Any]:
        response = httpx2.request(method, url, content=b"{", headers=headers)
        return response.status_code, response.headers.get("content-type")

    json_type, url = "application/json", gunicorn.url
    assert status("POST", url, **HEADERS) == (400, json_type)
    assert status("POST", url, **{"content-type": "text/plain"}) == (415, json_type)
    assert status("POST", url, **{"content-type": json_type}) == (401, json_type)
    assert status("GET", url) == (405, json_type)
    assert status("POST", f"{url}/nowhere", **HEADERS) == (404, json_type)
    assert httpx2.options(url).headers["allow"] == "POST, OPTIONS"
    for path in ("/health", "/health/ready"):
        assert httpx2.get(url + path).json()["status"] == "ok"
    assert httpx2.get(f"{url}/ui/nothing.js").status_code == 404
    large = b" " * (1024 * 1024 + 1)
    assert gunicorn.post(large).status_code == 413


def test_a_click_whose_client_was_cut_off_runs_once(gunicorn: Gunicorn) -> None:
    gunicorn.go()
    thread_id = id_in(gunicorn.post(create()).content)
    (gunicorn.directory / "go").unlink()
    content = body("threads.sync_custom_action", thread_id=thread_id, action={"type": "buy"})
    # Of one worker: what another one runs is not known there.
    bought = gunicorn.directory / "bought"
    stopped, _ = workers_of(gunicorn)
    os.kill(stopped, signal.SIGSTOP)
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.post(gunicorn.url, content=content, headers=HEADERS, timeout=2.0)
    wait_until(bought.exists)
    with ThreadPoolExecutor() as pool:
        again = pool.submit(gunicorn.post, content)
        wait_until(lambda: again.running())
        gunicorn.go()
        assert again.result(PATIENCE).status_code == 200
    assert bought.read_text() == "x"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_what_is_unfinished_at_the_end_is_kept(gunicorn: Gunicorn, how: signal.Signals) -> None:
    with ExitStack() as stack:
        stream = open_stream(stack, gunicorn)
        seen = read_until(stream, b"worker ")
        gunicorn.process.send_signal(how)
        if how == signal.SIGTERM:  # the other is quick: it follows no stream to its end
            said = seen + b"".join(stream)
            assert b'"reason":"turn.interrupted"' in said
        assert gunicorn.process.wait(PATIENCE) == 0, gunicorn.output
    kept = asyncio.run(_kept(gunicorn.directory / "chat.db", id_in(seen)))
    assert kept == ["user_message", "assistant_message"]
    assert "Traceback" not in gunicorn.output


async def _kept(database: Path, thread_id: str) -> list[str]:
    chat = Chatkeep(f"sqlite:///{database}")
    async with chat.lifespan():
        page = await chat.store.list_items(OWNER, thread_id, PageQuery(order="asc"))
        return [item.type for item in page.data]
