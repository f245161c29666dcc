"""What is below the SQL store's statements: which database, and how transactions run on it."""

from typing import TYPE_CHECKING

from sqlalchemy import Engine, make_url
from sqlalchemy.exc import ArgumentError

from ....errors import ConfigurationError
from .addresses import is_postgresql, parse
from .base import TIMEOUT_SECONDS, Connector, SchemaConnector, Scope, Work
from .postgresql import POOL_SIZE, PostgreSQL
from .sqlite import SQLite

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["Connector", "SchemaConnector", "Scope", "Work", "connector_at", "connector_for"]


def connector_for(
    database: "str | Engine | AsyncEngine | Connector",
    *,
    pool_size: int = POOL_SIZE,
    timeout: float = TIMEOUT_SECONDS,
) -> Connector:
    """The connector of a database: its URL, the program's engine, or a connector itself.

    Raises:
        ConfigurationError: As `connector_at` does.
    """
    if isinstance(database, Connector):
        return database
    if isinstance(database, str):
        return connector_at(database, pool_size=pool_size, timeout=timeout)
    # Whoever has an engine has imported what it needs.
    from sqlalchemy.ext.asyncio import AsyncEngine

    from .engines import AsyncEngineConnector, EngineConnector

    if isinstance(database, AsyncEngine):
        return AsyncEngineConnector(database, timeout=timeout)
    return EngineConnector(database, timeout=timeout)


def connector_at(
    url: str, *, pool_size: int = POOL_SIZE, timeout: float = TIMEOUT_SECONDS
) -> SchemaConnector:
    """The database that a URL names.

    Args:
        url: ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or
            ``postgresql://user:password@host/name``.
        pool_size: How many connections to PostgreSQL one process may hold.
        timeout: The deadline of a call, in seconds.

    Raises:
        ConfigurationError: There is no such kind of database, what it needs
            is not installed, or its address can't work.
    """
    if is_postgresql(url):
        return PostgreSQL(parse(url), connections=pool_size, timeout=timeout)
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError(
            "A database is named as sqlite:///chat.db, postgresql://user@host/name or memory:"
        ) from None
    kind = parsed.drivername.partition("+")[0]
    if kind == "sqlite":
        return SQLite(parsed, timeout=timeout)
    raise ConfigurationError(f"There is no store for {kind!r}: use SQLite, PostgreSQL or memory:")
