"""Items in SQL."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Select, delete, false, select

from ...context import Owner
from ...errors import NotFound
from ..base import ItemRecord, Order, Page, PageQuery, ThreadRecord
from .conditions import given, keys_of, owned, page_of, page_parameters, paged, upsert
from .connection import Connection
from .fences import require_turn
from .tables import items
from .threads import hold_thread, read_thread, require_thread
from .transactions import StorePart, reading, writing

_RECORD = (items.c.id, items.c.type, items.c.created_at, items.c.data, items.c.finished)
_OF_THREAD = owned(items) & given(items.c.thread_id)
_THIS = _OF_THREAD & given(items.c.id)

_GET = select(*_RECORD).where(_THIS)
_NUMBER = select(items.c.number).where(_THIS)
_DELETE = delete(items).where(_THIS)


@cache
def _list(hidden: bool, order: Order, after: bool) -> Select[Any]:
    statement = select(*_RECORD).where(_OF_THREAD)
    if not hidden:
        statement = statement.where(items.c.hidden == false())
    return paged(statement, [items.c.number], order, after)


def put_items(
    connection: Connection,
    owner: Owner,
    thread_id: str,
    records: Sequence[ItemRecord],
    first: int,
) -> None:
    """Save items into a thread that is held; new ones are numbered from ``first``."""
    rows = [
        {
            "tenant": owner.tenant,
            "thread_id": thread_id,
            "id": item.id,
            "user_id": owner.user,
            "number": number,
            "type": item.type,
            "created_at": item.created_at,
            "data": item.data,
            "finished": item.finished,
            "hidden": item.hidden,
        }
        for number, item in enumerate(records, first)
    ]
    if rows:
        connection.execute(upsert(connection.dialect.name, items, frozenset({"number"})), rows)


def remove_items(
    connection: Connection, owner: Owner, thread_id: str, item_ids: Iterable[str]
) -> None:
    """Delete items of a thread that is held."""
    gone = [keys_of(owner, thread_id=thread_id, id=item_id) for item_id in item_ids]
    if gone:
        connection.execute(_DELETE, gone)


def _page(
    connection: Connection, owner: Owner, thread_id: str, query: PageQuery, *, hidden: bool
) -> Page[ItemRecord]:
    after = None
    if query.after is not None:
        key = keys_of(owner, thread_id=thread_id, id=query.after)
        after = connection.execute(_NUMBER, key).mappings().first()
        if after is None:
            raise NotFound
    statement = _list(hidden, query.order, after is not None)
    parameters = {**keys_of(owner, thread_id=thread_id), **page_parameters(query, after)}
    found = [ItemRecord(*row) for row in connection.execute(statement, parameters)]
    if not found:
        require_thread(connection, owner, thread_id)
    return page_of(found, query)


class Items(StorePart):
    """The methods of `Store` about items."""

    @reading
    def get_item(
        self, connection: Connection, owner: Owner, thread_id: str, item_id: str
    ) -> ItemRecord:
        row = connection.execute(_GET, keys_of(owner, thread_id=thread_id, id=item_id)).first()
        if row is None:
            raise NotFound
        return ItemRecord(*row)

    @reading
    def list_items(
        self,
        connection: Connection,
        owner: Owner,
        thread_id: str,
        query: PageQuery,
        *,
        hidden: bool = False,
    ) -> Page[ItemRecord]:
        return _page(connection, owner, thread_id, query, hidden=hidden)

    @reading
    def open_thread(
        self, connection: Connection, owner: Owner, thread_id: str, query: PageQuery
    ) -> tuple[ThreadRecord, Page[ItemRecord]]:
        thread = read_thread(connection, owner, thread_id)
        return thread, _page(connection, owner, thread_id, query, hidden=False)

    @writing
    def save_items(
        self,
        connection: Connection,
        owner: Owner,
        thread_id: str,
        items: Sequence[ItemRecord],
        *,
        turn: str | None = None,
    ) -> None:
        first = hold_thread(connection, owner, thread_id, len(items))
        require_turn(connection, owner, thread_id, turn)
        put_items(connection, owner, thread_id, items, first)

    @writing
    def delete_items(
        self,
        connection: Connection,
        owner: Owner,
        thread_id: str,
        item_ids: Sequence[str],
        *,
        turn: str | None = None,
    ) -> None:
        hold_thread(connection, owner, thread_id)
        require_turn(connection, owner, thread_id, turn)
        remove_items(connection, owner, thread_id, item_ids)
