"""SQLite: what is its own among the databases of the SQL store."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chatkeep.context import Owner
from chatkeep.errors import ConfigurationError, ServiceUnavailable
from chatkeep.stores.base import PageQuery, ThreadChanges, TurnChanges
from chatkeep.stores.sql import SQLStore
from chatkeep.stores.sql.connectors.dbapi import DBAPIDriver
from chatkeep.testing.store_contract.records import (
    ALICE,
    NOON,
    a_piece,
    a_thread,
    a_turn,
    an_attachment,
    begin,
    ids_of,
    items_named,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "chat.db"


@pytest.fixture
async def store(file: Path) -> AsyncIterator[SQLStore]:
    store = SQLStore(f"sqlite:///{file}")
    await store.open()
    yield store
    await store.close()


@contextmanager
def locked(file: Path) -> Iterator[sqlite3.Connection]:
    """Another program's write transaction on the file."""
    other = sqlite3.connect(file, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield other
    finally:
        other.close()


async def test_what_was_saved_is_there_when_the_file_is_opened_again(file: Path) -> None:
    store = SQLStore(f"sqlite:///{file}")
    for number in range(3):
        await store.open()
        await store.save_thread(ALICE, a_thread(f"t{number}"))
        await store.close()
    await store.open()

    assert len((await store.list_threads(ALICE, PageQuery())).data) == 3
    await store.close()


def test_what_was_saved_survives_a_kill(file: Path) -> None:
    program = """
import asyncio, os, signal, sys
from chatkeep.stores.sql import SQLStore
from chatkeep.testing.store_contract.records import ALICE, a_thread, a_turn, items_named
async def main():
    store = SQLStore(sys.argv[1])
    await store.open()
    items = items_named("question")
    await store.begin_turn(a_turn("t"), lease_seconds=9, thread=a_thread("t"), items=items)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    url = f"sqlite:///{file}"
    subprocess.run([sys.executable, "-c", program, url], check=False, timeout=60)

    async def kept() -> list[str]:
        store = SQLStore(url)
        await store.open()
        page = await store.list_items(ALICE, "t", PageQuery())
        await store.close()
        return ids_of(page)

    assert asyncio.run(kept()) == ["question"]


async def test_readers_do_not_wait_for_a_writer(store: SQLStore, file: Path) -> None:
    await store.save_thread(ALICE, a_thread("t", title="Before"))
    with locked(file):
        renaming = asyncio.create_task(
            store.update_thread(ALICE, "t", ThreadChanges(title="After"))
        )
        reads = await asyncio.gather(*(store.get_thread(ALICE, "t") for _ in range(20)))
        assert not renaming.done()
    await renaming

    assert {thread.title for thread in reads} == {"Before"}
    assert (await store.get_thread(ALICE, "t")).title == "After"


async def test_a_write_waits_for_another_program(store: SQLStore, file: Path) -> None:
    with locked(file) as other:
        saving = asyncio.create_task(store.save_thread(ALICE, a_thread("t")))
        await store.ping()
        assert not saving.done()
        other.execute("COMMIT")
        await saving

    assert (await store.get_thread(ALICE, "t")).id == "t"


async def test_a_file_that_stays_locked_makes_the_service_unavailable(file: Path) -> None:
    store = SQLStore(f"sqlite:///{file}", timeout=0.2)
    await store.open()
    with locked(file), pytest.raises(ServiceUnavailable) as refused:
        await store.save_thread(ALICE, a_thread("t"))

    assert "INSERT" not in refused.value.message
    await store.save_thread(ALICE, a_thread("t"))
    await store.close()


async def test_writers_and_readers_at_once(store: SQLStore) -> None:
    async def talk(user: str) -> None:
        owner = Owner("acme", user)
        for number in range(5):
            turn = a_turn(f"{user}-{number}", owner)
            await begin(store, turn, thread=a_thread(turn.thread_id), items=items_named("question"))
            await store.list_threads(owner, PageQuery())
            await store.finish_turn(turn, "finished", TurnChanges(items=items_named("answer")))
            page = await store.list_items(owner, turn.thread_id, PageQuery(order="asc"))
            assert ids_of(page) == ["question", "answer"]

    await asyncio.gather(*(talk(f"user{number}") for number in range(10)))


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite+aiosqlite://"])
def test_sqlite_in_memory_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="memory:"):
        SQLStore(url)


@pytest.mark.parametrize("url", ["", "chat.db", "mysql://host/name"])
def test_what_names_no_database_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="memory:"):
        SQLStore(url)


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        await SQLStore(f"sqlite:///{tmp_path}/nowhere/chat.db").open()


async def test_a_file_that_is_no_database_is_not_touched(file: Path) -> None:
    file.write_text("Dear diary, " * 100)  # noqa: ASYNC240
    with pytest.raises(ConfigurationError, match="not a database"):
        await SQLStore(f"sqlite:///{file}").open()

    assert file.read_text() == "Dear diary, " * 100  # noqa: ASYNC240


async def test_a_store_that_is_not_open_says_so(file: Path) -> None:
    with pytest.raises(ConfigurationError, match="not open"):
        await SQLStore(f"sqlite:///{file}").ping()


async def test_ordinary_text_is_stored_as_people_read_it(store: SQLStore, file: Path) -> None:
    title = "Überweisung für מרים: 100 % – \\o/ 🙂"
    await store.save_thread(ALICE, a_thread("t", title=title))

    reader = sqlite3.connect(file)
    assert reader.execute("SELECT title FROM chatkeep_threads").fetchone() == (title,)
    reader.close()


async def test_no_statement_walks_a_whole_table(
    store: SQLStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: dict[str, Any] = {}
    run, run_many = DBAPIDriver.run, DBAPIDriver.run_many

    def note(driver: DBAPIDriver, sql: str, parameters: Any, returns_rows: bool) -> Any:
        statements[sql] = parameters
        return run(driver, sql, parameters, returns_rows)

    def note_many(driver: DBAPIDriver, sql: str, parameters: Any) -> Any:
        statements[sql] = parameters[0]
        return run_many(driver, sql, parameters)

    monkeypatch.setattr(DBAPIDriver, "run", note)
    monkeypatch.setattr(DBAPIDriver, "run_many", note_many)
    await _use_everything(store)

    reader = sqlite3.connect(file)
    plans = {
        statement: [row[3] for row in reader.execute(f"EXPLAIN QUERY PLAN {statement}", given)]
        for statement, given in statements.items()
        if "chatkeep_" in statement and not statement.startswith("PRAGMA")
    }
    reader.close()
    assert len(plans) > 30
    # The one that looks at every active turn walks an index of the active ones only.
    allowed = "SCAN chatkeep_turns USING INDEX chatkeep_turns_held"
    assert not {
        statement: step
        for statement, plan in plans.items()
        for step in plan
        if ("SCAN" in step and step != allowed) or ("TEMP B-TREE" in step and "LIMIT" in statement)
    }


async def _use_everything(store: SQLStore) -> None:
    turn = a_turn("t", request_key="k")
    await begin(
        store,
        turn,
        thread=a_thread("t"),
        items=items_named("i", "j", "k"),
        attachments=[an_attachment("a", "t")],
        repeated_since=NOON,
        max_active=9,
    )
    for order in ("asc", "desc"):
        await store.list_threads(ALICE, PageQuery(order=order))
        await store.list_threads(ALICE, PageQuery(order=order, after="t"))
        for hidden in (False, True):
            await store.list_items(ALICE, "t", PageQuery(order=order), hidden=hidden)
            await store.list_items(ALICE, "t", PageQuery(order=order, after="j"), hidden=hidden)
    await store.get_thread(ALICE, "t")
    await store.get_item(ALICE, "t", "i")
    await store.get_attachment(ALICE, "a")
    await store.list_attachments(ALICE, "t")
    await store.save_feedback(ALICE, "t", ["i"], "positive")
    await store.list_feedback(ALICE, "t")
    await store.get_turn(ALICE, turn.id)
    await store.request_stop(ALICE, "t")
    await store.mark_delivered(ALICE, turn.id, False)
    await store.active_turn(ALICE, "t")
    await store.renew(turn.holder, 30)
    await store.checkpoint(turn.holder, [a_piece(turn.id, 0, b"said")])
    await store.load_checkpoints(turn)
    await store.orphaned_turns("host")
    changes = ThreadChanges(title="x", keep_user_title=True, metadata={"seen": True})
    await store.update_thread(ALICE, "t", changes, turn=turn.id)
    await store.save_items(ALICE, "t", items_named("l"), turn=turn.id)
    await store.get_state(ALICE, "t", "agent")
    ending = TurnChanges(removed=["j"], state={"a": 1, "b": None}, touched_at=NOON)
    await store.finish_turn(turn, "finished", ending)
    await store.finish_turn(turn, "interrupted", ending, takeover=True)
    await store.purge(streamed_seconds=0, turns_seconds=0, limit=9)
    await store.delete_items(ALICE, "t", ["i"])
    await store.delete_attachment(ALICE, "a")
    await store.delete_thread(ALICE, "t")
