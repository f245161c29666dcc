"""The SQLite store that the SDK's tests use, and that its source distribution lacks."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Protocol

from chatkit.store import NotFoundError, Store
from chatkit.types import Attachment, Page, ThreadItem, ThreadMetadata
from pydantic import BaseModel, TypeAdapter

_SCHEMA = """
CREATE TABLE IF NOT EXISTS threads (
    user TEXT, id TEXT, created_at TEXT, data TEXT, PRIMARY KEY (user, id));
CREATE TABLE IF NOT EXISTS items (
    user TEXT, thread_id TEXT, id TEXT, created_at TEXT, data TEXT,
    PRIMARY KEY (user, thread_id, id));
CREATE TABLE IF NOT EXISTS attachments (
    user TEXT, id TEXT, data TEXT, PRIMARY KEY (user, id));
"""

_ADD = "INSERT INTO items VALUES (?, ?, ?, ?, ?)"
_PUT = f"{_ADD} ON CONFLICT DO UPDATE SET data = excluded.data"


class _Context(Protocol):
    @property
    def user_id(self) -> str: ...


class SQLiteStore(Store[_Context]):
    """Keeps models as JSON, each user's apart, ordered by time as the SDK's guides do it."""

    def __init__(self, db_path: str) -> None:
        self.db_path = db_path
        with self._connection() as db:
            db.executescript(_SCHEMA)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.db_path, uri=True)
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def _execute(self, statement: str, *values: Any) -> list[Any]:
        with self._connection() as db:
            return db.execute(statement, values).fetchall()

    def _one(self, kind: Any, what: str, statement: str, *values: str) -> Any:
        rows = self._execute(statement, *values)
        if not rows:
            raise NotFoundError(f"{what} not found")
        return _adapter(kind).validate_json(rows[0][0])

    # Threads

    async def load_thread(self, thread_id: str, context: _Context) -> ThreadMetadata:
        thread: ThreadMetadata = self._one(
            ThreadMetadata,
            f"Thread {thread_id}",
            "SELECT data FROM threads WHERE user = ? AND id = ?",
            context.user_id,
            thread_id,
        )
        return thread

    async def save_thread(self, thread: ThreadMetadata, context: _Context) -> None:
        self._execute(
            "INSERT OR REPLACE INTO threads VALUES (?, ?, ?, ?)",
            context.user_id,
            thread.id,
            thread.created_at.isoformat(),
            _json(thread),
        )

    async def load_threads(
        self, limit: int, after: str | None, order: str, context: _Context
    ) -> Page[ThreadMetadata]:
        rows = self._execute(
            "SELECT data FROM threads WHERE user = ? ORDER BY created_at, rowid", context.user_id
        )
        return _page(ThreadMetadata, rows, after, limit, order)

    async def delete_thread(self, thread_id: str, context: _Context) -> None:
        for statement in (
            "DELETE FROM threads WHERE user = ? AND id = ?",
            "DELETE FROM items WHERE user = ? AND thread_id = ?",
        ):
            self._execute(statement, context.user_id, thread_id)

    # Items

    async def load_thread_items(
        self, thread_id: str, after: str | None, limit: int, order: str, context: _Context
    ) -> Page[ThreadItem]:
        rows = self._execute(
            "SELECT data FROM items WHERE user = ? AND thread_id = ? ORDER BY created_at, rowid",
            context.user_id,
            thread_id,
        )
        return _page(ThreadItem, rows, after, limit, order)

    async def add_thread_item(self, thread_id: str, item: ThreadItem, context: _Context) -> None:
        self._put_item(_ADD, thread_id, item, context)

    async def save_item(self, thread_id: str, item: ThreadItem, context: _Context) -> None:
        self._put_item(_PUT, thread_id, item, context)

    def _put_item(self, how: str, thread_id: str, item: ThreadItem, context: _Context) -> None:
        self._execute(
            how,
            context.user_id,
            thread_id,
            item.id,
            item.created_at.isoformat(),
            _json(item),
        )

    async def load_item(self, thread_id: str, item_id: str, context: _Context) -> ThreadItem:
        item: ThreadItem = self._one(
            ThreadItem,
            f"Item {item_id} in thread {thread_id}",
            "SELECT data FROM items WHERE user = ? AND thread_id = ? AND id = ?",
            context.user_id,
            thread_id,
            item_id,
        )
        return item

    async def delete_thread_item(self, thread_id: str, item_id: str, context: _Context) -> None:
        self._execute(
            "DELETE FROM items WHERE user = ? AND thread_id = ? AND id = ?",
            context.user_id,
            thread_id,
            item_id,
        )

    # Attachments

    async def save_attachment(self, attachment: Attachment, context: _Context) -> None:
        self._execute(
            "INSERT OR REPLACE INTO attachments VALUES (?, ?, ?)",
            context.user_id,
            attachment.id,
            _json(attachment),
        )

    async def load_attachment(self, attachment_id: str, context: _Context) -> Attachment:
        attachment: Attachment = self._one(
            Attachment,
            f"Attachment {attachment_id}",
            "SELECT data FROM attachments WHERE user = ? AND id = ?",
            context.user_id,
            attachment_id,
        )
        return attachment

    async def delete_attachment(self, attachment_id: str, context: _Context) -> None:
        self._execute(
            "DELETE FROM attachments WHERE user = ? AND id = ?", context.user_id, attachment_id
        )


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _json(model: BaseModel) -> str:
    return model.model_dump_json()


def _page(kind: Any, rows: list[Any], after: str | None, limit: int, order: str) -> Page[Any]:
    models = [_adapter(kind).validate_json(data) for (data,) in rows]
    if order == "desc":
        models.reverse()
    if after is not None:
        ids = [model.id for model in models]
        models = models[ids.index(after) + 1 :] if after in ids else []
    taken, has_more = models[:limit], len(models) > limit
    return Page(data=taken, has_more=has_more, after=taken[-1].id if has_more else None)
