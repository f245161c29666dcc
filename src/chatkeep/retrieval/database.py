"""The database: the index's SQLite file, its tables, and its transactions."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

from ..errors import ConfigurationError
from ..pragmas import set_pragma

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

_MAX_IDLE = 8
"""How many connections that read are kept for the next search."""

Kind: TypeAlias = Literal["DEFERRED", "IMMEDIATE"]


class Database:
    """The connections to the index's file: one that writes, and one for each search.

    A search sees the file as it was when it began and waits for no writer: that
    is what SQLite's write-ahead log is for. An index in memory is known to one
    connection only, so there everything takes turns.

    Args:
        path: The file, or ``":memory:"``.

    Raises:
        ConfigurationError: The file is something else than an index, or this
            Python's SQLite has no full-text search.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._in_memory = path == ":memory:"
        self._writing = threading.Lock()
        self._writer: sqlite3.Connection | None = _connect(path)
        self._pool = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closings = 0

    def close(self) -> None:
        """Close the connections, those in use once they are free. A later use opens others."""
        with self._writing:
            if self._writer:
                self._writer.close()
            self._writer = None
        with self._pool:
            self._closings += 1
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for one transaction that writes; one has it at a time."""
        with self._write_connection() as connection, _transaction(connection, "IMMEDIATE"):
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection for one transaction that reads."""
        with self._read_connection() as connection, _transaction(connection, "DEFERRED"):
            yield connection

    @contextmanager
    def _write_connection(self) -> Iterator[sqlite3.Connection]:
        with self._writing:
            self._writer = self._writer or _connect(self._path)
            yield self._writer

    @contextmanager
    def _read_connection(self) -> Iterator[sqlite3.Connection]:
        if self._in_memory:
            with self._write_connection() as connection:
                yield connection
            return
        if self._writer is None:
            with self._write_connection():
                pass  # the file may have gone with the tables in it
        with self._pool:
            closings = self._closings
            idle = self._idle.pop() if self._idle else None
        connection = idle or _open(self._path)
        try:
            yield connection
        finally:
            self._give_back(connection, closings)

    def _give_back(self, connection: sqlite3.Connection, closings: int) -> None:
        with self._pool:
            if closings == self._closings and len(self._idle) < _MAX_IDLE:
                self._idle.append(connection)
                return
        connection.close()


def _open(path: str) -> sqlite3.Connection:
    try:
        return sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
    except sqlite3.OperationalError as error:
        raise ConfigurationError(f"The index {path} can't be opened: {error}.") from error


def _connect(path: str) -> sqlite3.Connection:
    """Open the file and see to its tables."""
    connection = _open(path)
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
        set_pragma(connection, "journal_mode", "WAL", _BUSY_SECONDS)
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
