"""The SQL store: SQLite in a file, or PostgreSQL."""

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from sqlalchemy import Engine, literal, select

from ..base import Store
from ..capabilities import Purges, Wakes
from .attachments import Attachments
from .checkpoints import Checkpoints
from .connection import Connection
from .connectors import Connector, SchemaConnector, connector_for
from .connectors.base import TIMEOUT_SECONDS
from .connectors.postgresql import POOL_SIZE
from .feedback import Feedback
from .items import Items
from .listening import notifications
from .purging import Purging
from .schema import explained, make_current
from .states import States
from .threads import Threads
from .transactions import reading
from .turns import Turns

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["Connector", "SQLStore"]

_ONE = select(literal(1))


class SQLStore(
    Threads, Items, Attachments, Feedback, Turns, Checkpoints, States, Purging, Store, Purges, Wakes
):
    """Keeps everything in SQLite or PostgreSQL.

    A SQLite file is created and brought up to date when it is opened;
    PostgreSQL must have been, with ``chatkeep db upgrade``.

    Args:
        database: ``sqlite:///chat.db``, ``postgresql://user:password@host/name``,
            an engine of the program's own, or a connector. What the program
            made, it ends.
        pool_size: How many connections to PostgreSQL one process may hold.
        timeout: The deadline of a call in seconds, whatever it waits for.

    Raises:
        ConfigurationError: The URL names no database that Chatkeep knows, has a
            parameter that can't work, or its driver is not installed.
    """

    def __init__(
        self,
        database: "str | Engine | AsyncEngine | Connector",
        *,
        pool_size: int = POOL_SIZE,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self._connector = connector_for(database, pool_size=pool_size, timeout=timeout)
        self._opening = asyncio.Lock()
        self._open = False

    async def open(self) -> None:
        async with self._opening:
            if not self._open:
                await self._connect()
                self._open = True

    async def close(self) -> None:
        async with self._opening:
            self._open = False
            await self._connector.close()

    @reading
    def ping(self, connection: Connection) -> None:
        connection.execute(_ONE)

    def woken(self) -> AsyncGenerator[None]:
        return notifications(self._connector.listening_connection)

    @property
    def busy_connections(self) -> int:
        """How many connections are in use at this moment."""
        return self._connector.busy_connections

    async def _connect(self) -> None:
        await self._connector.open()
        try:
            if isinstance(self._connector, SchemaConnector):
                with explained(self._connector):
                    await make_current(self._connector)
        except BaseException:
            await self._connector.close()
            raise
