"""ChatKit stores as people write them."""

import asyncio
from dataclasses import dataclass
from typing import Any

from chatkit.store import AttachmentStore, NotFoundError, Store
from chatkit.types import (
    Attachment,
    AttachmentCreateParams,
    FileAttachment,
    Page,
    ThreadItem,
    ThreadMetadata,
)


@dataclass(frozen=True)
class User:
    """A program's own context."""

    name: str = "ann"


ANN, BOB = User("ann"), User("bob")


class AwaitingStore(Store[User]):
    """Keeps copies, each user's apart, and really awaits, as stores over a network do.

    ``calls`` lists the methods that were called; those named in ``broken``
    raise. ``added`` is set when an item is added.
    """

    def __init__(self) -> None:
        self.threads: dict[tuple[User, str], ThreadMetadata] = {}
        self.items: dict[str, dict[str, ThreadItem]] = {}
        self.attachments: dict[tuple[User, str], Attachment] = {}
        self.calls: list[str] = []
        self.broken: set[str] = set()
        self.added = asyncio.Event()

    async def _called(self, method: str) -> None:
        self.calls.append(method)
        for _ in range(3):
            await asyncio.sleep(0)
        if method in self.broken:
            raise OSError(f"{method}: the connection is lost")

    # Threads

    async def load_thread(self, thread_id: str, context: User) -> ThreadMetadata:
        await self._called("load_thread")
        thread: ThreadMetadata = _found(self.threads, (context, thread_id))
        return thread.model_copy(deep=True)

    async def save_thread(self, thread: ThreadMetadata, context: User) -> None:
        await self._called("save_thread")
        self.threads[context, thread.id] = thread.model_copy(deep=True)
        self.items.setdefault(thread.id, {})

    async def load_threads(
        self, limit: int, after: str | None, order: str, context: User
    ) -> Page[ThreadMetadata]:
        await self._called("load_threads")
        threads = [thread for (user, _), thread in self.threads.items() if user == context]
        return _page(threads, limit, after, order)

    async def delete_thread(self, thread_id: str, context: User) -> None:
        await self._called("delete_thread")
        if self.threads.pop((context, thread_id), None) is not None:
            del self.items[thread_id]

    # Items

    async def load_thread_items(
        self, thread_id: str, after: str | None, limit: int, order: str, context: User
    ) -> Page[ThreadItem]:
        await self._called("load_thread_items")
        items = self._items(thread_id, context)
        return _page(list(items.values()), limit, after, order)

    def _items(self, thread_id: str, context: User) -> dict[str, ThreadItem]:
        return self.items[thread_id] if (context, thread_id) in self.threads else {}

    async def add_thread_item(self, thread_id: str, item: ThreadItem, context: User) -> None:
        await self._called("add_thread_item")
        self._items(thread_id, context)[item.id] = item.model_copy(deep=True)
        self.added.set()

    async def save_item(self, thread_id: str, item: ThreadItem, context: User) -> None:
        await self._called("save_item")
        self._items(thread_id, context)[item.id] = item.model_copy(deep=True)

    async def load_item(self, thread_id: str, item_id: str, context: User) -> ThreadItem:
        await self._called("load_item")
        item: ThreadItem = _found(self._items(thread_id, context), item_id)
        return item.model_copy(deep=True)

    async def delete_thread_item(self, thread_id: str, item_id: str, context: User) -> None:
        await self._called("delete_thread_item")
        del self._items(thread_id, context)[item_id]

    # Attachments

    async def save_attachment(self, attachment: Attachment, context: User) -> None:
        await self._called("save_attachment")
        self.attachments[context, attachment.id] = attachment

    async def load_attachment(self, attachment_id: str, context: User) -> Attachment:
        await self._called("load_attachment")
        attachment: Attachment = _found(self.attachments, (context, attachment_id))
        return attachment

    async def delete_attachment(self, attachment_id: str, context: User) -> None:
        await self._called("delete_attachment")
        _found(self.attachments, (context, attachment_id))
        del self.attachments[context, attachment_id]


class InsertOnlyStore(AwaitingStore):
    """Adds what is new and saves what is known, and nothing else: as SQL does it."""

    async def add_thread_item(self, thread_id: str, item: ThreadItem, context: User) -> None:
        if item.id in self._items(thread_id, context):
            raise KeyError(f"duplicate key {item.id}")
        await super().add_thread_item(thread_id, item, context)

    async def save_item(self, thread_id: str, item: ThreadItem, context: User) -> None:
        _found(self._items(thread_id, context), item.id)
        await super().save_item(thread_id, item, context)


class FileStore(AttachmentStore[User]):
    """Keeps the names of files, and the order of what happens to them and their metadata."""

    def __init__(self, store: AwaitingStore) -> None:
        self.store = store
        self.files: set[str] = set()

    async def create_attachment(self, input: AttachmentCreateParams, context: User) -> Attachment:  # noqa: A002
        attachment_id = self.generate_attachment_id(input.mime_type, context)
        self.files.add(attachment_id)
        return FileAttachment(
            id=attachment_id, mime_type=input.mime_type, name=input.name, metadata={"key": "secret"}
        )

    async def delete_attachment(self, attachment_id: str, context: User) -> None:
        self.store.calls.append("delete_file")
        self.files.remove(attachment_id)


def _found(rows: dict[Any, Any], key: Any) -> Any:
    if key not in rows:
        raise NotFoundError(f"{key} not found")
    return rows[key]


def _page(rows: list[Any], limit: int, after: str | None, order: str) -> Page[Any]:
    if order == "desc":
        rows = rows[::-1]
    if after is not None:
        rows = rows[[row.id for row in rows].index(after) + 1 :]
    taken, has_more = rows[:limit], len(rows) > limit
    return Page(data=taken, has_more=has_more, after=taken[-1].id if has_more else None)
