"""One thread's items, as a turn reads and writes them."""

from collections.abc import Sequence

from ..context import Owner
from ..errors import NotFound
from ..protocol.types import AssistantMessageItem, ThreadItem
from ..protocol.wire import parse_item
from ..stores.base import MAX_PAGE_SIZE, ItemRecord, PageQuery, Store


class ThreadItems:
    """A store's items of one thread.

    Args:
        turn_id: The turn that writes: once it has lost the thread, it writes no more.
        until: The item that is the newest to look back on (a message that is
            answered again), or None for all there are.
    """

    def __init__(
        self,
        store: Store,
        owner: Owner,
        thread_id: str,
        turn_id: str,
        until: ThreadItem | None = None,
    ) -> None:
        self._store = store
        self._owner = owner
        self._thread_id = thread_id
        self._turn_id = turn_id
        self._until = until

    def new_item_id(self, item_type: str) -> str:
        """Return an id for an item of a wire type."""
        return self._store.new_item_id(self._thread_id, item_type)

    async def get_item(self, item_id: str) -> ItemRecord:
        """Return an item. Raises `NotFound`."""
        return await self._store.get_item(self._owner, self._thread_id, item_id)

    async def save_items(self, items: Sequence[ItemRecord]) -> None:
        """Append new items, replace known ones in their place."""
        await self._store.save_items(self._owner, self._thread_id, items, turn=self._turn_id)

    async def delete_items(self, item_ids: Sequence[str]) -> None:
        """Delete the items that are there."""
        await self._store.delete_items(self._owner, self._thread_id, item_ids, turn=self._turn_id)

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
        # What stands after a message that is answered again is its old answer.
        return found[places[0] :] if places else found

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

    async def weigh(self, item_ids: Sequence[str]) -> int:
        """Return how much some items say: characters of messages, bytes of all else."""
        found = [await self._found(item_id) for item_id in item_ids]
        return sum(weight(record) for record in found if record is not None)

    async def _found(self, item_id: str) -> ItemRecord | None:
        try:
            return await self.get_item(item_id)
        except NotFound:
            return None


def weight(record: ItemRecord) -> int:
    """Return how much an item says: characters of a message, bytes of all else."""
    if record.hidden:
        return 0
    item = parse_item(record.data)
    if isinstance(item, AssistantMessageItem):
        return sum(len(part.text) for part in item.content)
    return len(record.data)
