"""One thread's items, as a turn reads and writes them."""

from collections.abc import Sequence

from ..context import Owner
from ..protocol.types import ThreadItem
from ..protocol.wire import parse_item
from ..stores.base import MAX_PAGE_SIZE, ItemRecord, PageQuery, Store


class ThreadItems:
    """A store's items of one thread.

    Args:
        until: The item that is the newest to look back on (a message that is
            answered again), or None for all there are.
    """

    def __init__(
        self, store: Store, owner: Owner, thread_id: str, until: ThreadItem | None = None
    ) -> None:
        self._store = store
        self._owner = owner
        self._thread_id = thread_id
        self._until = until

    async def get_item(self, item_id: str) -> ItemRecord:
        """Return an item. Raises `NotFound`."""
        return await self._store.get_item(self._owner, self._thread_id, item_id)

    async def save_items(self, items: Sequence[ItemRecord]) -> None:
        """Append new items, replace known ones in their place."""
        await self._store.save_items(self._owner, self._thread_id, items)

    async def delete_items(self, item_ids: Sequence[str]) -> None:
        """Delete the items that are there."""
        await self._store.delete_items(self._owner, self._thread_id, item_ids)

    async def newest(self, limit: int, before: str | None = None) -> list[ThreadItem]:
        """Return the newest items, newest first, hidden ones included.

        Args:
            limit: How many at most.
            before: The id of an item, to return those that stand before it.
        """
        until = self._until
        if until is not None and before is None:
            return [until, *await self._before(until.id, limit - 1)][:limit]
        found = await self._before(before, limit)
        places = [place for place, item in enumerate(found) if until and item.id == until.id]
        return found[places[0] :] if places else found  # what is newer is not looked back on

    async def _before(self, after: str | None, limit: int) -> list[ThreadItem]:
        found: list[ThreadItem] = []
        while len(found) < limit:
            query = PageQuery(min(limit - len(found), MAX_PAGE_SIZE), after)
            page = await self._store.list_items(self._owner, self._thread_id, query, hidden=True)
            found.extend(parse_item(record.data) for record in page.data)
            after = page.after
            if after is None:
                break
        return found
