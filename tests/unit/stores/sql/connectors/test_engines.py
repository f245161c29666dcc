"""A program's own engine: used, left as it was, and never ended."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chatkeep.errors import ConfigurationError, ServiceUnavailable
from chatkeep.stores.sql import SQLStore
from chatkeep.testing.store_contract.records import ALICE, a_thread, items_named


def _async_engine(url: str) -> AsyncEngine:
    return create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))


async def test_closing_the_store_leaves_the_programs_engine_alone(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/chat.db")
    store = SQLStore(engine)
    await store.open()
    await store.save_thread(ALICE, a_thread("t"))
    pool = engine.pool
    await store.close()

    assert engine.pool is pool
    with engine.connect() as connection:
        assert connection.execute(text("SELECT id FROM chatkeep_threads")).scalar() == "t"
    engine.dispose()


async def test_closing_the_store_leaves_the_programs_async_engine_alone(postgres_url: str) -> None:
    engine = _async_engine(postgres_url)
    store = SQLStore(engine)
    await store.open()
    await store.save_thread(ALICE, a_thread("t"))
    pool = engine.pool
    await store.close()

    assert engine.pool is pool
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT id FROM chatkeep_threads"))
        assert found.scalar() == "t"
        limit = await connection.execute(text("SHOW statement_timeout"))
        assert limit.scalar() == "0"
    await engine.dispose()


async def test_the_programs_pragmas_are_as_they_were(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/chat.db", pool_size=1)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 1234")
    store = SQLStore(engine)
    await store.open()
    await store.save_thread(ALICE, a_thread("t"))
    await store.get_thread(ALICE, "t")
    await store.close()

    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("foreign_keys", "busy_timeout", "query_only")
        }
    assert found == {"foreign_keys": 0, "busy_timeout": 1234, "query_only": 0}
    engine.dispose()


async def test_a_locked_file_is_waited_for_until_the_deadline(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/chat.db")
    store = SQLStore(engine, timeout=0.2)
    await store.open()
    other = sqlite3.connect(tmp_path / "chat.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    saves = [store.save_thread(ALICE, a_thread(f"t{n}")) for n in range(5)]
    results = await asyncio.gather(*saves, return_exceptions=True)
    other.close()

    assert {type(result) for result in results} == {ServiceUnavailable}
    await store.save_thread(ALICE, a_thread("t"))
    await store.close()
    engine.dispose()


async def test_a_locked_row_is_waited_for_until_the_deadline(postgres_url: str) -> None:
    engine = _async_engine(postgres_url)
    store = SQLStore(engine, timeout=0.5)
    await store.open()
    await store.save_thread(ALICE, a_thread("t"))
    async with engine.begin() as connection:
        await connection.execute(text("SELECT 1 FROM chatkeep_threads FOR UPDATE"))
        with pytest.raises(ServiceUnavailable):
            await store.save_items(ALICE, "t", items_named("i"))

    await store.save_items(ALICE, "t", items_named("i"))
    await store.close()
    await engine.dispose()


async def test_a_schema_on_the_programs_postgresql_is_upgraded_by_a_person(
    empty_postgres_url: str,
) -> None:
    engine = _async_engine(empty_postgres_url)
    with pytest.raises(ConfigurationError, match="chatkeep db upgrade"):
        await SQLStore(engine).open()
    await engine.dispose()


async def test_an_engine_of_another_kind_of_database_is_refused() -> None:
    from sqlalchemy.dialects import mysql

    engine = create_engine("sqlite://")
    engine.dialect = mysql.dialect()
    with pytest.raises(ConfigurationError, match="mysql"):
        SQLStore(engine)


async def test_a_store_over_an_engine_that_is_not_open_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not open"):
        await SQLStore(create_engine(f"sqlite:///{tmp_path}/chat.db")).ping()
