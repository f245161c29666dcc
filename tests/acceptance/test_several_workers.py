"""Several workers on one database, as real processes: forked, stopped, killed, in containers."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, closing
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import make_url

from chatkeep.client import ChatClient, ClientFailure
from support.clients import PLAIN
from support.events import (
    Event,
    collected,
    conversation,
    done,
    errors,
    streamed_text,
    thread_id_of,
)
from support.waiting import PATIENCE, wait_until
from support.workers import JUMPING, Program, Worker

Start: TypeAlias = Callable[..., Program]

NAMESPACE = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc")
"""A command as a container has it: it is process number 1, and sees no others."""


def _can_unshare() -> bool:
    try:
        return subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode == 0
    except OSError:
        return False


containers = pytest.mark.skipif(not _can_unshare(), reason="namespaces are not allowed here")


_names = map(f"chatkeep_workers_{os.getpid()}_{{}}".format, count())
"""Tests that run beside these in another process share the server."""


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that several processes can use: a file, unless it is told."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return f"sqlite:///{tmp_path}/chat.db"
    # It goes with its server: workers that were just killed still seem connected.
    url = make_url(request.getfixturevalue("postgres_server"))
    name = next(_names)
    asyncio.run(_create_database(url.render_as_string(hide_password=False), name))
    return url.set(database=name).render_as_string(hide_password=False)


async def _create_database(server: str, name: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(
            f"CREATE DATABASE {name} TEMPLATE chatkeep_template STRATEGY file_copy"
        )
    finally:
        await connection.close()


on_both = pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def start(tmp_path: Path, database: str) -> Iterator[Start]:
    """Start the program with some workers; whatever still runs at the end is ended."""
    programs: list[Program] = []

    def start_program(count: int = 1, **options: Any) -> Program:
        programs.append(Program(tmp_path, database, count, **options))
        return programs[-1]

    yield start_program
    for program in programs:
        program.end()


async def ready(worker: Worker) -> ChatClient:
    """A client of a worker, once that has started."""
    async with asyncio.timeout(PATIENCE), ChatClient(worker.url) as probe:
        while True:
            try:
                await probe.threads()
            except ClientFailure:
                await asyncio.sleep(0.02)
            else:
                return ChatClient(worker.url, headers=PLAIN)  # it does not come back by itself


async def told(stream: AsyncGenerator[Event], words: str) -> list[Event]:
    """The events of a stream up to some words."""
    events: list[Event] = []
    while streamed_text(events) != words:
        events.append(await anext(stream))
    return events


async def talk(client: ChatClient, thread_id: str) -> list[tuple[str, str]]:
    return conversation((await client.items(thread_id, order="asc"))["data"])


async def answered(client: ChatClient, thread_id: str, text: str) -> list[Event]:
    """Send a message until the thread is free for it, and return what was told then."""
    async with asyncio.timeout(PATIENCE):
        while True:
            events = await collected(client.send(text, thread_id))
            if [error["reason"] for error in errors(events)] != ["thread.busy"]:
                return events
            await asyncio.sleep(0.1)


@on_both
async def test_forked_workers_never_answer_one_thread_twice(start: Start) -> None:
    program = start(2)
    one, two = [await ready(worker) for worker in program.workers]
    async with one, two, aclosing(one.send("Once upon | a time")) as stream:
        events = await told(stream, "Once upon ")
        thread_id = thread_id_of(events)
        for _ in range(3):
            busy = await collected(two.send("And now?", thread_id))
            assert [error["reason"] for error in errors(busy)] == ["thread.busy"]
        program.go.touch()
        events += await collected(stream)
        assert streamed_text(events) == "Once upon a time "
        assert await talk(two, thread_id) == [
            ("user", "Once upon | a time"),
            ("assistant", "Once upon a time "),
        ]


@pytest.mark.parametrize(
    "within", [(), pytest.param(NAMESPACE, marks=containers)], ids=["host", "containers"]
)
async def test_a_worker_that_starts_takes_nothing_from_the_others(
    start: Start, within: tuple[str, ...]
) -> None:
    first = start(within=within)
    one = await ready(first.workers[0])
    async with one, aclosing(one.send("Once upon | a time")) as stream:
        events = await told(stream, "Once upon ")
        second = start(within=within)
        two = await ready(second.workers[0])
        async with two:
            await asyncio.sleep(3.0)  # longer than the lease, and than two sweeps
            assert await talk(two, thread_id_of(events)) == [("user", "Once upon | a time")]
            first.go.touch()
            events += await collected(stream)
            assert errors(events) == []
            assert (await talk(two, thread_id_of(events)))[1:] == [
                ("assistant", "Once upon a time ")
            ]


def put_to_sleep(worker: Worker, database: Path) -> None:
    """Stop a worker, but not while it holds SQLite's lock, which would stop all others, too."""
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
        for _attempt in range(100):
            worker.send(signal.SIGSTOP)
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                worker.send(signal.SIGCONT)
                time.sleep(0.01)
            else:
                connection.execute("ROLLBACK")
                return
    raise AssertionError("the worker never rests")


async def test_a_worker_that_was_stopped_and_wakes_up_tells_the_truth(
    start: Start, tmp_path: Path
) -> None:
    """It was taken for dead, and the thread has gone on without it."""
    program = start(2)
    sleeper = program.workers[0]
    one, two = [await ready(worker) for worker in program.workers]
    async with one, two, aclosing(one.send("Once upon | a time")) as stream:
        events = await told(stream, "Once upon ")
        thread_id = thread_id_of(events)
        await asyncio.sleep(0.5)  # the checkpoint comes every 0.05 seconds
        put_to_sleep(sleeper, tmp_path / "chat.db")
        second = await answered(two, thread_id, "And now?")
        assert streamed_text(second) == "And now? "
        program.go.touch()
        sleeper.send(signal.SIGCONT)
        events += await collected(stream)

        assert [error["reason"] for error in errors(events)] == ["turn.lost"]
        assert events[-1] in errors(events)
        assert done(events, "assistant_message") == []
        assert streamed_text(events) == "Once upon "
        for client in (one, two):
            assert await talk(client, thread_id) == [
                ("user", "Once upon | a time"),
                ("assistant", "Once upon "),
                ("user", "And now?"),
                ("assistant", "And now? "),
            ]


@on_both
@pytest.mark.parametrize("how", ["delete", "stop"])
async def test_an_answer_ended_through_another_worker_costs_no_more(start: Start, how: str) -> None:
    program = start(2)
    one, two = [await ready(worker) for worker in program.workers]
    async with one, two, aclosing(one.send("Once upon | a time")) as stream:
        events = await told(stream, "Once upon ")
        thread_id = thread_id_of(events)
        await (two.delete if how == "delete" else two.stop)(thread_id)
        events += await collected(stream)
        wait_until(lambda: "cancelled" in program.words())
        if how == "stop":
            assert errors(events) == []
            assert (await talk(two, thread_id))[1:] == [("assistant", "Once upon ")]
        else:
            assert [error["reason"] for error in errors(events)] == ["turn.lost"]
            assert (await two.threads())["data"] == []


@on_both
async def test_an_answer_of_a_killed_worker_ends_with_nobody_asking(start: Start) -> None:
    program = start(2)
    one, two = [await ready(worker) for worker in program.workers]
    async with one, two, aclosing(one.send("Once upon | a time")) as stream:
        events = await told(stream, "Once upon ")
        await asyncio.sleep(0.5)  # the checkpoint comes every 0.05 seconds
        program.workers[0].send(signal.SIGKILL)
        with pytest.raises(ClientFailure):
            await collected(stream)
        thread_id = thread_id_of(events)
        async with asyncio.timeout(15.0):  # reading recovers nothing
            while len(await talk(two, thread_id)) == 1:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.1)
        assert (await talk(two, thread_id))[1:] == [("assistant", "Once upon ")]


@on_both
async def test_answers_of_a_killed_server_are_there_when_it_starts_again(start: Start) -> None:
    program = start(1)
    one = await ready(program.workers[0])
    async with one, aclosing(one.send("Once upon | a time")) as stream:
        events = await told(stream, "Once upon ")
        await asyncio.sleep(0.5)  # the checkpoint comes every 0.05 seconds
        program.end()
        with pytest.raises(ClientFailure):
            await collected(stream)
    again = await ready(start(1).workers[0])
    async with again:
        assert (await talk(again, thread_id_of(events)))[1:] == [("assistant", "Once upon ")]


async def test_a_clock_that_jumps_takes_no_answer_from_its_worker(
    start: Start, tmp_path: Path
) -> None:
    with sqlite3.connect(tmp_path / "chat.db") as connection:
        connection.execute("CREATE TABLE jumps (microseconds INTEGER)")
    program = start(2, before=JUMPING)
    one, two = [await ready(worker) for worker in program.workers]
    async with one, two, aclosing(one.send("Once upon | a time")) as stream:
        events = await told(stream, "Once upon ")
        for hours in range(1, 7):  # each at another moment between two sweeps
            connection.execute("INSERT INTO jumps VALUES (?)", [hours * 3_600_000_000])
            connection.commit()
            await asyncio.sleep(0.65)
        busy = await collected(two.send("And now?", thread_id_of(events)))
        assert [error["reason"] for error in errors(busy)] == ["thread.busy"]
        connection.close()
        program.go.touch()
        events += await collected(stream)
        assert errors(events) == []
        assert (await talk(two, thread_id_of(events)))[1:] == [("assistant", "Once upon a time ")]
