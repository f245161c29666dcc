"""The databases that the SQL store speaks to, and the one place where they differ.

A database runs *work*: a plain function over a SQLAlchemy `Connection`. On
SQLite the whole function runs in a thread, so a transaction costs one change of
threads, however many statements it has. On PostgreSQL it runs on the event
loop, which goes on with other things while a statement is under way.
"""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeVar, cast

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Pool,
    QueuePool,
    Table,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ...errors import ConfigurationError, ServiceUnavailable

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")

Work: TypeAlias = Callable[[Connection], T]

_WAIT_SECONDS = 15.0
_SQLITE_READERS = 4
_UNAVAILABLE: tuple[type[Exception], ...] = (OSError, PoolTimeout, OperationalError, InterfaceError)
_SCHEMA_LOCK = 0x63_68_61_74_6B_65_65_70  # "chatkeep"


def insert_into(table: Table, dialect: str) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT, in the words of ``dialect``."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


class Database(ABC):
    """A database that does work between `open` and `close`."""

    owns_schema: ClassVar[bool]
    """Whether the schema is the store's to bring up to date, without being asked."""

    def __init__(self, url: URL) -> None:
        self._url = url

    @property
    def name(self) -> str:
        """The URL without its password, to be shown."""
        return self._url.render_as_string(hide_password=True)

    @abstractmethod
    async def open(self) -> None:
        """Make ready for work."""

    @abstractmethod
    async def close(self) -> None:
        """Give back every connection. Idempotent."""

    @abstractmethod
    async def read(self, work: Work[T]) -> T:
        """Do work that changes nothing; each of its statements stands by itself.

        Raises:
            ServiceUnavailable: The database can't be reached, or is too busy.
        """

    @abstractmethod
    async def write(self, work: Work[T]) -> T:
        """Do work in one transaction, which is committed when it returns.

        Raises:
            ServiceUnavailable: The database can't be reached, or is too busy.
        """

    async def dedicated_connection(self) -> Any:
        """A driver's connection that the caller closes, on which LISTEN works; else None."""
        return None

    @abstractmethod
    def lock_schema(self, connection: Connection) -> None:
        """Keep everyone else from changing the schema until the transaction ends."""

    @property
    @abstractmethod
    def busy_connections(self) -> int:
        """How many connections are at work: none while nothing is awaited."""


def database_at(url: str, pool_size: int) -> Database:
    """The database that a URL names.

    Args:
        url: ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or
            ``postgresql://user:password@host/name``.
        pool_size: How many connections to PostgreSQL one process may hold.

    Raises:
        ConfigurationError: There is no such kind of database, or what it needs
            is not installed.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError(
            "A database is named as sqlite:///chat.db, postgresql://user@host/name or memory:"
        ) from None
    kind = parsed.drivername.partition("+")[0]
    if kind == "sqlite":
        return SQLite(parsed)
    if kind in {"postgresql", "postgres"}:
        return PostgreSQL(parsed, pool_size)
    raise ConfigurationError(f"There is no store for {kind!r}: use SQLite, PostgreSQL or memory:")


@contextmanager
def _availability(driver_errors: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Raise `ServiceUnavailable` for what is the fault of no request."""
    try:
        yield
    except _UNAVAILABLE + driver_errors as error:
        raise ServiceUnavailable from error
    except DBAPIError as error:
        if error.connection_invalidated or error.statement is None:  # while connecting
            raise ServiceUnavailable from error
        raise


def _busy(pool: Pool) -> int:
    return cast("QueuePool", pool).checkedout()


class _Lane:
    """Some connections to a SQLite file, and as many threads to use them in."""

    def __init__(self, url: URL, size: int, begin: str | None, pragmas: dict[str, str]) -> None:
        self.engine: Engine = create_engine(
            url,
            pool_size=size,
            max_overflow=0,
            connect_args={
                "isolation_level": None,
                "check_same_thread": False,
                "timeout": _WAIT_SECONDS,
            },
        )
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="chatkeep-sqlite")

        @event.listens_for(self.engine, "connect")
        def configure(connection: sqlite3.Connection, _record: Any) -> None:
            for name, value in pragmas.items():
                connection.execute(f"PRAGMA {name} = {value}")

        if begin is not None:

            @event.listens_for(self.engine, "begin")
            def start(connection: Connection) -> None:
                connection.exec_driver_sql(begin)

    async def run(self, work: Work[T]) -> T:
        with _availability():
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, self._transaction, work
            )

    def _transaction(self, work: Work[T]) -> T:
        with self.engine.begin() as connection:
            return work(connection)

    def close(self) -> None:
        self._threads.shutdown()
        self.engine.dispose()


class SQLite(Database):
    """A file. One thread writes, a few read meanwhile; other processes may do both.

    Work that was begun is ended even if nobody waits for it any more.
    """

    owns_schema = True

    def __init__(self, url: URL) -> None:
        super().__init__(url.set(drivername="sqlite"))
        if url.database in {None, "", ":memory:"}:
            raise ConfigurationError(
                "SQLite in memory keeps nothing: name a file (sqlite:///chat.db) or use memory:"
            )
        if sqlite3.sqlite_version_info < (3, 35):
            raise ConfigurationError(f"SQLite is {sqlite3.sqlite_version}, 3.35 is needed")
        self._file = Path(str(url.database))
        self._lanes: tuple[_Lane, _Lane] | None = None

    async def open(self) -> None:
        if not self._file.absolute().parent.is_dir():
            raise ConfigurationError(f"There is no folder for the database file {self._file}")
        durable = {"journal_mode": "WAL", "synchronous": "FULL", "foreign_keys": "ON"}
        writer = _Lane(self._url, 1, "BEGIN IMMEDIATE", durable)
        reader = _Lane(self._url, _SQLITE_READERS, None, {"query_only": "ON"})
        self._lanes = (reader, writer)

    async def close(self) -> None:
        lanes, self._lanes = self._lanes or (), None
        for lane in lanes:
            await asyncio.to_thread(lane.close)

    async def read(self, work: Work[T]) -> T:
        return await self._opened[0].run(work)

    async def write(self, work: Work[T]) -> T:
        return await self._opened[1].run(work)

    def lock_schema(self, connection: Connection) -> None:
        """BEGIN IMMEDIATE has locked the whole file."""

    @property
    def busy_connections(self) -> int:
        return sum(_busy(lane.engine.pool) for lane in self._lanes or ())

    @property
    def _opened(self) -> tuple[_Lane, _Lane]:
        if self._lanes is None:
            raise ConfigurationError("The store is not open")
        return self._lanes


class PostgreSQL(Database):
    """A server, through asyncpg. Its schema is upgraded by a person."""

    owns_schema = False

    def __init__(self, url: URL, pool_size: int) -> None:
        super().__init__(url.set(drivername="postgresql"))
        try:
            import asyncpg  # type: ignore[import-untyped]
        except ImportError:
            raise ConfigurationError(
                "PostgreSQL needs asyncpg: pip install 'chatkeep[postgres]'"
            ) from None
        # What goes wrong in a statement SQLAlchemy wraps; these come bare, from connecting.
        self._driver_errors = (asyncpg.PostgresError, asyncpg.InterfaceError)
        self._pool_size = pool_size
        self._engine: AsyncEngine | None = None

    async def open(self) -> None:
        # SQLite does without it, and without the ORM that it brings: some 7 MB.
        from sqlalchemy.ext.asyncio import create_async_engine

        query = dict(self._url.query)
        if "sslmode" in query:  # libpq's word for what asyncpg calls ssl
            query["ssl"] = query.pop("sslmode")
        self._engine = create_async_engine(
            self._url.set(drivername="postgresql+asyncpg", query=query),
            pool_size=self._pool_size,
            max_overflow=0,
            pool_timeout=_WAIT_SECONDS,
        )

    async def close(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()

    async def read(self, work: Work[T]) -> T:
        engine = self._opened.execution_options(isolation_level="AUTOCOMMIT")
        with _availability(self._driver_errors):
            async with engine.connect() as connection:
                return await connection.run_sync(work)

    async def write(self, work: Work[T]) -> T:
        with _availability(self._driver_errors):
            async with self._opened.begin() as connection:
                return await connection.run_sync(work)

    async def dedicated_connection(self) -> Any:
        import asyncpg

        address = self._url.render_as_string(hide_password=False)
        with _availability(self._driver_errors):
            connection = await asyncpg.connect(
                address, timeout=_WAIT_SECONDS, statement_cache_size=0
            )
            try:
                # A pooler gives out process ids of its own: it can't know who will do the work.
                async with connection.transaction():
                    behind = await connection.fetchval("SELECT pg_backend_pid()")
            except BaseException:
                connection.terminate()
                raise
        if behind == connection.get_server_pid():
            return connection
        await connection.close()
        return None

    def lock_schema(self, connection: Connection) -> None:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})

    @property
    def busy_connections(self) -> int:
        return 0 if self._engine is None else _busy(self._engine.pool)

    @property
    def _opened(self) -> "AsyncEngine":
        if self._engine is None:
            raise ConfigurationError("The store is not open")
        return self._engine
