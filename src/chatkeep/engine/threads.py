"""Threads and their items, as clients list, read, rename, rate and delete them.

No model is involved here, and no stream.
"""

from ..context import Owner
from ..errors import InvalidRequest, ThreadClosed, ThreadLocked
from ..protocol.types import (
    ItemsFeedbackReq,
    ItemsListReq,
    ThreadsDeleteReq,
    ThreadsGetByIdReq,
    ThreadsListReq,
    ThreadsUpdateReq,
)
from ..protocol.wire import items_json, page_json, thread_json
from ..settings import Settings
from ..stores.base import (
    DEFAULT_PAGE_SIZE,
    MAX_PAGE_SIZE,
    Order,
    PageQuery,
    Store,
    ThreadChanges,
    ThreadRecord,
)

EMPTY = b"{}"


def writable(thread: ThreadRecord) -> ThreadRecord:
    """Return the thread.

    Raises:
        ThreadLocked, ThreadClosed: No one may write in it.
    """
    reason = thread.status.get("reason")
    if thread.status["type"] == "locked":
        raise ThreadLocked(reason)
    if thread.status["type"] == "closed":
        raise ThreadClosed(reason)
    return thread


def page_query(limit: int | None, after: str | None, order: Order) -> PageQuery:
    """Return the query for a page; the official client asks for 9,999 rows and gets 100."""
    return PageQuery(DEFAULT_PAGE_SIZE if limit is None else limit, after, order)


async def get_thread(store: Store, owner: Owner, request: ThreadsGetByIdReq) -> bytes:
    """Return a thread with its first page of items, the oldest first, as the SDK does."""
    oldest = PageQuery(order="asc")
    thread, items = await store.open_thread(owner, request.params.thread_id, oldest)
    return thread_json(thread, items_json(items))


async def list_threads(store: Store, owner: Owner, request: ThreadsListReq) -> bytes:
    """Return a page of the owner's threads, without their items."""
    params = request.params
    page = await store.list_threads(owner, page_query(params.limit, params.after, params.order))
    return page_json(map(thread_json, page.data), page.after)


async def list_items(store: Store, owner: Owner, request: ItemsListReq) -> bytes:
    """Return a page of a thread's items, without the hidden ones."""
    params = request.params
    query = page_query(params.limit, params.after, params.order)
    return items_json(await store.list_items(owner, params.thread_id, query))


async def rename_thread(
    store: Store, owner: Owner, request: ThreadsUpdateReq, settings: Settings
) -> bytes:
    """Give a thread the title that a person chose, for good.

    Raises:
        InvalidRequest: The title is empty, or too long.
    """
    title = " ".join(request.params.title.split())
    if not title:
        raise InvalidRequest("A title may not be empty.")
    if len(title) > settings.max_title_length:
        raise InvalidRequest(f"A title has at most {settings.max_title_length} characters.")
    changes = ThreadChanges(title=title, title_source="user")
    return thread_json(await store.update_thread(owner, request.params.thread_id, changes))


async def delete_thread(store: Store, owner: Owner, request: ThreadsDeleteReq) -> bytes:
    """Delete a thread with all that belongs to it."""
    await store.delete_thread(owner, request.params.thread_id)
    return EMPTY


async def save_feedback(store: Store, owner: Owner, request: ItemsFeedbackReq) -> bytes:
    """Keep a person's verdict on some items.

    Raises:
        InvalidRequest: No item is named, or too many are.
    """
    params = request.params
    if not 1 <= len(params.item_ids) <= MAX_PAGE_SIZE:
        raise InvalidRequest(f"Rate 1 to {MAX_PAGE_SIZE} items at once.")
    await store.save_feedback(owner, params.thread_id, params.item_ids, params.kind)
    return EMPTY
