"""Two workers on one database, people who talk to them, and what must hold after each fault."""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import msgspec

from support.clients import add, body, create
from support.workers import Program, Worker

PATIENCE = 60.0
"""Seconds after a fault in which everything has to be as before."""

LEAKS = re.compile(
    rb"Traceback|sqlite3?\.|asyncpg|sqlalchemy|psycopg|SELECT |INSERT |UPDATE |site-packages|\.py\b"
)
"""What no body may say."""

_ANSWER_SECONDS = 40.0


class Wrong(AssertionError):
    """Something that must hold does not."""


class World:
    """A program under attack.

    Args:
        folder: Where it runs.
        database: The URL of its database.
    """

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        self.database = database
        self.random = random.Random(7)  # noqa: S311 - the same each time
        self.programs = [Program(folder, database, 2)]
        self.told: dict[str, dict[str, Any]] = {}
        self.figures: Counter[str] = Counter()
        self.slowest = 0.0
        self._http = httpx2.AsyncClient(timeout=_ANSWER_SECONDS, limits=_MANY)

    @property
    def workers(self) -> list[Worker]:
        """Those that can be asked."""
        return [worker for program in self.programs for worker in program.workers]

    async def __aenter__(self) -> "World":
        await self._all_answer()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._http.aclose()
        for program in self.programs:
            await asyncio.to_thread(program.end)

    def replace_workers(self) -> None:
        """Start new workers in the place of all there were."""
        for program in self.programs:
            program.end()
        self.programs = [Program(self.folder, self.database, 2)]

    # Asking

    async def ask(self, content: bytes, worker: Worker | None = None) -> tuple[int, bytes]:
        """Send a body; return the status and all of the answer, which may leak nothing."""
        url = (worker or self.random.choice(self.workers)).url
        headers = {"content-type": "application/json"}
        began = time.monotonic()
        answer = b""
        try:
            async with self._http.stream("POST", url, content=content, headers=headers) as response:
                async for chunk in response.aiter_raw():
                    answer += chunk
            status = response.status_code
        except httpx2.TimeoutException:
            raise Wrong(f"no answer within {_ANSWER_SECONDS} seconds: {content[:80]!r}") from None
        except httpx2.TransportError:
            status = 0  # the worker is gone, or closed the connection
        self.slowest = max(self.slowest, time.monotonic() - began)
        if leak := LEAKS.search(answer):
            raise Wrong(f"an answer tells too much: {leak[0]!r} in {answer[:300]!r}")
        return status, answer

    async def say(self, text: str, thread_id: str | None = None) -> tuple[str | None, bool]:
        """Send a message, note what is told as done; return the thread, and if it was answered."""
        content = create(text) if thread_id is None else add(thread_id, text)
        status, answer = await self.ask(content)
        answered = False
        for event in _events(answer):
            if event["type"] == "thread.created":
                thread_id = str(event["thread"]["id"])
            if event["type"] == "thread.item.done" and thread_id is not None:
                item = event["item"]
                self.told.setdefault(thread_id, {})[item["id"]] = item
                answered = answered or item["type"] == "assistant_message"
        self.figures["answered" if answered else f"refused ({status})"] += 1
        return thread_id, answered

    # People

    async def talk_until(self, over: asyncio.Event) -> None:
        """One person's conversations."""
        while not over.is_set():
            thread_id = None
            for _message in range(3):
                thread_id, _ = await self.say(
                    f"Once ~ upon ~ a time {self.random.random()}", thread_id
                )
                await asyncio.sleep(0.05)

    async def during(self, act: Awaitable[None], people: int = 4) -> None:
        """Let people talk while something happens."""
        over = asyncio.Event()
        talking = [asyncio.create_task(self.talk_until(over)) for _ in range(people)]
        try:
            await act
        finally:
            over.set()
            results = await asyncio.gather(*talking, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    # What must hold

    async def check(self) -> None:
        """Raise `Wrong` unless all is as if nothing had happened."""
        await self._all_answer()
        await self._no_thread_is_locked()
        await self._nothing_told_is_missing()
        self.figures["threads checked"] += len(self.told)

    async def _all_answer(self) -> None:
        for worker in self.workers:
            await self._wait_for(worker)

    async def _wait_for(self, worker: Worker) -> None:
        async def answers() -> bool:
            return (await self.ask(body("threads.list"), worker))[0] == 200

        await _until(answers, f"{worker.url} does not answer")

    async def _no_thread_is_locked(self) -> None:
        async with asyncio.TaskGroup() as group:
            for thread_id in list(self.told)[-40:]:
                group.create_task(self._is_free(thread_id))

    async def _is_free(self, thread_id: str) -> None:
        async def is_answered() -> bool:
            return (await self.say("Still there?", thread_id))[1]

        await _until(is_answered, f"thread {thread_id} is locked")

    async def _nothing_told_is_missing(self) -> None:
        for thread_id, items in self.told.items():
            kept = await self._items(thread_id)
            for item_id, item in items.items():
                if kept.get(item_id) != item:
                    raise Wrong(f"told as done, and not kept: {item} in {thread_id}")

    async def _items(self, thread_id: str) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        after = None
        while True:
            params: dict[str, Any] = {"thread_id": thread_id, "limit": 100, "after": after}
            status, answer = await self.ask(body("items.list", **params))
            if status != 200:
                raise Wrong(f"items.list: {status} {answer[:200]!r}")
            page = msgspec.json.decode(answer)
            kept |= {item["id"]: item for item in page["data"]}
            if not page["has_more"]:
                return kept
            after = page["after"]


class Fault(NamedTuple):
    """Something that goes wrong.

    Args:
        name: What, as the report says it.
        databases: On which databases it is tried.
        act: Makes it happen, and ends it.
    """

    name: str
    databases: tuple[str, ...]
    act: Callable[[World], Awaitable[None]]


def _events(answer: bytes) -> list[Any]:
    events = []
    for frame in answer.split(b"\n\n"):
        with suppress(msgspec.DecodeError):  # the last one may be cut
            if frame.startswith(b"data: "):
                events.append(msgspec.json.decode(frame.removeprefix(b"data: ")))
    return events


async def _until(condition: Callable[[], Awaitable[bool]], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not await condition():
        if time.monotonic() > deadline:
            raise Wrong(otherwise)
        await asyncio.sleep(0.2)


_MANY = httpx2.Limits(max_connections=200)
