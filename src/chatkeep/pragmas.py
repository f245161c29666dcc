"""Setting up a SQLite file that others open at the same time."""

import sqlite3
from time import monotonic, sleep

_PAUSE = 0.01


def set_pragma(connection: sqlite3.Connection, name: str, value: str, seconds: float) -> None:
    """Set a pragma of a SQLite file, and wait for others who use the file, for so many seconds.

    SQLite itself waits for a lock, but it refuses at once to change the journal's mode
    while somebody else does: of the workers that start together on a new file, some
    would end with an error.

    Raises:
        sqlite3.OperationalError: The file is in use still.
    """
    until = monotonic() + seconds
    while True:
        try:
            connection.execute(f"PRAGMA {name} = {value}")
        except sqlite3.OperationalError as error:
            if not is_busy(error) or monotonic() > until:
                raise
            sleep(_PAUSE)
        else:
            return


def is_busy(error: sqlite3.Error) -> bool:
    """Whether an error says that somebody else uses the file."""
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
