"""A program's own SQLAlchemy engine. The store uses its pool, and never ends it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import Engine, text
from sqlalchemy.ext.asyncio import AsyncEngine

from ....errors import ConfigurationError, ServiceUnavailable
from ..connection import Connection
from .base import SCHEMA_LOCK, TIMEOUT_SECONDS, SchemaConnector, SchemaWork, Scope, Work
from .dbapi import DBAPIDriver
from .failures import is_state_of_database
from .threads import Threads

T = TypeVar("T")

_THREADS = 10


class _ProgramsEngine(SchemaConnector):
    """What holds for either kind of engine."""

    def __init__(self, engine: Engine, timeout: float) -> None:
        if engine.dialect.name not in {"sqlite", "postgresql"}:
            raise ConfigurationError(f"There is no store for {engine.dialect.name!r}")
        self.owns_schema = engine.dialect.name == "sqlite"
        self._sync_engine = engine
        self._timeout = timeout

    @property
    def name(self) -> str:
        return self._sync_engine.url.render_as_string(hide_password=True)

    def lock_schema(self, connection: sqlalchemy.Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SCHEMA_LOCK})

    def _run(self, lent: sqlalchemy.Connection, work: Work[T], left: float, read_only: bool) -> T:
        """Do work on the driver's own connection, which SQLAlchemy lends."""
        driver = lent.connection.dbapi_connection
        if driver is None:  # pragma: no cover (it was invalidated as it was lent)
            raise ServiceUnavailable
        dialect = lent.dialect
        broken: Any = dialect.loaded_dbapi
        ours = DBAPIDriver(driver.cursor, broken.IntegrityError)
        try:
            with _transaction(driver, dialect.name, left, read_only):
                return work(Connection(ours, dialect))
        except asyncio.CancelledError:  # it is too late to ask a server that doesn't answer
            lent.invalidate()
            raise


class EngineConnector(_ProgramsEngine):
    """A program's `Engine`, used in threads.

    Args:
        engine: SQLite's or PostgreSQL's, by any driver.
        timeout: The deadline of a call, in seconds.
    """

    def __init__(self, engine: Engine, *, timeout: float = TIMEOUT_SECONDS) -> None:
        super().__init__(engine, timeout)
        self._threads: tuple[Threads, Threads] | None = None

    async def open(self) -> None:
        # One writer on SQLite, as no two can write: a line is fair, and a lock is not.
        writers = 1 if self._sync_engine.dialect.name == "sqlite" else _THREADS
        self._threads = (
            Threads(_THREADS, self._timeout, is_state_of_database),
            Threads(writers, self._timeout, is_state_of_database),
        )

    async def close(self) -> None:
        threads, self._threads = self._threads or (), None
        for each in threads:
            await asyncio.to_thread(each.close)

    async def read(self, work: Work[T], scope: Scope = None) -> T:
        return await self._opened[0].run(self._transaction(work, read_only=True))

    async def write(self, work: Work[T], scope: Scope = None) -> T:
        return await self._opened[1].run(self._transaction(work, read_only=False))

    def _transaction(self, work: Work[T], *, read_only: bool) -> Callable[[float], T]:
        def act(left: float) -> T:
            until = monotonic() + left
            with self._sync_engine.connect() as lent:
                return self._run(lent, work, until - monotonic(), read_only)

        return act

    async def with_schema(self, work: SchemaWork[T]) -> T:
        def act(_left: float) -> T:
            with self._sync_engine.connect() as lent:
                _begin_schema_work(lent)
                result = work(lent)
                lent.commit()
                return result

        return await self._opened[1].run(act)

    @property
    def busy_connections(self) -> int:
        return sum(each.busy for each in self._threads or ())

    @property
    def _opened(self) -> tuple[Threads, Threads]:
        if self._threads is None:
            raise ConfigurationError("The store is not open")
        return self._threads


class AsyncEngineConnector(_ProgramsEngine):
    """A program's `AsyncEngine`, used on the event loop.

    Args:
        engine: SQLite's or PostgreSQL's, by any driver.
        timeout: The deadline of a call, in seconds.
    """

    def __init__(self, engine: AsyncEngine, *, timeout: float = TIMEOUT_SECONDS) -> None:
        super().__init__(engine.sync_engine, timeout)
        self._engine = engine
        self._is_open = False
        self._busy = 0

    async def open(self) -> None:
        self._is_open = True

    async def close(self) -> None:
        self._is_open = False

    async def read(self, work: Work[T], scope: Scope = None) -> T:
        return await self._transaction(work, read_only=True)

    async def write(self, work: Work[T], scope: Scope = None) -> T:
        return await self._transaction(work, read_only=False)

    async def _transaction(self, work: Work[T], *, read_only: bool) -> T:
        if not self._is_open:
            raise ConfigurationError("The store is not open")
        until = monotonic() + self._timeout
        self._busy += 1
        try:
            async with asyncio.timeout(self._timeout), self._engine.connect() as lent:
                return await lent.run_sync(self._run, work, until - monotonic(), read_only)
        except Exception as error:
            if is_state_of_database(error):
                raise ServiceUnavailable from error
            raise
        finally:
            self._busy -= 1

    async def with_schema(self, work: SchemaWork[T]) -> T:
        try:
            async with self._engine.connect() as lent:
                await lent.run_sync(_begin_schema_work)
                result = await lent.run_sync(work)
                await lent.commit()
                return result
        except Exception as error:
            if is_state_of_database(error):
                raise ServiceUnavailable from error
            raise

    @property
    def busy_connections(self) -> int:
        return self._busy


def _begin_schema_work(lent: sqlalchemy.Connection) -> None:
    if lent.dialect.name == "sqlite":
        lent.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def _transaction(driver: Any, dialect: str, left: float, read_only: bool) -> Iterator[None]:
    """A transaction on a driver's connection, which is left as it was found."""
    settings = _sqlite if dialect == "sqlite" else _postgresql
    with settings(driver, left, read_only):
        try:
            yield
        except Exception:
            with suppress(Exception):  # a connection that is lost has nothing to undo
                driver.rollback()
            raise
        driver.commit()


@contextmanager
def _sqlite(driver: Any, left: float, read_only: bool) -> Iterator[None]:
    ours = {"foreign_keys": 1, "busy_timeout": int(left * 1000), "query_only": int(read_only)}
    theirs = {name: _one(driver, f"PRAGMA {name}") for name in ours}
    for name, value in ours.items():
        _one(driver, f"PRAGMA {name} = {value}")
    try:
        _one(driver, "BEGIN" if read_only else "BEGIN IMMEDIATE")
        yield
    finally:
        for name, value in theirs.items():
            _one(driver, f"PRAGMA {name} = {value}")


@contextmanager
def _postgresql(driver: Any, left: float, read_only: bool) -> Iterator[None]:
    wait = int(left * 1000)
    settings = {
        "transaction_read_only": "on" if read_only else None,
        "statement_timeout": wait,
        "lock_timeout": wait,
        "idle_in_transaction_session_timeout": wait,
    }
    given = [f"set_config('{n}', '{v}', true)" for n, v in settings.items() if v is not None]
    _one(driver, f"SELECT {', '.join(given)}")
    yield


def _one(driver: Any, statement: str) -> Any:
    cursor = driver.cursor()
    try:
        cursor.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return None if row is None else row[0]
    finally:
        cursor.close()
