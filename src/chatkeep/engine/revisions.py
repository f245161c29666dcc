"""What a turn makes of the items of earlier turns."""

from contextlib import suppress
from typing import Any

from ..stores.base import ItemRecord
from .folding import OpenItem, open_item


class Revision:
    """What a turn makes of one item of an earlier turn."""

    def __init__(self, base: ItemRecord) -> None:
        self.base = base
        self.updates: list[dict[str, Any]] = []

    def of(self, current: ItemRecord) -> OpenItem:
        """Return an item as it is now, with the turn's updates.

        Those that don't fit any more, because someone changed it meanwhile, are left out.
        """
        item = open_item(current, stored=True)
        for update in self.updates:
            with suppress(ValueError, LookupError):
                item.update(update)
        return item
