"""Statements as a driver takes them: text, the order of parameters, and conversions.

SQLAlchemy writes the SQL and knows the types; what it does around each
execution costs several times what SQLite needs for a page of items. So a
statement is compiled once for a dialect, and then runs on the driver directly.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, TypeAlias, cast

from sqlalchemy import ClauseElement, Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.type_api import TypeEngine

Parameters: TypeAlias = Mapping[str, Any]
DriverParameters: TypeAlias = "Sequence[Any] | dict[str, Any]"
Row: TypeAlias = Any
"""A named tuple of a statement's columns."""

_Conversion: TypeAlias = "Callable[[Any], Any] | None"
_KEPT_STATEMENTS = 512


class CompiledStatement:
    """One statement in the words of one dialect.

    Args:
        statement: What SQLAlchemy's functions made.
        columns: The columns that an INSERT gives values for.
    """

    def __init__(
        self, statement: ClauseElement, dialect: Dialect, columns: tuple[str, ...] | None
    ) -> None:
        compiled = cast(
            "SQLCompiler",
            statement.compile(dialect=dialect, column_keys=None if columns is None else [*columns]),
        )
        if compiled.insert_prefetch or compiled.update_prefetch:
            raise TypeError("A column with a default in Python is not known here: give its value")
        self.sql = compiled.string
        self._compiled = compiled
        self._expands = bool(compiled.post_compile_params)
        self._positional = compiled.positional
        self._conversions = {
            compiled.bind_names[bind]: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for bind in compiled.bind_names
        }
        self._given = {
            compiled.bind_names[bind]: bind.effective_value
            for bind in compiled.bind_names
            if not bind.required
        }
        self._order = [
            (name, self._conversions[name])
            for name in compiled.positiontup or self._conversions
            if name in self._conversions
        ]
        self._row, self._results = _results(statement, dialect)
        self._is_plain = not any(self._results)

    @property
    def returns_rows(self) -> bool:
        """Whether it is a query, or gives back what it changed."""
        return self._row is not None

    def parameters(self, values: Parameters) -> DriverParameters:
        """The values as the driver takes them, in its order."""
        if self._given:
            values = {**self._given, **values}
        if not self._positional:
            return {n: values[n] if c is None else c(values[n]) for n, c in self._order}
        return [values[n] if c is None else c(values[n]) for n, c in self._order]

    def expanded(self, values: Parameters) -> tuple[str, DriverParameters]:
        """The text and the values of one execution: an ``IN`` is as long as its list."""
        if not self._expands:
            return self.sql, self.parameters(values)
        state = self._compiled.construct_expanded_state({**self._given, **values})
        origin = {part: name for name, parts in state.parameter_expansion.items() for part in parts}
        converted = {
            name: _converted(self._conversions.get(origin.get(name, name)), value)
            for name, value in state.parameters.items()
        }
        if state.positiontup is None:
            return state.statement, converted
        return state.statement, [converted[name] for name in state.positiontup]

    def rows(self, found: Sequence[Iterable[Any]]) -> list[Row]:
        """The driver's rows with their values converted, as named tuples."""
        if self._row is None or not found:
            return []
        if self._is_plain:
            return [*map(self._row, found)]
        columns = [
            values if convert is None else map(convert, values)
            for convert, values in zip(self._results, zip(*found, strict=True), strict=True)
        ]
        return [*map(self._row, zip(*columns, strict=True))]


@lru_cache(_KEPT_STATEMENTS)
def compiled(
    statement: ClauseElement, dialect: Dialect, columns: tuple[str, ...] | None
) -> CompiledStatement:
    """The statement, compiled when it is first seen."""
    return CompiledStatement(statement, dialect, columns)


def _results(statement: ClauseElement, dialect: Dialect) -> tuple[Any, list[_Conversion]]:
    """The type of a statement's rows and the conversions of their columns."""
    columns = [*getattr(statement, "exported_columns", ())]
    if not columns:
        return None, []
    types: list[TypeEngine[Any]] = [column.type for column in columns]
    row = namedtuple("Row", [column.key for column in columns], rename=True)  # type: ignore[misc]
    # Half the time of the class's own _make, which counts the columns again.
    return partial(tuple.__new__, row), [
        type_.dialect_impl(dialect).result_processor(dialect, None) for type_ in types
    ]


def _converted(convert: _Conversion, value: Any) -> Any:
    return value if convert is None else convert(value)
