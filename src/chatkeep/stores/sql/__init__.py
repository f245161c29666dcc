"""The SQL store: SQLite in a file, or PostgreSQL."""

import asyncio
from collections.abc import AsyncGenerator

from sqlalchemy import Connection, text

from ..base import Store
from ..capabilities import Purges, Wakes
from .attachments import Attachments
from .checkpoints import Checkpoints
from .dialects import database_at
from .feedback import Feedback
from .items import Items
from .listening import notifications
from .purging import Purging
from .schema import explained, make_current
from .states import States
from .threads import Threads
from .turns import Turns
from .work import reading

__all__ = ["SQLStore"]


class SQLStore(
    Threads, Items, Attachments, Feedback, Turns, Checkpoints, States, Purging, Store, Purges, Wakes
):
    """Keeps everything in SQLite or PostgreSQL.

    A SQLite file is created and brought up to date when it is opened;
    PostgreSQL must have been, with ``chatkeep db upgrade``.

    Args:
        url: ``sqlite:///chat.db`` or ``postgresql://user:password@host/name``.
        pool_size: How many connections to PostgreSQL one process may hold.

    Raises:
        ConfigurationError: The URL names no database that Chatkeep knows, or
            its driver is not installed.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self._database = database_at(url, pool_size)
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
            await self._database.close()

    @reading
    def ping(self, connection: Connection) -> None:
        connection.execute(text("SELECT 1"))

    def woken(self) -> AsyncGenerator[None]:
        return notifications(self._database.dedicated_connection)

    @property
    def busy_connections(self) -> int:
        """How many connections are in use at this moment."""
        return self._database.busy_connections

    async def _connect(self) -> None:
        await self._database.open()
        try:
            with explained(self._database):
                await make_current(self._database)
        except BaseException:
            await self._database.close()
            raise
