"""The contract of what is below the SQL store: a database that runs transactions."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final, TypeAlias, TypeVar

import sqlalchemy

from ....context import Owner
from ..connection import Connection

T = TypeVar("T")

Work: TypeAlias = Callable[[Connection], T]
"""What runs in a transaction: a plain function over a connection."""

SchemaWork: TypeAlias = Callable[[sqlalchemy.Connection], T]
"""The same over SQLAlchemy's own connection, which looks at schemas and changes them."""

Scope: TypeAlias = Owner | None
"""Whose rows a transaction is for: an owner's, or anyone's (None) in the system's own work."""

TIMEOUT_SECONDS: Final = 15.0
"""The deadline of a call, from when it is made, unless the program says another."""

SCHEMA_LOCK: Final = 0x63_68_61_74_6B_65_65_70  # "chatkeep"
"""The advisory lock of PostgreSQL that whoever changes the schema holds."""


class Connector(ABC):
    """A database that does work between `open` and `close`.

    Each call has one deadline, whatever it waits for. Work that has begun is
    ended though its caller is cancelled; work that has not is never begun.
    Work may be a function that blocks: whoever can't afford that runs it in a
    thread.

    ``work`` is called once. What it raises on purpose passes through, and
    undoes the transaction.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """Which database it is, to be shown: without its password."""

    @abstractmethod
    async def open(self) -> None:
        """Make ready for work.

        Raises:
            ConfigurationError: It can't be used as it is configured.
        """

    @abstractmethod
    async def close(self) -> None:
        """End what has begun, and give back every connection. Idempotent."""

    @abstractmethod
    async def read(self, work: Work[T], scope: Scope = None) -> T:
        """Do work that changes nothing, in one transaction.

        Raises:
            ServiceUnavailable: The database can't be reached, is too busy or too slow.
        """

    @abstractmethod
    async def write(self, work: Work[T], scope: Scope = None) -> T:
        """Do work in one transaction, which is committed when it returns.

        Raises:
            ServiceUnavailable: The database can't be reached, is too busy, too
                slow or takes no writes. The transaction has been undone, unless
                the connection broke while it was committed: then nobody knows.
        """

    async def listening_connection(self) -> Any:
        """Return an asyncpg connection on which LISTEN works, for the caller to close.

        Returns:
            None if there is none: no such database, or a pooler in between.

        Raises:
            ServiceUnavailable: The database can't be reached.
        """
        return None

    @property
    @abstractmethod
    def busy_connections(self) -> int:
        """How many connections are at work: none while nothing is awaited."""


class SchemaConnector(Connector):
    """A connector through which Chatkeep can look at its schema, and change it.

    One that isn't leaves the schema to the program that made it.
    """

    owns_schema: bool
    """Whether the schema is the store's to bring up to date, without being asked."""

    @abstractmethod
    async def with_schema(self, work: SchemaWork[T]) -> T:
        """Do work on the schema in one transaction, however long it takes.

        Raises:
            ServiceUnavailable: The database can't be reached.
        """

    @abstractmethod
    def lock_schema(self, connection: sqlalchemy.Connection) -> None:
        """Keep everyone else from changing the schema until the transaction ends."""
