"""Pages of a store's items, without those that are not to be seen."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from chatkit.types import Page, ThreadItem

LoadItems: TypeAlias = Callable[[str | None, int], Awaitable[Page[ThreadItem]]]
"""Loads so many items after a cursor."""


async def visible_page(
    load: LoadItems, after: str | None, limit: int, is_visible: Callable[[ThreadItem], bool]
) -> Page[ThreadItem]:
    """Return a page that is full whenever there is enough to fill it.

    Cursors are the store's own and are only passed on. The store's pages stay
    as they are: they may be what it holds.
    """
    found: list[ThreadItem] = []
    while True:
        page = await load(after, limit - len(found))
        found += filter(is_visible, page.data)
        after = next_cursor(page)
        if after is None or len(found) >= limit:
            return Page(data=found, has_more=after is not None, after=after)


def next_cursor(page: Page[Any]) -> str | None:
    """Return the cursor of the next page, or None at the end.

    A store that says there is more, and not after what, means the last row.
    """
    if not page.has_more or not page.data:
        return None
    last: str = page.data[-1].id
    return page.after or last
