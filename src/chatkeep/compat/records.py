"""A user's store of ChatKit models as the engine uses one: threads, items and attachments.

What the store raises for a row that is not there, the engine gets as `NotFound`;
`raised_by_store` gives it back to the one who asked.

The engine works with records, whose times are aware. The user's store and code
get the times that the SDK would give them: their own as they were, the
server's naive and local. Many stores sort by them, and Python compares no
naive time with an aware one.
"""

from asyncio import Lock
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from chatkit.store import NotFoundError, StoreItemType
from chatkit.store import Store as ChatKitStore

from ..context import Owner
from ..errors import NotFound
from ..protocol.types import Attachment, ThreadItem, ThreadMetadata, UserMessageItem, WidgetItem
from ..protocol.wire import (
    attachment_record,
    aware,
    item_record,
    parse_attachment,
    parse_item,
    thread_model,
)
from ..stores.base import (
    HIDDEN_ITEM_TYPES,
    MAX_PAGE_SIZE,
    UNSET,
    AttachmentRecord,
    FeedbackKind,
    FeedbackRecord,
    ItemRecord,
    Page,
    PageQuery,
    Store,
    ThreadChanges,
    ThreadRecord,
)
from .pages import next_cursor, visible_page

Item = TypeVar("Item", UserMessageItem, WidgetItem, ThreadItem)

NOT_THERE = (NotFoundError, LookupError)
"""What stores raise for a row that is not there."""

_CHANGEABLE = ("title", "status", "allowed_image_domains")

_ID_TYPES: dict[str, StoreItemType] = {
    "client_tool_call": "tool_call",
    "task": "task",
    "workflow": "workflow",
    "sdk_hidden_context": "sdk_hidden_context",
}


class ChatKitRecords(Store):
    """The rows of a ChatKit store, for the context of one request.

    The store itself decides what a context may see, so the engine's owner is
    not looked at.

    Args:
        locks: A lock for each thread that is being changed.
    """

    def __init__(
        self, store: ChatKitStore[Any], context: Any, locks: MutableMapping[str, Lock]
    ) -> None:
        self._store = store
        self._context = context
        self._locks = locks
        self._times: dict[str, datetime] = {}
        self._titles: dict[str, str | None] = {}
        self._known: dict[str, bool] = {}
        self._models: dict[str, ThreadMetadata] = {}
        """The threads of this request, as the user's code sees them."""
        self._read: set[str] = set()
        """The items that this request has read by their ids."""

    async def open(self) -> None:
        """The store is its owner's to open, and to close."""

    async def close(self) -> None:
        """The store is its owner's to close."""

    async def ping(self) -> None:
        """A ChatKit store can't be asked."""

    # Ids and times

    def new_thread_id(self) -> str:
        """Return the store's own kind of id for a thread."""
        thread_id = self._store.generate_thread_id(self._context)
        self._models[thread_id] = self.thread(ThreadRecord(thread_id, datetime.now(UTC)))
        return thread_id

    def new_item_id(self, thread_id: str, item_type: str) -> str:
        """Return the store's own kind of id for an item of a wire type."""
        id_type = _ID_TYPES.get(item_type, "message")
        item_id = self._store.generate_item_id(id_type, self._models[thread_id], self._context)
        self._known[item_id] = False
        return item_id

    def note_time(self, row: ThreadItem | ThreadMetadata) -> None:
        """Remember a row's time as it was given."""
        self._times[row.id] = row.created_at

    def thread(self, record: ThreadRecord) -> ThreadMetadata:
        """Return a thread as the user's code sees it."""
        thread = thread_model(record)
        thread.created_at = self.time(record)
        return thread

    def item(self, record: ItemRecord) -> ThreadItem:
        """Return an item as the user's code sees it."""
        return self.as_given(parse_item(record.data))

    def as_given(self, item: Item) -> Item:
        """Return an item with the time that the user's code gave it."""
        return item.model_copy(update={"created_at": self.time(item)})

    def time(self, row: ThreadRecord | ItemRecord | ThreadItem | ThreadMetadata) -> datetime:
        """Return a row's time as it was given, or as the SDK would have made it."""
        return self._times.get(row.id) or row.created_at.astimezone().replace(tzinfo=None)

    def _record(self, item: ThreadItem) -> ItemRecord:
        self.note_time(item)
        self._known[item.id] = True
        return item_record(item.model_copy(update={"created_at": aware(item.created_at)}))

    # Threads

    async def _load_thread(self, thread_id: str) -> ThreadMetadata:
        with _not_there():
            thread: ThreadMetadata | None = await self._store.load_thread(
                thread_id, context=self._context
            )
            if thread is None:  # not what the contract says, but what many stores do
                raise NotFoundError(f"Thread {thread_id} not found")
            return thread

    def _thread_record(self, thread: ThreadMetadata) -> ThreadRecord:
        self.note_time(thread)
        return ThreadRecord(
            id=thread.id,
            created_at=aware(thread.created_at),
            title=thread.title,
            status=thread.status.model_dump(exclude_none=True),
            allowed_image_domains=thread.allowed_image_domains,
            metadata=thread.metadata,
        )

    async def get_thread(self, owner: Owner, thread_id: str) -> ThreadRecord:
        thread = await self._load_thread(thread_id)
        self._titles[thread_id] = thread.title
        self._models[thread_id] = thread
        return self._thread_record(thread)

    async def list_threads(self, owner: Owner, query: PageQuery) -> Page[ThreadRecord]:
        page = await self._store.load_threads(
            limit=query.limit, after=query.after, order=query.order, context=self._context
        )
        return Page([self._thread_record(thread) for thread in page.data], next_cursor(page))

    async def save_thread(self, owner: Owner, thread: ThreadRecord) -> None:
        self._titles[thread.id] = thread.title
        await self._store.save_thread(self.thread(thread), context=self._context)

    async def update_thread(
        self, owner: Owner, thread_id: str, changes: ThreadChanges, *, turn: str | None = None
    ) -> ThreadRecord:
        """Set the named fields of the thread as it is now: a store can only save it whole.

        With ``keep_user_title``, a title that was given since this request
        first saw the thread is kept.
        """
        lock = self._locks.setdefault(thread_id, Lock())
        async with lock:
            current = await self._load_thread(thread_id)
            values = {name: getattr(changes, name) for name in _CHANGEABLE}
            changed = {name: value for name, value in values.items() if value is not UNSET}
            if changes.keep_user_title and current.title != self._titles.get(thread_id):
                changed.pop("title", None)
            changed["metadata"] = _patched(current.metadata, changes)
            record = replace(self._thread_record(current), **changed)
            model = self.thread(record)
            update = {name: getattr(model, name) for name in changed}
            await self._store.save_thread(current.model_copy(update=update), context=self._context)
        self._titles[thread_id] = record.title
        return record

    async def delete_thread(self, owner: Owner, thread_id: str) -> list[str]:
        """Delete the thread, then its attachments' metadata, unless the store did so itself."""
        try:
            await self._load_thread(thread_id)
            attachments = await self.list_attachments(owner, thread_id)
        except (NotFound, *NOT_THERE):
            attachments = []  # then the store decides what there is to delete
        await self._store.delete_thread(thread_id, context=self._context)
        for attachment in attachments:
            with suppress(*NOT_THERE):
                await self.delete_attachment(owner, attachment.id)
        return [attachment.id for attachment in attachments]

    # Items

    async def _find_item(self, thread_id: str, item_id: str) -> ThreadItem | None:
        try:
            return await self._store.load_item(thread_id, item_id, context=self._context)
        except NOT_THERE:
            return None

    async def has_item(self, thread_id: str, item_id: str) -> bool:
        """Whether an item is stored already."""
        if item_id not in self._known:
            self._known[item_id] = await self._find_item(thread_id, item_id) is not None
        return self._known[item_id]

    async def get_item(self, owner: Owner, thread_id: str, item_id: str) -> ItemRecord:
        with _not_there():
            item = await self._store.load_item(thread_id, item_id, context=self._context)
            if item is None:
                raise NotFoundError(f"Item {item_id} not found")
        self._read.add(item_id)
        return self._record(item)

    async def list_items(
        self, owner: Owner, thread_id: str, query: PageQuery, *, hidden: bool = False
    ) -> Page[ItemRecord]:
        def load(after: str | None, limit: int) -> Any:
            return self._store.load_thread_items(
                thread_id, after=after, limit=limit, order=query.order, context=self._context
            )

        def is_visible(item: ThreadItem) -> bool:
            return hidden or item.type not in HIDDEN_ITEM_TYPES

        if query.order == "asc" and query.after in self._read:
            # Not every store takes the id of an item where it takes a cursor of its own.
            later = await self._items_after(thread_id, query.after)
            return Page([self._record(item) for item in later if is_visible(item)])
        page = await visible_page(load, query.after, query.limit, is_visible)
        return Page([self._record(item) for item in page.data], page.after)

    async def _items_after(self, thread_id: str, item_id: str) -> list[ThreadItem]:
        """Return all items that follow one, read from the newest item back."""
        found: list[ThreadItem] = []
        after: str | None = None
        while True:
            page = await self._store.load_thread_items(
                thread_id, after=after, limit=MAX_PAGE_SIZE, order="desc", context=self._context
            )
            for item in page.data:
                if item.id == item_id:
                    return found[::-1]
                found.append(item)
            after = next_cursor(page)
            if after is None:
                return []  # what follows an item that isn't listed can't be known

    async def save_items(
        self,
        owner: Owner,
        thread_id: str,
        items: Sequence[ItemRecord],
        *,
        turn: str | None = None,
    ) -> None:
        """Add new items, save known ones: a store may refuse to add an item twice.

        What a turn saves unfinished, to hold its place, is left out: a store for the
        SDK orders items by their times.
        """
        for record in items:
            if turn is not None and not record.finished:
                continue
            known = await self.has_item(thread_id, record.id)
            save = self._store.save_item if known else self._store.add_thread_item
            await save(thread_id, self.item(record), context=self._context)
            self._known[record.id] = True

    async def delete_items(
        self, owner: Owner, thread_id: str, item_ids: Sequence[str], *, turn: str | None = None
    ) -> None:
        for item_id in item_ids:
            with suppress(*NOT_THERE):
                await self._store.delete_thread_item(thread_id, item_id, context=self._context)
            self._known[item_id] = False

    # Attachments

    async def save_attachment(self, owner: Owner, attachment: AttachmentRecord) -> None:
        model = parse_attachment(attachment.data)
        await self._store.save_attachment(model, context=self._context)

    async def get_attachment(self, owner: Owner, attachment_id: str) -> AttachmentRecord:
        with _not_there():
            attachment = await self._store.load_attachment(attachment_id, self._context)
            if attachment is None:
                raise NotFoundError(f"Attachment {attachment_id} not found")
        return attachment_record(attachment, datetime.now(UTC))

    async def list_attachments(self, owner: Owner, thread_id: str) -> list[AttachmentRecord]:
        """Return what the thread's messages hold: a store can't be asked for it."""
        found: dict[str, Attachment] = {}
        after: str | None = None
        load = partial(self._store.load_thread_items, thread_id)
        while True:
            page = await load(after, MAX_PAGE_SIZE, "asc", self._context)
            for item in page.data:
                if isinstance(item, UserMessageItem):
                    found.update((attachment.id, attachment) for attachment in item.attachments)
            after = next_cursor(page)
            if after is None:
                break
        return [attachment_record(known, datetime.now(UTC)) for known in found.values()]

    async def delete_attachment(self, owner: Owner, attachment_id: str) -> None:
        await self._store.delete_attachment(attachment_id, context=self._context)

    # Feedback

    async def save_feedback(
        self, owner: Owner, thread_id: str, item_ids: Sequence[str], kind: FeedbackKind
    ) -> None:
        """What becomes of feedback is up to the server's ``add_feedback``."""

    async def list_feedback(self, owner: Owner, thread_id: str) -> list[FeedbackRecord]:
        return []


@contextmanager
def _not_there() -> Iterator[None]:
    try:
        yield
    except NOT_THERE as error:
        raise NotFound from error


def raised_by_store(error: Exception) -> BaseException | None:
    """Return what the user's store raised, if that is what the engine was told."""
    cause = error.__cause__
    return cause if isinstance(error, NotFound) and isinstance(cause, NOT_THERE) else None


def _patched(metadata: dict[str, Any], changes: ThreadChanges) -> dict[str, Any]:
    kept = {key: value for key, value in metadata.items() if key not in changes.metadata_removed}
    return kept | dict(changes.metadata)
