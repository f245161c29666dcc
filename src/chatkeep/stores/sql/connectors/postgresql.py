"""PostgreSQL, through asyncpg."""

import asyncio
import socket
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeVar

import sqlalchemy
from sqlalchemy import Dialect, StaticPool, text
from sqlalchemy.util import await_only, greenlet_spawn

from ....errors import ConfigurationError, ServiceUnavailable
from ..columns import AnyText
from ..compiled import DriverParameters
from ..connection import Connection, Driver
from .addresses import Address
from .base import SCHEMA_LOCK, TIMEOUT_SECONDS, SchemaConnector, SchemaWork, Scope, Work
from .failures import is_state_of_postgresql
from .pool import Pool

T = TypeVar("T")

POOL_SIZE: Final = 10
CONNECT_TIMEOUT_SECONDS: Final = 10.0
MAX_AGE_SECONDS: Final = 1800.0

_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED"

# The server is to give up a little before we do: then its error comes in time, and
# the connection can be used again.
_SERVERS_SHARE = 0.95

# SQLSTATE, or how it begins.
_STATES_OF_A_LOST_SERVER = ("25006", "26000", "42P05", "57P", "58", "XX")
_STATES_BEHIND_A_POOLER = ("26000", "42P05")
_SOCKET_OPTIONS = {
    "keepalives_idle": "TCP_KEEPIDLE",
    "keepalives_interval": "TCP_KEEPINTVL",
    "keepalives_count": "TCP_KEEPCNT",
    "tcp_user_timeout": "TCP_USER_TIMEOUT",
}
_CACHE_SIZE = 100  # asyncpg's own default


class PostgreSQL(SchemaConnector):
    """A server, through asyncpg. Its schema is upgraded by a person.

    What the address says goes before the arguments.

    Args:
        address: Where it is.
        connections: How many connections one process may hold.
        timeout: The deadline of a call, in seconds.
        connect_timeout: For how long to try each host, in seconds.
        statement_timeout: For how long one statement may run, in seconds; None
            is until the deadline.
        lock_timeout: For how long one statement may wait for locks, likewise.
        max_age: After how many seconds a connection is replaced.
        announces_scope: Give each transaction the settings ``chatkeep.tenant``
            and ``chatkeep.user``, empty for the system, for policies of
            row-level security to look at.
    """

    owns_schema = False

    def __init__(
        self,
        address: Address,
        *,
        connections: int = POOL_SIZE,
        timeout: float = TIMEOUT_SECONDS,
        connect_timeout: float = CONNECT_TIMEOUT_SECONDS,
        statement_timeout: float | None = None,
        lock_timeout: float | None = None,
        max_age: float = MAX_AGE_SECONDS,
        announces_scope: bool = False,
    ) -> None:
        self._asyncpg = _driver()
        self._dialect = _dialect()
        self._address = address
        self._connections = address.connections or connections
        self._timeout = address.timeout or timeout
        self._connect_timeout = address.connect_timeout or connect_timeout
        self._statement_timeout = address.statement_timeout or statement_timeout
        self._lock_timeout = address.lock_timeout or lock_timeout
        self._max_age = address.max_age or max_age
        self._announces_scope = announces_scope
        self._pooled = address.pooled
        self._cache_size = address.statement_cache_size
        self._pool: Pool | None = None

    @property
    def name(self) -> str:
        return self._address.name

    @property
    def pooled(self) -> bool | None:
        """Whether a pooler stands between; None before it is known."""
        return self._pooled

    async def open(self) -> None:
        self._pool = Pool(
            self._connect, self._connections, self._max_age, self._address.pool_timeout
        )

    async def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    async def read(self, work: Work[T], scope: Scope = None) -> T:
        return await self._transaction(_READ, work, scope)

    async def write(self, work: Work[T], scope: Scope = None) -> T:
        return await self._transaction(_WRITE, work, scope)

    async def with_schema(self, work: SchemaWork[T]) -> T:
        try:
            driver = await self._connect(self._timeout)
            try:
                return await self._schema_transaction(driver, work)
            finally:
                await driver.close(timeout=CONNECT_TIMEOUT_SECONDS)
        except Exception as error:
            if self._is_unavailable(getattr(error, "orig", None) or error):
                raise ServiceUnavailable from error
            raise

    async def _schema_transaction(self, driver: Any, work: SchemaWork[T]) -> T:
        # The store does without it, and without the ORM that it brings: some 7 MB.
        from sqlalchemy.ext.asyncio import create_async_engine

        async def lend(**_options: Any) -> Any:
            return driver

        # SQLAlchemy asks for types as it connects, outside of any transaction, where a
        # pooler gives each question to another server. So all it does is within one.
        async with driver.transaction():
            if self._address.settings:
                await driver.execute(_set(self._address.settings))
            engine = create_async_engine(
                "postgresql+asyncpg://",
                connect_args={
                    "async_creator_fn": lend,
                    "prepared_statement_cache_size": 0,
                    "prepared_statement_name_func": str,
                },
                poolclass=StaticPool,
            )
            async with engine.begin() as connection:
                return await connection.run_sync(work)

    async def listening_connection(self) -> Any:
        try:
            driver = await self._connect(self._timeout)
        except Exception as error:
            if self._is_unavailable(error):
                raise ServiceUnavailable from error
            raise
        if not self._pooled:
            return driver
        await driver.close(timeout=CONNECT_TIMEOUT_SECONDS)
        return None

    def lock_schema(self, connection: sqlalchemy.Connection) -> None:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SCHEMA_LOCK})

    @property
    def busy_connections(self) -> int:
        return 0 if self._pool is None else self._pool.busy

    async def _transaction(self, begin: str, work: Work[T], scope: Scope) -> T:
        if self._pool is None:
            raise ConfigurationError("The store is not open")
        clock = self._pool.clock
        deadline = clock() + self._timeout

        def begun() -> str:
            return begin + self._preamble(deadline - clock(), scope)

        async def act(driver: Any) -> T:
            connection = Connection(_AsyncpgDriver(driver, self._broken), self._dialect)
            result = await greenlet_spawn(work, connection)
            await driver.execute("COMMIT")
            return result

        try:
            return await self._pool.run(deadline, begun, act, self._spoils)
        except Exception as error:
            if self._is_unavailable(error):
                raise ServiceUnavailable from error
            raise

    # Settings of the server

    def _preamble(self, left: float, scope: Scope) -> str:
        """What follows BEGIN in the same message: the limits of this transaction."""
        settings = {}
        if self._pooled:
            settings = {**self._address.settings, **self._limits(left)}
        elif left < self._timeout * _SERVERS_SHARE:
            settings = self._limits(left)
        if self._announces_scope:
            tenant, user = scope or ("", "")
            settings |= {"chatkeep.tenant": tenant, "chatkeep.user": user}
        return f"; {_set(settings)}" if settings else ""

    def _limits(self, left: float) -> dict[str, str]:
        longest = left * _SERVERS_SHARE
        return {
            "statement_timeout": _milliseconds(longest, self._statement_timeout),
            "lock_timeout": _milliseconds(longest, self._lock_timeout),
            "idle_in_transaction_session_timeout": _milliseconds(longest),
        }

    # Connecting

    async def _connect(self, left: float) -> Any:
        """A connection to the first host that takes one, and is what the address asks for."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + left
        if self._pooled is None:
            self._pooled = await self._finds_pooler(left)
        return await self._connect_as(deadline - loop.time(), pooled=self._pooled)

    async def _finds_pooler(self, left: float) -> bool:
        """Whether the process that serves us is another one than we were told of.

        A pooler gives out keys of its own, as it can't know which server will do the work.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + left
        driver = await self._connect_as(left, pooled=True)
        late = loop.call_at(deadline, driver.terminate)
        try:
            async with driver.transaction():
                found = await driver.fetchval("SELECT pg_backend_pid()")
                return bool(found != driver.get_server_pid())
        finally:
            late.cancel()
            driver.terminate()

    async def _connect_as(self, left: float, *, pooled: bool) -> Any:
        settings = dict(self._address.startup)
        if not pooled:
            settings |= {**self._address.settings, **self._limits(self._timeout)}
        cache = self._cache_size
        if cache is None:
            cache = 0 if pooled else _CACHE_SIZE
        options = {
            **self._address.driver,
            "server_settings": settings,
            "statement_cache_size": cache,
        }
        driver = await self._first_that_answers(left, options)
        _keep_alive(driver, self._address.keepalive)
        return driver

    async def _first_that_answers(self, left: float, options: dict[str, Any]) -> Any:
        error: Exception | None = None
        deadline = asyncio.get_running_loop().time() + left
        for (host, port), target in self._candidates():
            seconds = min(deadline - asyncio.get_running_loop().time(), self._connect_timeout)
            if seconds <= 0:
                break
            where = {} if host is None else {"host": host, "port": port}
            try:
                return await self._asyncpg.connect(
                    timeout=seconds, target_session_attrs=target, **where, **options
                )
            except (*self._client_errors, self._asyncpg.CannotConnectNowError) as failure:
                error = failure  # whatever else a server says, such as of a password, is final
        raise error or TimeoutError

    def _candidates(self) -> Iterator[tuple[tuple[str | None, int | None], str]]:
        hosts = self._address.hosts or ((None, None),)
        target = self._address.target
        targets = ("standby", "any") if target == "prefer-standby" else (target,)
        return ((host, each) for each in targets for host in hosts)

    # Errors

    @property
    def _client_errors(self) -> tuple[type[Exception], ...]:
        """What the network raises, and the driver's own side: a connection is lost, or unfit."""
        return OSError, self._asyncpg.InterfaceError, self._asyncpg.InternalClientError

    @property
    def _broken(self) -> tuple[type[Exception], ...]:
        return (self._asyncpg.IntegrityConstraintViolationError,)

    def _is_unavailable(self, error: BaseException) -> bool:
        """Whether it is the server's state that an error tells of, and no fault of the request."""
        state = getattr(error, "sqlstate", None)
        if isinstance(error, self._asyncpg.PostgresError):
            stale = isinstance(error, self._asyncpg.InvalidCachedStatementError)
            return stale or is_state_of_postgresql(state or "")
        if isinstance(error, self._asyncpg.DataError):  # what was sent is no value of its type
            return False
        return isinstance(error, self._client_errors)

    def _spoils(self, error: BaseException) -> bool:
        state = getattr(error, "sqlstate", None) or ""
        if state.startswith(_STATES_BEHIND_A_POOLER):
            self._pooled = True
            self._cache_size = 0
        return isinstance(error, self._asyncpg.PostgresError) and state.startswith(
            _STATES_OF_A_LOST_SERVER
        )


class _AsyncpgDriver(Driver):
    """An asyncpg connection, which the event loop waits for while others run."""

    def __init__(self, connection: Any, integrity_errors: tuple[type[Exception], ...]) -> None:
        self._connection = connection
        self.integrity_errors = integrity_errors

    def run(
        self, sql: str, parameters: DriverParameters, returns_rows: bool
    ) -> tuple[Sequence[Sequence[Any]], int]:
        if returns_rows:
            rows = await_only(self._connection.fetch(sql, *parameters))
            return rows, len(rows)
        status = await_only(self._connection.execute(sql, *parameters))
        count = status.rpartition(" ")[2]
        return (), int(count) if count.isdecimal() else -1

    def run_many(self, sql: str, parameters: list[DriverParameters]) -> int:
        await_only(self._connection.executemany(sql, parameters))
        return len(parameters)


def _driver() -> Any:
    try:
        import asyncpg  # type: ignore[import-untyped]
    except ImportError:
        raise ConfigurationError(
            "PostgreSQL needs asyncpg: pip install 'chatkeep[postgres]'"
        ) from None
    return asyncpg


@cache
def _dialect() -> Dialect:
    """SQLAlchemy's words for asyncpg: one for all, as statements are compiled for it."""
    from sqlalchemy.dialects.postgresql import asyncpg as words

    make: Any = words.PGDialect_asyncpg  # untyped
    dialect: Dialect = make(dbapi=make.import_dbapi())
    return dialect


def _milliseconds(longest: float, bound: float | None = None) -> str:
    return str(max(1, int(min(longest, bound or longest) * 1000)))


def _set(settings: Mapping[str, str]) -> str:
    """A statement that makes settings hold until the transaction ends."""
    # SET would take a text for one name where a setting is a list, as search_path is.
    calls = [f"set_config({_literal(n)}, {_literal(v)}, true)" for n, v in settings.items()]
    return f"SELECT {', '.join(calls)}"


def _literal(value: str) -> str:
    """A text for SQL, whatever the server's standard_conforming_strings says."""
    kept = AnyText.stored(value) or ""
    return "E'{}'".format(kept.replace("\\", "\\\\").replace("'", "\\'"))


def _keep_alive(driver: Any, options: Mapping[str, int]) -> None:
    """Set what libpq would on the connection's socket, as far as this system knows it."""
    if not options:
        return
    connection = driver._transport.get_extra_info("socket")
    if connection is None or connection.family == getattr(socket, "AF_UNIX", None):
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, options.get("keepalives", 1))
    for name, option in _SOCKET_OPTIONS.items():
        if options.get(name) and hasattr(socket, option):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), options[name])
