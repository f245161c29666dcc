"""A connector over a Django database: the store's statements on Django's own connection."""

import asyncio
from typing import TypeVar

import django  # type: ignore[import-untyped]
from django.conf import settings  # type: ignore[import-untyped]
from django.db import IntegrityError, connections, transaction  # type: ignore[import-untyped]
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from chatkeep.errors import ConfigurationError
from chatkeep.stores.sql.connection import Connection
from chatkeep.stores.sql.connectors import Connector, Scope, Work
from chatkeep.stores.sql.connectors.dbapi import DBAPIDriver
from chatkeep.stores.sql.connectors.failures import is_state_of_database
from chatkeep.stores.sql.connectors.threads import Threads

T = TypeVar("T")


def configure() -> None:
    """Give this process a Django, to which databases are added as they are needed."""
    if not settings.configured:
        settings.configure(DATABASES={}, LOGGING_CONFIG=None)
        django.setup()


class DjangoConnector(Connector):
    """Runs each transaction in one thread, in `atomic`, through Django's cursors.

    Args:
        alias: The database's name in Django's settings. Its tables are there.
    """

    def __init__(self, alias: str) -> None:
        self._alias = alias
        self._dialect = SQLiteDialect_pysqlite(paramstyle="format")  # as Django's cursors take it
        self._thread: Threads | None = None

    @property
    def name(self) -> str:
        return f"Django's {self._alias}"

    async def open(self) -> None:
        self._thread = Threads(1, 15.0, is_state_of_database)

    async def close(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            await thread.run(lambda _left: connections[self._alias].close())
            await asyncio.to_thread(thread.close)

    async def read(self, work: Work[T], scope: Scope = None) -> T:
        return await self.write(work, scope)

    async def write(self, work: Work[T], scope: Scope = None) -> T:
        if self._thread is None:
            raise ConfigurationError("The store is not open")

        def act(_left: float) -> T:
            driver = DBAPIDriver(connections[self._alias].cursor, IntegrityError)
            with transaction.atomic(using=self._alias):
                return work(Connection(driver, self._dialect))

        return await self._thread.run(act)

    @property
    def busy_connections(self) -> int:
        return 0 if self._thread is None else self._thread.busy
