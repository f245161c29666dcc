"""``chatkeep db``, and what ``serve`` does about a schema, on SQLite and PostgreSQL."""

import asyncio
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url

from chatkeep.stores.sql import schema

if TYPE_CHECKING:
    from acceptance.conftest import Run, Serve


def test_a_new_file_is_checked_upgraded_and_checked_again(run: "Run", tmp_path: Path) -> None:
    url = "sqlite:///new.db"
    assert run("db", "current", "--database", url).stdout == "none\n"
    behind = run("db", "check", "--database", url)
    assert (behind.returncode, "none" in behind.stdout) == (1, True)
    assert not (tmp_path / "new.db").exists()

    for _ in range(2):
        assert run("db", "upgrade", "--database", url).returncode == 0
    assert run("db", "current", CHATKEEP_DATABASE=url).stdout == f"{schema.HEAD}\n"
    assert run("db", "check", "--database", url).returncode == 0


def test_a_schema_that_drifted_fails_the_check(run: "Run", tmp_path: Path) -> None:
    assert run("db", "upgrade").returncode == 0
    with sqlite3.connect(tmp_path / "chatkeep.db") as connection:
        connection.execute("ALTER TABLE chatkeep_threads ADD COLUMN stray TEXT")
    connection.close()
    drifted = run("db", "check")
    assert drifted.returncode == 1
    assert "stray" in drifted.stdout


def test_memory_and_nonsense_have_no_schema(run: "Run") -> None:
    for url in ("memory:", "nonsense", "mysql://root:hunter2@host/db"):
        answer = run("db", "upgrade", "--database", url)
        assert answer.returncode == 2
        assert "Traceback" not in answer.stderr
        assert "hunter2" not in answer.stderr


async def test_serve_asks_for_a_new_postgresql_schema_and_then_serves_on_it(
    run: "Run", serve: "Serve", docs: Path, empty_postgres_url: str
) -> None:
    url = make_url(empty_postgres_url)
    if url.host:  # over TCP a password would be shown, if anything were
        url = url.set(password="hunter2")
    shown = url.render_as_string(hide_password=False)

    def upgraded_and_asked() -> None:
        refused = run("serve", str(docs), "--database", shown)
        assert refused.returncode == 2
        assert "chatkeep db upgrade" in refused.stderr
        upgraded = run("db", "upgrade", "--database", shown)
        assert upgraded.returncode == 0, upgraded.stderr
        server = serve(str(docs), "--database", shown)
        answer = run("ask", "When is the rent due?", "--url", server.url)
        assert "Rent is due" in answer.stdout
        assert server.interrupt() == 0
        outputs = [refused.stderr, upgraded.stdout, server.output]
        assert not any("hunter2" in output for output in outputs)

    await asyncio.to_thread(upgraded_and_asked)
