"""A fake model: a real HTTP/1.1 server that speaks chat completions as told.

It answers ``POST /v1/chat/completions`` (streamed or whole) and
``GET /v1/models`` on a loopback port, with one scripted behaviour after another,
and records what it was asked::

    async with FakeModel(failure(429), Reply("Hello.")) as model:
        responder = Completions("fake", base_url=model.base_url)
        ...
        assert model.requests[1].body["model"] == "fake"

``async with`` runs it in the current loop, ``with`` in a thread of its own, and
``python -m chatkeep.testing.model_server`` in a process of its own.

It writes its bytes by hand, so that it can break the protocol in each way that
a network does, and is never the slow side of a measurement.
"""

import argparse
import asyncio
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self, cast

import msgspec

from .model_replies import (
    LAST_CHUNK,
    Behaviour,
    Ending,
    Frames,
    HangUp,
    Raw,
    Reply,
    Silence,
    chunk,
    failure,
    response_head,
    whole_answer,
)

__all__ = ["Behaviour", "FakeModel", "HangUp", "Raw", "Reply", "Request", "Silence", "failure"]

_CHUNKED = {"transfer-encoding": "chunked"}


@dataclass(slots=True)
class Request:
    """A request as it came in.

    Args:
        headers: Names in lower case.
        body: The parsed JSON, or None.
        connection: Which connection it came on, counted from 1.
        hung_up: Set once the client left before the answer was complete.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    connection: int
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)


class FakeModel:
    """The server. Behaviours are used up in order, then ``then`` stays.

    Args:
        script: What happens to the first requests, one each.
        then: What happens to every later one.
        port: Where to listen on 127.0.0.1; 0 takes a free port.
        models: The ids that ``GET /v1/models`` lists.

    Attributes:
        script: Behaviours still to come; append to it at any time.
        requests: Every request so far.
    """

    def __init__(
        self,
        *script: Behaviour,
        then: Behaviour | None = None,
        port: int = 0,
        models: Sequence[str] = ("fake",),
    ) -> None:
        self.script = deque(script)
        self.requests: list[Request] = []
        self.connection_count = 0
        self._then = then or Reply()
        self._port = port
        self._models = models
        self._asked = asyncio.Event()
        self._connections: set[_Connection] = set()

    async def request(self, number: int) -> Request:
        """Wait for a request, counted from 1, and return it. Not for use from a thread."""
        while len(self.requests) < number:
            self._asked.clear()
            await self._asked.wait()
        return self.requests[number - 1]

    @property
    def base_url(self) -> str:
        """Where clients find it, such as ``http://127.0.0.1:40123/v1``."""
        return f"http://127.0.0.1:{self._port}/v1"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self), "127.0.0.1", self._port, backlog=4096
        )
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await asyncio.gather(*(connection.abort() for connection in self._connections))
        await self._server.wait_closed()

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.__aenter__(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self.__aexit__(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _record(self, request: Request) -> None:
        self.requests.append(request)
        self._asked.set()

    def _behaviour(self, request: Request) -> Behaviour:
        if (request.method, request.path) == ("GET", "/v1/models"):
            data = [{"id": name, "object": "model", "owned_by": "fake"} for name in self._models]
            body = msgspec.json.encode({"object": "list", "data": data})
            return Raw(body, headers={"content-type": "application/json"})
        if (request.method, request.path) != ("POST", "/v1/chat/completions"):
            return failure(404, f"There is no {request.method} {request.path}.")
        if not isinstance(request.body, dict):
            return failure(400, "The body is not a JSON object.")
        return self.script.popleft() if self.script else self._then


class _Connection(asyncio.Protocol):
    """One client, which asks and is answered by turns."""

    def __init__(self, model: FakeModel) -> None:
        self._model = model
        self._received = bytearray()
        self._answering: asyncio.Task[None] | None = None
        self._request: Request | None = None
        self._lost = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._model.connection_count += 1
        self._number = self._model.connection_count
        self._model._connections.add(self)

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._answer_next()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, _: Exception | None) -> None:
        self._model._connections.discard(self)
        self._lost.set()
        if self._request is not None:
            self._request.hung_up.set()
        if self._answering is not None:
            self._answering.cancel()

    async def abort(self) -> None:
        self._request = None
        self._transport.abort()
        await self._lost.wait()

    def _answer_next(self) -> None:
        if self._request is None and (request := _take_request(self._received, self._number)):
            self._request = request
            self._model._record(request)
            self._answering = asyncio.create_task(self._answer(request))

    async def _answer(self, request: Request) -> None:
        match self._model._behaviour(request):
            case HangUp():
                self._drop()
            case Silence():
                await self._lost.wait()
            case Raw() as raw:
                await self._send_raw(raw)
            case Reply() as reply if reply.streams and request.body.get("stream"):
                await self._stream(reply, Frames(request.body))
            case Reply() as reply:
                await asyncio.sleep(reply.first_delay)
                self._transport.write(whole_answer(reply, request.body))
        self._request = None
        self._answer_next()

    def _drop(self) -> None:
        """Close after what was written, as a server that dies does."""
        self._request = None
        self._transport.close()

    async def _write(self, data: bytes) -> None:
        self._transport.write(data)
        await self._writable.wait()

    async def _send_raw(self, raw: Raw) -> None:
        await self._write(response_head(raw.status, {**raw.headers, **_CHUNKED}))
        await self._write_split(raw.body, raw.split or len(raw.body) or 1)
        await self._end(raw.ending)

    async def _write_split(self, body: bytes, size: int) -> None:
        for start in range(0, len(body), size):
            await self._write(chunk(body[start : start + size]))
            await asyncio.sleep(0)

    async def _stream(self, reply: Reply, frames: Frames) -> None:
        await self._write(response_head(200, {"content-type": "text/event-stream", **_CHUNKED}))
        if reply.split is not None:
            body = [frames.opening(), *frames.tokens(reply), *frames.closing(reply)]
            await self._write_split(b"".join(body), reply.split)
        else:
            await self._write(chunk(frames.opening()))
            await self._write_tokens(reply, frames)
            await self._write(b"".join(map(chunk, frames.closing(reply))))
        await self._end(reply.ending)

    async def _end(self, ending: Ending) -> None:
        if ending == "stall":
            await self._lost.wait()
        elif ending == "cut":
            self._drop()
        else:
            await self._write(LAST_CHUNK)

    async def _write_tokens(self, reply: Reply, frames: Frames) -> None:
        chunks = [chunk(frame) for frame in frames.tokens(reply)]
        loop = asyncio.get_running_loop()
        due = loop.time() + reply.first_delay
        for start in range(0, len(chunks), reply.tokens_per_write):
            if reply.first_delay or reply.delay:
                await asyncio.sleep(due - loop.time())
            await self._write(b"".join(chunks[start : start + reply.tokens_per_write]))
            due += reply.delay


def _take_request(received: bytearray, connection: int) -> Request | None:
    """Take the first request off ``received``, once all of it is there."""
    head, separator, rest = received.partition(b"\r\n\r\n")
    if not separator:
        return None
    start, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = start.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = int(headers.get("content-length", "0"))
    if len(rest) < length:
        return None
    del received[: len(head) + len(separator) + length]
    body = None
    with suppress(msgspec.DecodeError):
        body = msgspec.json.decode(bytes(rest[:length]))
    return Request(method, path, headers, body, connection)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serve a fake model on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--tokens", type=int, default=500, help="tokens an answer")
    parser.add_argument("--token", default=" token", help="the text of each token")
    parser.add_argument("--first-delay", type=float, default=0.0, help="seconds")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds between writes")
    parser.add_argument("--tokens-per-write", type=int, default=1)
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace) -> None:
    reply = Reply(
        [arguments.token] * arguments.tokens,
        first_delay=arguments.first_delay,
        delay=arguments.delay,
        tokens_per_write=arguments.tokens_per_write,
    )
    async with FakeModel(then=reply, port=arguments.port) as model:
        sys.stdout.write(f"{model.base_url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(_arguments()))
