"""Setting up a SQLite file that others open at the same time."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from chatkeep.pragmas import set_pragma


def connected(file: Path, timeout: float = 10.0) -> "closing[sqlite3.Connection]":
    return closing(sqlite3.connect(file, timeout=timeout, isolation_level=None))


def test_those_who_open_a_new_file_at_the_same_time_all_can(tmp_path: Path) -> None:
    """Workers that start together meet like this; SQLite refuses some of them at once."""

    def opened(file: Path) -> None:
        with connected(file) as connection:
            start.wait()
            set_pragma(connection, "journal_mode", "WAL", 10.0)

    start = Barrier(8)
    with ThreadPoolExecutor(8) as threads:
        for number in range(20):
            file = tmp_path / f"{number}.db"
            assert [*threads.map(opened, [file] * 8)] == [None] * 8


class RefusedTwice(sqlite3.Connection):
    """A connection that SQLite refuses at once, as it does in the race above, if that is lost."""

    refusals = 2

    def execute(self, *args: Any) -> sqlite3.Cursor:
        if self.refusals:
            self.refusals -= 1
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        return super().execute(*args)


def test_a_refusal_at_once_is_tried_again(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "chat.db", factory=RefusedTwice)) as connection:
        set_pragma(connection, "journal_mode", "WAL", 10.0)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_file_that_stays_in_use_is_given_up(tmp_path: Path) -> None:
    file = tmp_path / "chat.db"
    with connected(file) as other, connected(file, timeout=0.0) as connection:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            set_pragma(connection, "journal_mode", "WAL", 0.05)
