"""What the SQL store's methods run their statements on, whatever driver is below."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from sqlalchemy import ClauseElement, Dialect, Insert
from sqlalchemy.exc import IntegrityError

from .compiled import CompiledStatement, DriverParameters, Parameters, Row, compiled


class Driver(ABC):
    """One driver's connection, in a transaction."""

    integrity_errors: tuple[type[Exception], ...] = ()
    """What it raises where a constraint of the schema is broken."""

    @abstractmethod
    def run(
        self, sql: str, parameters: DriverParameters, returns_rows: bool
    ) -> tuple[Sequence[Sequence[Any]], int]:
        """Run one statement; return its rows, and how many it found or changed."""

    @abstractmethod
    def run_many(self, sql: str, parameters: list[DriverParameters]) -> int:
        """Run one statement for each of many parameters; return how many rows it changed."""


class Result:
    """What one statement gave: all of its rows, and how many it found or changed."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: list[Any], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def all(self) -> list[Row]:
        """Every row."""
        return self._rows

    def first(self) -> Row | None:
        """The first row, or None."""
        return self._rows[0] if self._rows else None

    def one(self) -> Row:
        """The only row.

        Raises:
            LookupError: There is none, or more than one.
        """
        if len(self._rows) != 1:
            raise LookupError(f"{len(self._rows)} rows were found in place of one")
        return self._rows[0]

    def scalar(self) -> Any:
        """The first column of the first row, or None if there is no row."""
        return self._rows[0][0] if self._rows else None

    def scalars(self) -> "Result":
        """The first column of every row."""
        return Result([row[0] for row in self._rows], self.rowcount)

    def mappings(self) -> "Result":
        """Every row as a dict by the names of its columns."""
        return Result([row._asdict() for row in self._rows], self.rowcount)


class Connection:
    """Runs SQLAlchemy's statements in one transaction, on the driver itself.

    It has the few methods of SQLAlchemy's own connection that the store needs.
    """

    __slots__ = ("_driver", "dialect")

    def __init__(self, driver: Driver, dialect: Dialect) -> None:
        self._driver = driver
        self.dialect = dialect

    def execute(
        self,
        statement: ClauseElement,
        parameters: Parameters | Sequence[Parameters] | None = None,
    ) -> Result:
        """Run a statement, once or (given a list) for each of many parameters.

        Raises:
            sqlalchemy.exc.IntegrityError: A constraint of the schema is broken.
        """
        try:
            if parameters is None or isinstance(parameters, dict):
                return self._once(statement, parameters or {})
            return self._many(statement, [*parameters])
        except self._driver.integrity_errors as error:
            _raise_integrity_error(error)

    def _once(self, statement: ClauseElement, parameters: Parameters) -> Result:
        ready = self._compiled(statement, parameters)
        sql, values = ready.expanded(parameters)
        found, count = self._driver.run(sql, values, ready.returns_rows)
        return Result(ready.rows(found), count)

    def _many(self, statement: ClauseElement, parameters: list[Parameters]) -> Result:
        ready = self._compiled(statement, parameters[0])
        if ready.returns_rows:
            results = [self._once(statement, each) for each in parameters]
            rows = [row for result in results for row in result]
            return Result(rows, sum(result.rowcount for result in results))
        values = [ready.parameters(each) for each in parameters]
        return Result([], self._driver.run_many(ready.sql, values))

    def _compiled(self, statement: ClauseElement, parameters: Parameters) -> CompiledStatement:
        columns = tuple(parameters) if isinstance(statement, Insert) else None
        return compiled(statement, self.dialect, columns)


def _raise_integrity_error(error: Exception) -> NoReturn:
    raise IntegrityError(None, None, error) from error
