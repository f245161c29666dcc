"""Records to try a store with, and the people whose they are."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from ... import ids
from ...context import Owner
from ...stores.base import (
    AttachmentRecord,
    Checkpoint,
    ItemRecord,
    Order,
    Page,
    PageQuery,
    Store,
    ThreadRecord,
    TurnRecord,
)

ALICE = Owner("acme", "alice")
COLLEAGUE = Owner("acme", "bob")
NAMESAKE = Owner("globex", "alice")
STRANGERS = (COLLEAGUE, NAMESAKE)

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
LEASE = 30.0
"""Seconds that a turn's lease lasts."""
HOLDER = "host-a:1:x"


def minutes(count: float) -> timedelta:
    """A span of time, in minutes."""
    return timedelta(minutes=count)


def a_thread(thread_id: str | None = None, **fields: Any) -> ThreadRecord:
    """A thread, created at noon unless told."""
    return ThreadRecord(thread_id or ids.thread_id(), fields.pop("created_at", NOON), **fields)


def an_item(
    item_id: str | None = None,
    type: str = "assistant_message",  # noqa: A002 - the record's own word
    data: bytes = b'{"content":[]}',
    finished: bool = True,
) -> ItemRecord:
    """An item, created at noon."""
    return ItemRecord(item_id or ids.item_id(type), type, NOON, data, finished)


def items_named(*item_ids: str) -> list[ItemRecord]:
    """Plain items of these ids."""
    return [an_item(item_id) for item_id in item_ids]


def an_attachment(
    attachment_id: str | None = None,
    thread_id: str | None = None,
    created_at: datetime = NOON,
    data: bytes = b'{"name":"a.txt"}',
) -> AttachmentRecord:
    """An attachment's metadata."""
    return AttachmentRecord(attachment_id or ids.attachment_id(), created_at, data, thread_id)


def a_turn(thread_id: str, owner: Owner = ALICE, **fields: Any) -> TurnRecord:
    """An active turn begun at noon."""
    return TurnRecord(
        id=fields.pop("id", None) or ids.turn_id(),
        owner=owner,
        thread_id=thread_id,
        kind=fields.pop("kind", "threads.add_user_message"),
        holder=fields.pop("holder", HOLDER),
        started_at=fields.pop("started_at", NOON),
        **fields,
    )


async def begin(store: Store, turn: TurnRecord, **beginning: Any) -> None:
    """Begin a turn, with half a minute's lease unless told."""
    await store.begin_turn(turn, **{"lease_seconds": LEASE, **beginning})


async def begun(
    store: Store, thread_id: str = "t", lease_seconds: float = LEASE, **fields: Any
) -> TurnRecord:
    """A turn of Alice's under way on a new thread."""
    turn = a_turn(thread_id, **fields)
    await begin(store, turn, thread=a_thread(thread_id), lease_seconds=lease_seconds)
    return turn


def a_piece(turn_id: str, number: int, *frames: bytes) -> Checkpoint:
    """A piece of a turn's journal, all of frames."""
    return Checkpoint(turn_id, number, number, len(frames), b"".join(frames))


def ids_of(page: Page[Any]) -> list[str]:
    """The ids on a page, in its order."""
    return [record.id for record in page.data]


async def walk(
    list_page: Callable[[PageQuery], Awaitable[Page[Any]]], limit: int, order: Order
) -> list[list[str]]:
    """The ids on each page of a whole list, read as a client reads it."""
    pages: list[list[str]] = []
    after = None
    while True:
        page = await list_page(PageQuery(limit, after, order))
        pages.append(ids_of(page))
        after = page.after
        if not page.has_more:
            return pages
