"""LISTEN and NOTIFY: how workers on one PostgreSQL wake each other's followers."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from sqlalchemy import func, select

CHANNEL = "chatkeep"

_NOTIFY = select(func.pg_notify(CHANNEL, ""))
_CLOSE_SECONDS = 2.0


def notify(connection: Any) -> None:
    """Wake who listens, once the transaction is committed; where nobody can, do nothing."""
    if connection.dialect.name == "postgresql":
        connection.execute(_NOTIFY)


async def notifications(connect: Callable[[], Awaitable[Any]]) -> AsyncGenerator[None]:
    """Yield when the channel may have said something, until the connection is lost.

    Args:
        connect: Gives an asyncpg connection to be closed here, or None if there
            is none that could carry it. A pooler that lends its connections for
            a transaction takes LISTEN without a word, and then passes nothing on.
    """
    connection = await connect()
    if connection is None:
        return
    news = asyncio.Event()
    try:
        connection.add_termination_listener(lambda _connection: news.set())
        await connection.add_listener(CHANNEL, lambda *_notification: news.set())
        while not connection.is_closed():
            yield
            await news.wait()
            news.clear()
    finally:
        await _close(connection)


async def _close(connection: Any) -> None:
    try:
        await connection.close(timeout=_CLOSE_SECONDS)
    except BaseException as error:
        connection.terminate()
        if not isinstance(error, Exception):
            raise
