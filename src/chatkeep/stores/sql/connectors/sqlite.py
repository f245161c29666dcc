"""SQLite: a file, used in threads."""

import asyncio
import os
import sqlite3
from pathlib import Path
from time import monotonic
from typing import TypeVar

import sqlalchemy
from sqlalchemy import URL, NullPool, create_engine, event
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from ....errors import ConfigurationError
from ....pragmas import is_busy, set_pragma
from ..connection import Connection
from .base import TIMEOUT_SECONDS, SchemaConnector, SchemaWork, Scope, Work
from .dbapi import DBAPIDriver
from .failures import is_state_of_database, is_state_of_sqlite
from .threads import Threads

T = TypeVar("T")

_READERS = 4
_PRECISION = 0.1
_DIALECT = SQLiteDialect_pysqlite(dbapi=sqlite3)  # one for all, as statements are compiled for it
_DURABLE = {"journal_mode": "WAL", "synchronous": "FULL", "foreign_keys": "ON"}
_READ_ONLY = {"query_only": "ON"}


class _OpenFile:
    """A connection, and which file it is on: another may take its place and its name."""

    def __init__(self, path: Path, pragmas: dict[str, str], timeout: float) -> None:
        self.connection = _connected(path, pragmas, timeout)
        self.identity = _identity(path)
        self._timeout = timeout

    def wait_at_most(self, seconds: float) -> None:
        """Let locks of other programs hold up the next statement no longer than this."""
        if abs(seconds - self._timeout) > _PRECISION:
            self.connection.execute(f"PRAGMA busy_timeout = {max(1, int(seconds * 1000))}")
            self._timeout = seconds


def _connected(path: Path, pragmas: dict[str, str], timeout: float) -> sqlite3.Connection:
    # Not made where it is missing: a file that someone removed must not come back empty.
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=rw",
        uri=True,
        timeout=timeout,
        isolation_level=None,
        check_same_thread=False,
    )
    until = monotonic() + timeout
    try:
        for name, value in pragmas.items():
            set_pragma(connection, name, value, until - monotonic())
    except BaseException:
        connection.close()
        raise
    return connection


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another of the same name; None if there is none."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _timeout_in(url: URL) -> float | None:
    """What the address says of the deadline."""
    for name, value in url.query.items():
        if name != "timeout":
            raise ConfigurationError(
                f"The database's address: {name} is not known here: only timeout=SECONDS is"
            )
        try:
            return float(str(value))
        except ValueError:
            raise ConfigurationError(
                "The database's address: timeout is a number of seconds"
            ) from None
    return None


def _make(path: Path) -> None:
    """Make the file if it is missing."""
    if path.exists():
        return
    try:
        path.touch()
    except OSError as error:
        raise ConfigurationError(f"The database file {path} can't be made: {error}") from error


class _Lane:
    """Some connections to a SQLite file, and as many threads to use them in."""

    def __init__(
        self, path: Path, threads: int, begin: str, pragmas: dict[str, str], timeout: float
    ) -> None:
        self._path = path
        self._begin = begin
        self._pragmas = pragmas
        self._idle: list[_OpenFile] = []
        self.threads = Threads(threads, timeout, is_state_of_database)

    async def run(self, work: Work[T]) -> T:
        """Do work in a transaction, in its turn or not at all."""

        def transaction(left: float) -> T:
            return self._transaction(work, left)

        return await self.threads.run(transaction)

    def _transaction(self, work: Work[T], left: float) -> T:
        file = self._take(left)
        driver = DBAPIDriver(file.connection.cursor, sqlite3.IntegrityError)
        try:
            file.connection.execute(self._begin)
            result = work(Connection(driver, _DIALECT))
            file.connection.execute("COMMIT")
        except BaseException as error:
            self._undo(file, error)
            raise
        self._idle.append(file)
        return result

    def _take(self, left: float) -> _OpenFile:
        """A connection to the file that has the name now."""
        while self._idle:
            file = self._idle.pop()
            if file.identity == _identity(self._path):
                file.wait_at_most(left)
                return file
            file.connection.close()
        return _OpenFile(self._path, self._pragmas, left)

    def _undo(self, file: _OpenFile, error: BaseException) -> None:
        """Roll back; give up a connection of which the file's own state is in doubt."""
        try:
            file.connection.rollback()
        except sqlite3.Error:
            file.connection.close()
            return
        if isinstance(error, sqlite3.Error) and is_state_of_sqlite(error) and not is_busy(error):
            file.connection.close()
        else:
            self._idle.append(file)

    def close(self) -> None:
        self.threads.close()
        while self._idle:
            self._idle.pop().connection.close()


class SQLite(SchemaConnector):
    """A file. One thread writes, a few read meanwhile; other processes may do both.

    Args:
        url: ``sqlite:///relative.db`` or ``sqlite:////absolute.db``.
        timeout: The deadline of a call, in seconds.
    """

    owns_schema = True

    def __init__(self, url: URL, *, timeout: float = TIMEOUT_SECONDS) -> None:
        if url.database in {None, "", ":memory:"}:
            raise ConfigurationError(
                "SQLite in memory keeps nothing: name a file (sqlite:///chat.db) or use memory:"
            )
        if sqlite3.sqlite_version_info < (3, 35):
            raise ConfigurationError(f"SQLite is {sqlite3.sqlite_version}, 3.35 is needed")
        self._url = url.set(drivername="sqlite")
        timeout = _timeout_in(url) or timeout
        self._file = Path(str(url.database)).absolute()
        self._timeout = timeout
        self._lanes: tuple[_Lane, _Lane] | None = None

    @property
    def name(self) -> str:
        return self._url.render_as_string(hide_password=True)

    async def open(self) -> None:
        if not self._file.parent.is_dir():
            raise ConfigurationError(f"There is no folder for the database file {self._file}")
        _make(self._file)
        reader = _Lane(self._file, _READERS, "BEGIN", _READ_ONLY, self._timeout)
        writer = _Lane(self._file, 1, "BEGIN IMMEDIATE", _DURABLE, self._timeout)
        self._lanes = (reader, writer)

    async def close(self) -> None:
        lanes, self._lanes = self._lanes or (), None
        for lane in lanes:
            await asyncio.to_thread(lane.close)

    async def read(self, work: Work[T], scope: Scope = None) -> T:
        return await self._opened[0].run(work)

    async def write(self, work: Work[T], scope: Scope = None) -> T:
        return await self._opened[1].run(work)

    async def with_schema(self, work: SchemaWork[T]) -> T:
        def transaction(left: float) -> T:
            with self._engine(left).begin() as connection:
                return work(connection)

        return await self._opened[1].threads.run(transaction)

    def _engine(self, timeout: float) -> sqlalchemy.Engine:
        engine = create_engine(
            "sqlite://",
            creator=lambda: _connected(self._file, _DURABLE, timeout),
            poolclass=NullPool,
        )
        event.listen(engine, "begin", lambda lent: lent.exec_driver_sql("BEGIN IMMEDIATE"))
        return engine

    def lock_schema(self, connection: sqlalchemy.Connection) -> None:
        """BEGIN IMMEDIATE has locked the whole file."""

    @property
    def busy_connections(self) -> int:
        return sum(lane.threads.busy for lane in self._lanes or ())

    @property
    def _opened(self) -> tuple[_Lane, _Lane]:
        if self._lanes is None:
            raise ConfigurationError("The store is not open")
        return self._lanes
