"""Threads in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Select,
    Update,
    and_,
    bindparam,
    case,
    delete,
    literal,
    select,
    update,
)

from ...context import Owner
from ...errors import NotFound
from ..base import UNSET, Order, Page, PageQuery, ThreadChanges, ThreadRecord
from ..cursors import cursor, place
from .conditions import (
    Parameters,
    given,
    keys_of,
    owned,
    page_of,
    page_parameters,
    paged,
    upsert,
)
from .connection import Connection
from .fences import require_turn
from .tables import attachments, threads
from .transactions import StorePart, reading, writing

_KEYS = (threads.c.touched_at, threads.c.id)
_RECORD = (
    threads.c.id,
    threads.c.created_at,
    threads.c.title,
    threads.c.title_source,
    threads.c.status,
    threads.c.allowed_image_domains,
    threads.c.metadata,
    threads.c.touched_at,
)

# As a bare condition on the user, PostgreSQL would look for one id in the index
# of the owner's whole list, for as long as it has no statistics of the table.
_THIS = and_(given(threads.c.tenant), given(threads.c.id), given(threads.c.user_id).is_(True))

_GET = select(*_RECORD).where(_THIS)
_EXISTS = select(literal(1)).where(_THIS)
_KEY = select(*_KEYS).where(_THIS)
_METADATA = select(threads.c.metadata).where(_THIS)
_DELETE = delete(threads).where(_THIS)
_HOLD = (
    update(threads)
    .where(_THIS)
    .values(next_number=threads.c.next_number + bindparam("count"))
    .returning(threads.c.next_number)
)
_TOUCHED_AT = bindparam("new_touched_at", type_=threads.c.touched_at.type)
_TOUCH = (
    update(threads).where(_THIS, threads.c.touched_at < _TOUCHED_AT).values(touched_at=_TOUCHED_AT)
)
_ATTACHMENT_IDS = select(attachments.c.id).where(owned(attachments), given(attachments.c.thread_id))


@cache
def _list(order: Order, after: bool) -> Select[Any]:
    return paged(select(*_RECORD).where(owned(threads)), _KEYS, order, after)


@cache
def _update(fields: frozenset[str], keep_user_title: bool) -> Update:
    values: dict[str, Any] = {}
    for name in fields:
        column = threads.c[name]
        values[name] = bindparam(f"new_{name}", type_=column.type)
        if keep_user_title and name in {"title", "title_source"}:
            values[name] = case((threads.c.title_source == "user", column), else_=values[name])
    return update(threads).where(_THIS).values(values).returning(*_RECORD)


def require_thread(connection: Connection, owner: Owner, thread_id: str) -> None:
    """Raise `NotFound` if the owner has no such thread."""
    if connection.execute(_EXISTS, keys_of(owner, id=thread_id)).first() is None:
        raise NotFound


def hold_thread(connection: Connection, owner: Owner, thread_id: str, items: int = 0) -> int:
    """Lock the thread until the transaction ends, and reserve numbers for items.

    Whatever writes below a thread holds it first, so that it can't be deleted
    meanwhile, and so that writers queue in one order.

    Args:
        items: How many numbers to reserve.

    Returns:
        The first number.

    Raises:
        NotFound: The owner has no such thread.
    """
    parameters = {**keys_of(owner, id=thread_id), "count": items}
    next_number = connection.execute(_HOLD, parameters).scalar()
    if next_number is None:
        raise NotFound
    return int(next_number) - items


def touch_thread(connection: Connection, owner: Owner, thread_id: str, at: datetime) -> None:
    """Note that a message has come to a thread that is held."""
    connection.execute(_TOUCH, {**keys_of(owner, id=thread_id), "new_touched_at": at})


def put_thread(connection: Connection, owner: Owner, thread: ThreadRecord) -> None:
    """Insert or replace the thread. Raises `NotFound` if its id is another's."""
    row = {
        "tenant": owner.tenant,
        "id": thread.id,
        "user_id": owner.user,
        "created_at": thread.created_at,
        "title": thread.title,
        "title_source": thread.title_source,
        "status": thread.status,
        "allowed_image_domains": thread.allowed_image_domains,
        "metadata": thread.metadata,
        "next_number": 0,
        "touched_at": thread.touched_at or thread.created_at,
    }
    kept = {"next_number"} if thread.touched_at else {"next_number", "touched_at"}
    statement = upsert(connection.dialect.name, threads, frozenset(kept))
    if connection.execute(statement, row).rowcount == 0:
        raise NotFound


def read_thread(connection: Connection, owner: Owner, thread_id: str) -> ThreadRecord:
    """Return one thread. Raises `NotFound`."""
    row = connection.execute(_GET, keys_of(owner, id=thread_id)).first()
    if row is None:
        raise NotFound
    return _thread(row)


class Threads(StorePart):
    """The methods of `Store` about threads."""

    @reading
    def get_thread(self, connection: Connection, owner: Owner, thread_id: str) -> ThreadRecord:
        return read_thread(connection, owner, thread_id)

    @reading
    def list_threads(
        self, connection: Connection, owner: Owner, query: PageQuery
    ) -> Page[ThreadRecord]:
        after = None if query.after is None else _place(connection, owner, query.after)
        statement = _list(query.order, after is not None)
        rows = connection.execute(statement, {**keys_of(owner), **page_parameters(query, after)})
        page = page_of([_thread(row) for row in rows], query)
        if page.after is None:
            return page
        last = page.data[-1]
        return Page(page.data, cursor(last.touched_at or last.created_at, last.id))

    @writing
    def save_thread(self, connection: Connection, owner: Owner, thread: ThreadRecord) -> None:
        put_thread(connection, owner, thread)

    @writing
    def update_thread(
        self,
        connection: Connection,
        owner: Owner,
        thread_id: str,
        changes: ThreadChanges,
        *,
        turn: str | None = None,
    ) -> ThreadRecord:
        if turn is not None or changes.metadata or changes.metadata_removed:
            hold_thread(connection, owner, thread_id)
        require_turn(connection, owner, thread_id, turn)
        new = _new_values(changes)
        if changes.metadata or changes.metadata_removed:
            new["metadata"] = _patched_metadata(connection, owner, thread_id, changes)
        if not new:
            return read_thread(connection, owner, thread_id)
        statement = _update(frozenset(new), changes.keep_user_title)
        parameters = {f"new_{name}": value for name, value in new.items()}
        row = connection.execute(statement, {**keys_of(owner, id=thread_id), **parameters}).first()
        if row is None:
            raise NotFound
        return _thread(row)

    @writing
    def delete_thread(self, connection: Connection, owner: Owner, thread_id: str) -> list[str]:
        hold_thread(connection, owner, thread_id)
        ids = (
            connection.execute(_ATTACHMENT_IDS, keys_of(owner, thread_id=thread_id)).scalars().all()
        )
        connection.execute(_DELETE, keys_of(owner, id=thread_id))
        return list(ids)


def _thread(row: Sequence[Any]) -> ThreadRecord:
    return ThreadRecord(*row)


def _place(connection: Connection, owner: Owner, after: str) -> Mapping[Any, Any]:
    """Where in the list a page begins. Raises `NotFound`."""
    known = place(after)
    if known is not None:
        return {"touched_at": known[0], "id": known[1]}
    row = connection.execute(_KEY, keys_of(owner, id=after)).first()
    if row is None:
        raise NotFound
    return {"touched_at": row[0], "id": row[1]}


def _patched_metadata(
    connection: Connection, owner: Owner, thread_id: str, changes: ThreadChanges
) -> dict[str, Any]:
    """The metadata of a thread that is held, as it will be."""
    metadata = dict(connection.execute(_METADATA, keys_of(owner, id=thread_id)).scalar() or {})
    for key in changes.metadata_removed:
        metadata.pop(key, None)
    return metadata | dict(changes.metadata)


def _new_values(changes: ThreadChanges) -> Parameters:
    names = ("title", "status", "allowed_image_domains")
    new = {name: getattr(changes, name) for name in names}
    new = {name: value for name, value in new.items() if value is not UNSET}
    return new | {"title_source": changes.title_source} if "title" in new else new
