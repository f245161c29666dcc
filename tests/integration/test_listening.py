"""PostgreSQL wakes those who follow; without LISTEN, and without a connection, they look."""

import asyncio
import importlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import make_url

from chatkeep.context import Owner
from chatkeep.live import watch
from chatkeep.live.memory import MemoryLiveLog
from chatkeep.live.store import StoreLiveLog
from chatkeep.stores.base import Checkpoint, ThreadRecord, TurnRecord
from chatkeep.stores.sql import SQLStore

ALICE = Owner("acme", "alice")
LISTENERS = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = $1"
HOLDER = "elsewhere"


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[SQLStore]:
    store = SQLStore(postgres_url)
    await store.open()
    yield store
    await store.close()


async def begun(store: SQLStore) -> TurnRecord:
    turn = TurnRecord("trn_1", ALICE, "t", "x", HOLDER, datetime.now(UTC))
    thread = ThreadRecord("t", turn.started_at)
    await store.begin_turn(turn, lease_seconds=30, thread=thread)
    return turn


def piece(number: int) -> Checkpoint:
    return Checkpoint("trn_1", number, number, 1, b"data: %d\n\n" % number)


async def listeners(url: str) -> list[int]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(LISTENERS, make_url(url).database)
        return [row["pid"] for row in rows]
    finally:
        await connection.close()


async def listening(url: str, count: int = 1, but: int | None = None) -> list[int]:
    """Wait until so many connections listen."""
    found: list[int] = []
    while True:
        found = [pid for pid in await listeners(url) if pid != but]
        if len(found) == count:
            return found
        await asyncio.sleep(0.02)


async def test_a_dropped_connection_is_made_again_and_meanwhile_the_clock_serves(
    store: SQLStore, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_LISTEN_AGAIN", 0.1)
    live = StoreLiveLog(store, MemoryLiveLog(60, 10_000))
    turn = await begun(store)
    reader = await live.reader(turn)
    assert reader is not None
    [pid] = await listening(postgres_url)
    await store.checkpoint(HOLDER, [piece(0)])
    assert await reader.read() == [b"data: 0\n\n"]

    other = await asyncpg.connect(postgres_url)
    assert await other.fetchval("SELECT pg_terminate_backend($1)", pid)
    await other.close()
    await store.checkpoint(HOLDER, [piece(1)])
    assert await reader.read() == [b"data: 1\n\n"]
    await listening(postgres_url, but=pid)
    await store.checkpoint(HOLDER, [piece(2)])
    assert await reader.read() == [b"data: 2\n\n"]
    reader.close()
    await listening(postgres_url, 0)
    await live.close()


async def test_one_connection_listens_for_all_followers(store: SQLStore, postgres_url: str) -> None:
    live = StoreLiveLog(store, MemoryLiveLog(60, 10_000))
    turn = await begun(store)
    readers = [await live.reader(turn) for _ in range(20)]
    await listening(postgres_url)
    reading = [asyncio.create_task(reader.read()) for reader in readers if reader]
    await store.checkpoint(HOLDER, [piece(0)])
    assert await asyncio.gather(*reading) == [[b"data: 0\n\n"]] * 20
    assert len(await listeners(postgres_url)) == 1
    await live.close()
    assert await listeners(postgres_url) == []


async def times_woken(woken: AsyncGenerator[None]) -> int:
    return len([None async for _ in woken])


async def test_sqlite_wakes_nobody(tmp_path: Path) -> None:
    store = SQLStore(f"sqlite:///{tmp_path}/chat.db")
    await store.open()
    assert await times_woken(store.woken()) == 0
    await store.close()


@contextmanager
def pooler_of(database: str) -> Iterator[str]:
    try:
        pgbouncer: Any = importlib.import_module("support.pgbouncer")
    except ImportError:
        pytest.skip("there is no pooler to try")
    url = make_url(database)
    with TemporaryDirectory(prefix="chatkeep-pgbouncer-") as folder:
        server = Path(str(url.query["host"]))
        with pgbouncer.pooling(
            Path(folder), server, int(str(url.query.get("port", 5432)))
        ) as pooler:
            yield f"{pooler}/{url.database}"


async def test_behind_a_pooler_the_clock_serves(postgres_url: str) -> None:
    with pooler_of(postgres_url) as url:
        store = SQLStore(url)
        await store.open()
        assert await times_woken(store.woken()) == 0, "LISTEN would say yes, and be deaf"
        live = StoreLiveLog(store, MemoryLiveLog(60, 10_000))
        turn = await begun(store)
        reader = await live.reader(turn)
        assert reader is not None
        for number in range(3):
            await store.checkpoint(HOLDER, [piece(number)])
            assert await reader.read() == [b"data: %d\n\n" % number]
        reader.close()
        await live.close()
        await store.close()
