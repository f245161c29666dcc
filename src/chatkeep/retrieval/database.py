"""The database: the index's SQLite file, its tables, and its transactions."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

from ..errors import ConfigurationError

APPLICATION_ID = 0x434B4958
"""``CKIX``: tells an index from any other SQLite file."""

SCHEMA_VERSION = 1
"""Rises when the tables, the loaders or the chunking change: an index of
another version is emptied, and filled by its next update."""

_SCHEMA = (
    """CREATE TABLE files (
        id INTEGER PRIMARY KEY,
        path TEXT NOT NULL UNIQUE,
        stamp TEXT NOT NULL,
        hash BLOB NOT NULL
    )""",
    """CREATE TABLE passages (
        id INTEGER PRIMARY KEY,
        file INTEGER NOT NULL REFERENCES files ON DELETE CASCADE,
        line INTEGER NOT NULL
    )""",
    "CREATE INDEX passages_of_file ON passages (file)",
    # The id of a passage is the rowid of its words.
    """CREATE VIRTUAL TABLE words USING fts5 (
        title, heading, text, segmented,
        tokenize = "porter unicode61 remove_diacritics 2 categories 'L* N* Co Mc Mn'"
    )""",
    "INSERT INTO words (words, rank) VALUES ('rank', 'bm25(4.0, 8.0, 1.0, 1.0)')",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)

_BUSY_SECONDS = 30.0

Kind: TypeAlias = Literal["DEFERRED", "IMMEDIATE"]


class Database:
    """One connection to the index's file, shared by threads one at a time.

    Args:
        path: The file, or ``":memory:"``.

    Raises:
        ConfigurationError: The file is something else than an index, or this
            Python's SQLite has no full-text search.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = _connect(path)

    def close(self) -> None:
        """Close the connection, once it is free. The next transaction opens another."""
        with self._lock:
            if self._connection:
                self._connection.close()
            self._connection = None

    @contextmanager
    def transaction(self, kind: Kind) -> Iterator[sqlite3.Connection]:
        """Hold the connection for one transaction: to read, or to write."""
        with self._lock:
            self._connection = self._connection or _connect(self._path)
            with _transaction(self._connection, kind):
                yield self._connection


def _connect(path: str) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
    except sqlite3.OperationalError as error:
        raise ConfigurationError(f"The index {path} can't be opened: {error}.") from error
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: str) -> None:
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        with _transaction(connection, "IMMEDIATE"):
            _migrate(connection, path)
        # Only now: a file of someone else's must stay as it is.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
    except sqlite3.DatabaseError as error:
        if "fts5" in str(error):
            raise ConfigurationError("This Python's SQLite has no FTS5.") from error
        if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            raise ConfigurationError(f"{path} is not an index of Chatkeep's.") from error
        raise


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: Kind) -> Iterator[None]:
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _migrate(connection: sqlite3.Connection, path: str) -> None:
    """Leave the file with empty tables, unless it has those of this version."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " ORDER BY sql LIKE 'CREATE VIRTUAL%' DESC"
    ).fetchall()
    if tables and application != APPLICATION_ID:
        raise ConfigurationError(f"{path} is not an index of Chatkeep's.")
    if connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION:
        return
    for (name,) in tables:
        # A virtual table takes those behind it along.
        connection.execute(f'DROP TABLE IF EXISTS "{name}"')
    for statement in _SCHEMA:
        connection.execute(statement)
