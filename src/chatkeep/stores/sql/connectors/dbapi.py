"""Running statements on any driver that follows the DB-API (PEP 249)."""

from collections.abc import Callable, Sequence
from typing import Any

from ..compiled import DriverParameters
from ..connection import Driver


class DBAPIDriver(Driver):
    """A DB-API connection: sqlite3's, psycopg's, Django's, SQLAlchemy's adapters.

    Args:
        new_cursor: Makes a cursor on the connection that the transaction is on.
        integrity_errors: What the driver raises where a constraint is broken.
    """

    def __init__(self, new_cursor: Callable[[], Any], *integrity_errors: type[Exception]) -> None:
        self._new_cursor = new_cursor
        self.integrity_errors = integrity_errors

    def run(
        self, sql: str, parameters: DriverParameters, returns_rows: bool
    ) -> tuple[Sequence[Sequence[Any]], int]:
        cursor = self._new_cursor()
        try:
            cursor.execute(sql, parameters)
            if not returns_rows:
                return (), cursor.rowcount
            rows = cursor.fetchall()
            return rows, len(rows)
        finally:
            cursor.close()

    def run_many(self, sql: str, parameters: list[DriverParameters]) -> int:
        cursor = self._new_cursor()
        try:
            cursor.executemany(sql, parameters)
            return int(cursor.rowcount)
        finally:
            cursor.close()
