"""What the SQL store's statements share: owners, keys, pages and upserts.

Statements are built once, when a module is imported or when one is first
needed. A condition on a column takes its value from the parameter of the
column's name with an underscore after it; `of` makes such parameters.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Select,
    Table,
    and_,
    bindparam,
    tuple_,
)

from ...context import Owner
from ..base import Order, Page, PageQuery
from .dialects import insert_into

Record = TypeVar("Record", bound=Any)
Parameters = dict[str, Any]


def keys_of(owner: Owner, **keys: Any) -> Parameters:
    """Parameters that name an owner's rows."""
    parameters: Parameters = {"tenant_": owner.tenant, "user_id_": owner.user}
    for name, value in keys.items():
        parameters[f"{name}_"] = value
    return parameters


def given(*columns: Column[Any]) -> ColumnElement[bool]:
    """Each column equals its parameter."""
    return and_(*(c == bindparam(f"{c.name}_", type_=c.type) for c in columns))


def owned(table: Table) -> ColumnElement[bool]:
    """The row is the owner's."""
    return given(table.c.tenant, table.c.user_id)


def paged(
    statement: Select[Any], keys: Sequence[Column[Any]], order: Order, after: bool
) -> Select[Any]:
    """A page of ``statement`` by ``keys``; `page_parameters` go with it."""
    if after:
        bounds = [bindparam(f"after_{key.name}", type_=key.type) for key in keys]
        here, there = tuple_(*keys), tuple_(*bounds)
        statement = statement.where(here > there if order == "asc" else here < there)
    ordered = [key.asc() if order == "asc" else key.desc() for key in keys]
    return statement.order_by(*ordered).limit(bindparam("limit_", type_=Integer))


def page_parameters(query: PageQuery, after: Mapping[Any, Any] | None) -> Parameters:
    """The size of a page (one row more tells whether it is the last), and its bounds."""
    bounds = {f"after_{name}": value for name, value in (after or {}).items()}
    return {"limit_": query.limit + 1, **bounds}


def page_of(records: list[Record], query: PageQuery) -> Page[Record]:
    """The page that was read with `page_parameters`."""
    data = records[: query.limit]
    return Page(data, data[-1].id if len(records) > query.limit else None)


@cache
def upsert(dialect: str, table: Table, kept: frozenset[str] = frozenset()) -> Any:
    """Insert a row, or replace the owner's row of the same key but for the columns ``kept``."""
    insert = insert_into(table, dialect)
    replaced = {
        column.name: insert.excluded[column.name]
        for column in table.c
        if not column.primary_key and column.name not in kept
    }
    return insert.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_=replaced,
        where=table.c.user_id == insert.excluded.user_id,
    )
