"""The schema: made by migrations, found out when it is not as it should be."""

import asyncio
import re
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import make_url

from chatkeep.errors import ConfigurationError
from chatkeep.stores.sql import SQLStore, schema


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with nothing in it, on each kind of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/chat.db"
    return str(request.getfixturevalue("empty_postgres_url"))


@pytest.fixture
def other_empty_url(request: pytest.FixtureRequest, empty_url: str, tmp_path: Path) -> str:
    """The URL of another one, of the same kind."""
    if empty_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path}/other.db"
    return str(request.getfixturevalue("other_empty_postgres_url"))


def _execute(url: str, statement: str) -> list[tuple[Any, ...]]:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(str(make_url(url).database))) as database, database:
            return database.execute(statement).fetchall()

    async def run() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(url)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(run())


_COLUMNS = """
    SELECT table_name, row_number() OVER (PARTITION BY table_name ORDER BY ordinal_position),
        column_name, data_type, character_maximum_length,
        is_nullable, column_default, collation_name
    FROM information_schema.columns WHERE table_schema = 'public'
"""
_CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""
_INDEXES = "SELECT tablename::text, indexname::text, indexdef FROM pg_indexes"


_SQLITE_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"


def _parts_of(table: str) -> str:
    """A query for a table's columns and foreign keys."""
    return f"""
        SELECT cid, name, type, "notnull", dflt_value, pk FROM pragma_table_info('{table}')
        UNION ALL SELECT seq, "table", "from", "to", on_delete, 0
        FROM pragma_foreign_key_list('{table}')
    """  # noqa: S608 - the names are the database's own


def _definitions(url: str) -> set[tuple[Any, ...]]:
    """All that a database says about its tables, and the revision it says they have."""
    version = _execute(url, "SELECT version_num FROM chatkeep_schema")
    if url.startswith("sqlite"):
        # A column that was added later stands elsewhere in the text of its table.
        tables = [row[0] for row in _execute(url, _SQLITE_TABLES)]
        made = [(table, *row) for table in tables for row in _execute(url, _parts_of(table))]
        made += _execute(url, "SELECT name, sql FROM sqlite_master WHERE type = 'index'")
    else:
        made = [row for query in (_COLUMNS, _CONSTRAINTS, _INDEXES) for row in _execute(url, query)]
        made = [row for row in made if row[0].startswith("chatkeep_")]
    return {*version, *made}


def _opening(url: str) -> None:
    async def run() -> None:
        store = SQLStore(url)
        try:
            await store.open()
            await store.ping()
        finally:
            await store.close()

    asyncio.run(run())


def test_the_migrations_make_the_tables_of_this_version(empty_url: str) -> None:
    assert schema.current(empty_url) is None
    assert schema.upgrade(empty_url) == schema.HEAD

    assert schema.current(empty_url) == schema.HEAD
    assert schema.check(empty_url) == []


def test_an_empty_database_gets_what_the_migrations_make(
    empty_url: str, other_empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema.upgrade(empty_url)
    monkeypatch.setattr(schema, "create", schema.migrate)
    schema.upgrade(other_empty_url)

    assert len(_definitions(empty_url)) > 20
    assert _definitions(empty_url) == _definitions(other_empty_url)


def test_an_upgrade_of_what_is_current_changes_nothing(empty_url: str) -> None:
    schema.upgrade(empty_url)
    schema.upgrade(empty_url)

    assert schema.check(empty_url) == []


def test_the_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))

    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


@pytest.mark.parametrize(
    ("statement", "difference"),
    [
        ("DROP INDEX chatkeep_turns_active", "chatkeep_turns_active"),
        ("DROP TABLE chatkeep_feedback", "chatkeep_feedback"),
        ("ALTER TABLE chatkeep_threads DROP COLUMN title", "title"),
        ("ALTER TABLE chatkeep_threads ADD COLUMN colour TEXT", "colour"),
    ],
)
def test_a_check_finds_what_someone_changed(
    empty_url: str, statement: str, difference: str
) -> None:
    schema.upgrade(empty_url)
    _execute(empty_url, statement)

    assert difference in "".join(schema.check(empty_url))


def test_a_check_leaves_the_programs_own_tables_alone(empty_url: str) -> None:
    schema.upgrade(empty_url)
    _execute(empty_url, "CREATE TABLE customers (id INTEGER PRIMARY KEY)")
    _execute(empty_url, "CREATE TABLE alembic_version (version_num TEXT)")

    assert schema.check(empty_url) == []


def test_a_missing_schema_on_postgresql_is_refused_with_the_command(
    empty_postgres_url: str,
) -> None:
    url = make_url(empty_postgres_url).set(password="s3cret").render_as_string(False)
    with pytest.raises(ConfigurationError) as refused:
        _opening(url)

    command = re.search(r"chatkeep db upgrade --database (\S+)", refused.value.message)
    assert command is not None
    assert command[1].startswith("postgresql://postgres:***@")
    assert "s3cret" not in str(refused.value)
    schema.upgrade(url)
    _opening(url)


def test_an_old_schema_on_postgresql_is_refused_with_the_command(postgres_url: str) -> None:
    _execute(postgres_url, "UPDATE chatkeep_schema SET version_num = '0000'")

    with pytest.raises(ConfigurationError, match=r"is at 0000.*chatkeep db upgrade --database"):
        _opening(postgres_url)


def test_a_schema_newer_than_the_code_is_refused(empty_url: str) -> None:
    schema.upgrade(empty_url)
    _execute(empty_url, "UPDATE chatkeep_schema SET version_num = '9999'")

    with pytest.raises(ConfigurationError, match="upgrade Chatkeep"):
        _opening(empty_url)
    with pytest.raises(ConfigurationError, match="upgrade Chatkeep"):
        schema.upgrade(empty_url)


def test_a_sqlite_file_is_brought_up_to_date_when_it_is_opened(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/chat.db"
    _opening(url)

    assert schema.check(url) == []
    assert schema.current(url) == schema.HEAD


@pytest.mark.parametrize("state", ["new", "current"])
def test_opening_a_file_does_not_import_alembic(state: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/chat.db"
    if state == "current":
        _opening(url)
    program = f"""
import asyncio, sys
from chatkeep.stores.sql import SQLStore
async def main():
    store = SQLStore({url!r})
    await store.open()
    await store.close()
asyncio.run(main())
sys.exit(any(name in sys.modules for name in ("alembic", "sqlalchemy.orm")))
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


async def test_processes_that_open_one_new_file_at_once_all_succeed(tmp_path: Path) -> None:
    program = """
import asyncio, sys
from chatkeep.stores.sql import SQLStore
async def main():
    store = SQLStore(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    await store.open()
    await store.ping()
    await store.close()
asyncio.run(main())
"""
    url = f"sqlite:///{tmp_path}/chat.db"
    pipe = asyncio.subprocess.PIPE
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, url, stdin=pipe, stdout=pipe, stderr=pipe
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        await process.stdout.readline()
    results: list[Awaitable[tuple[bytes, bytes]]] = [
        process.communicate(b"go\n") for process in processes
    ]
    ended = await asyncio.gather(*results)

    assert [process.returncode for process in processes] == [0] * 4, ended
    assert await asyncio.to_thread(schema.check, url) == []
