"""The version of a database's schema: what it is, what it should be, how it gets there.

An empty database gets today's tables at once, an old one the migrations that it
is missing. Alembic is imported only for those, and to compare: it costs more time
than everything else about opening a store, and 7 MB for as long as the process lives.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    cast,
    column,
    func,
    select,
    table,
)
from sqlalchemy.exc import DBAPIError

from ...errors import ConfigurationError, ServiceUnavailable
from .connection import Connection as StoreConnection
from .connectors import SchemaConnector, connector_at
from .tables import metadata

T = TypeVar("T")

HEAD = "0002"
"""The newest revision in ``migrations/versions``. Revisions are numbered, so they compare."""

VERSION_TABLE = "chatkeep_schema"
MIGRATIONS = Path(__file__).parent / "migrations"

_version = Table(  # as Alembic makes it
    VERSION_TABLE,
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name=f"{VERSION_TABLE}_pkc"),
)
_VERSION = select(_version.c.version_num)
_HAS_VERSION = {
    "postgresql": select(cast(func.to_regclass(VERSION_TABLE), Text)),
    "sqlite": select(column("name"))
    .select_from(table("sqlite_master"))
    .where(column("name") == VERSION_TABLE),
}
_alembic_is_global = threading.Lock()


def upgrade(url: str) -> str:
    """Bring the database's schema up to date, and return its revision.

    Safe to run twice, and by several processes at once. Like `current` and
    `check` it runs an event loop of its own.

    Raises:
        ConfigurationError: The schema is newer than this version of Chatkeep,
            or the database can't be reached.
    """

    async def act(database: SchemaConnector) -> None:
        _refuse_newer(database, await database.read(revision))
        await database.with_schema(partial(bring_up, database))

    _at(url, act)
    return HEAD


def current(url: str) -> str | None:
    """The revision of the database's schema, or None if it has none.

    Raises:
        ConfigurationError: The database can't be reached.
    """
    return _at(url, lambda database: database.read(revision))


def check(url: str) -> list[str]:
    """What differs between the database's schema and the tables of this version.

    Raises:
        ConfigurationError: The database can't be reached.
    """
    return _at(url, lambda database: database.with_schema(differences))


async def make_current(database: SchemaConnector) -> None:
    """Leave the schema at `HEAD`, or refuse to work with it.

    Raises:
        ConfigurationError: It is newer; or it is missing or old, and is not the
            store's to change.
    """
    found = await database.read(revision)
    _refuse_newer(database, found)
    if found == HEAD:
        return
    if not database.owns_schema:
        state = "is missing" if found is None else f"is at {found} and {HEAD} is needed"
        raise ConfigurationError(
            f"The schema {state}. Run: chatkeep db upgrade --database {database.name}"
        )
    await database.with_schema(partial(bring_up, database))


def revision(connection: StoreConnection | Connection) -> str | None:
    """The revision of the schema, or None if there is none."""
    if connection.execute(_HAS_VERSION[connection.dialect.name]).scalar() is None:
        return None
    found = connection.execute(_VERSION).scalar()
    return None if found is None else str(found)


def bring_up(database: SchemaConnector, connection: Connection) -> None:
    """Leave the schema at `HEAD`, in the connection's transaction."""
    database.lock_schema(connection)
    found = revision(connection)
    if found is None:
        create(connection)
    elif found != HEAD:  # if it is, another process was faster
        migrate(connection)


def create(connection: Connection) -> None:
    """Make, in an empty database, what the migrations would."""
    metadata.create_all(connection, checkfirst=False)
    _version.create(connection)
    connection.execute(_version.insert().values(version_num=HEAD))


def migrate(connection: Connection) -> None:
    """Run the migrations that are missing."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    with _alembic_is_global:
        command.upgrade(config, "head")


def differences(connection: Connection) -> list[str]:
    """What differs between the schema and the tables of this version."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    def is_ours(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or name in metadata.tables

    context = MigrationContext.configure(
        connection, opts={"include_name": is_ours, "version_table": VERSION_TABLE}
    )
    return [str(difference) for difference in compare_metadata(context, metadata)]


@contextmanager
def explained(database: SchemaConnector) -> Iterator[None]:
    """Tell whoever named the database why it can't be used, in its own words.

    Raises:
        ConfigurationError: It can't be reached, or is none.
    """
    try:
        yield
    except (ServiceUnavailable, DBAPIError) as error:
        raise ConfigurationError(
            f"The database {database.name} can't be used: {_reason(error)}"
        ) from error


def _reason(error: BaseException) -> str:
    """What the database or its driver said, or else what it was."""
    while error.__cause__ is not None and not isinstance(error, TimeoutError):
        error = error.__cause__
    if isinstance(error, TimeoutError):
        return "it didn't answer in time"
    return str(error) or type(error).__name__


def _refuse_newer(database: SchemaConnector, found: str | None) -> None:
    if found is not None and found > HEAD:
        raise ConfigurationError(
            f"The schema of {database.name} is at {found}, but this version of Chatkeep "
            f"knows no newer one than {HEAD}: upgrade Chatkeep"
        )


def _at(url: str, act: Callable[[SchemaConnector], Awaitable[T]]) -> T:
    async def run() -> T:
        database = connector_at(url, pool_size=1)
        await database.open()
        try:
            with explained(database):
                return await act(database)
        finally:
            await database.close()

    return asyncio.run(run())
