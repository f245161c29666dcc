"""Which errors tell of the database's own state, and are no fault of the request."""

import sqlite3

from sqlalchemy.exc import TimeoutError as PoolTimeout

_SQLITE_STATES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_SCHEMA,
    }
)
# SQLSTATE, or how it begins.
_POSTGRESQL_STATES = (
    "08",  # connection exceptions, poolers' own among them
    "25006",  # read only
    "25P03",  # idle in a transaction for too long
    "25P04",  # a transaction took too long
    "26000",  # a prepared statement is not there: a pooler changed servers
    "28",  # this user may not connect any more
    "3D000",  # the database is gone
    "40",  # deadlocks and serialization failures
    "42501",  # a privilege was not given
    "42P01",  # a table is missing
    "42P05",  # a prepared statement is there already: a pooler again
    "53",  # out of disk, memory or connections
    "55P03",  # lock timeout
    "57",  # statement timeout, shutdown, crash, starting up
    "58",  # errors of the system, such as I/O
    "XX",  # corrupted data, internal errors
)


def is_state_of_postgresql(sqlstate: str) -> bool:
    """Whether a SQLSTATE tells of the server or its administrator, not of what was asked."""
    return sqlstate.startswith(_POSTGRESQL_STATES)


def is_state_of_sqlite(error: BaseException) -> bool:
    """Whether an error of sqlite3 tells of the file: locked, full, read-only, gone, broken."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in _SQLITE_STATES:
        return True
    # A file that was put in another's place, with nothing in it.
    return isinstance(error, sqlite3.OperationalError) and "no such table" in str(error)


def is_state_of_database(error: BaseException) -> bool:
    """The same of any driver's error, bare or as SQLAlchemy wraps it."""
    error = getattr(error, "orig", None) or error
    sqlstate = getattr(error, "sqlstate", None)
    if isinstance(sqlstate, str):
        return is_state_of_postgresql(sqlstate)
    if isinstance(error, sqlite3.Error):
        return is_state_of_sqlite(error)
    # DB-API's names: every driver has them, and each has its own classes.
    names = {kind.__name__ for kind in type(error).__mro__}
    return isinstance(error, (OSError, PoolTimeout)) or bool(
        names & {"OperationalError", "InterfaceError", "PostgresConnectionError"}
    )
