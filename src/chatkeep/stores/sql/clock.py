"""The database's clock: the one by which all workers' leases are given and found lapsed.

Workers' own clocks differ, and jump; a lease that one gives and another judges
needs one that both can ask.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, bindparam, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from .columns import UtcTime

MICROSECONDS = 1_000_000


class _Now(FunctionElement[int]):
    """The time at which a statement runs, in whole microseconds since 1970."""

    type = BigInteger()
    inherit_cache = True
    name = "chatkeep_now"


@compiles(_Now, "sqlite")
def _on_sqlite(_element: Any, _compiler: Any, **_options: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER)"


@compiles(_Now, "postgresql")
def _on_postgresql(_element: Any, _compiler: Any, **_options: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"


NOW: ColumnElement[datetime] = type_coerce(_Now(), UtcTime)
"""The time at which a statement runs."""


def after_now(parameter: str) -> ColumnElement[datetime]:
    """The time so many microseconds after now, as a parameter says."""
    return type_coerce(_Now() + bindparam(parameter, type_=BigInteger), UtcTime)


def before_now(parameter: str) -> ColumnElement[datetime]:
    """The time so many microseconds before now, as a parameter says."""
    return type_coerce(_Now() - bindparam(parameter, type_=BigInteger), UtcTime)


def microseconds(seconds: float) -> int:
    """Return a span of time as `after_now` and `before_now` take it."""
    return round(seconds * MICROSECONDS)
