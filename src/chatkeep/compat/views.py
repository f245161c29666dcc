"""A user's store as a responder sees it while it makes an answer anew.

The items that the new answer replaces stay until it is there. The SDK deletes
them first, so that responders don't see them; here they are left out instead.
"""

from contextvars import ContextVar
from typing import Any

from chatkit.store import Store
from chatkit.types import Page, ThreadItem

from .pages import visible_page


class StoreView:
    """A store without some items of one thread; in all else, the store itself."""

    def __init__(self, store: Store[Any], thread_id: str, hidden: frozenset[str]) -> None:
        vars(self).update(_store=store, _thread_id=thread_id, _hidden=hidden)

    async def load_thread_items(
        self, thread_id: str, after: str | None, limit: int, order: str, context: Any
    ) -> Page[ThreadItem]:
        """Load a page of items, without those that are left out."""

        def load(after: str | None, limit: int) -> Any:
            return self._store.load_thread_items(thread_id, after, limit, order, context)

        if thread_id != self._thread_id:
            page: Page[ThreadItem] = await load(after, limit)
            return page
        return await visible_page(load, after, limit, lambda item: item.id not in self._hidden)

    def __getattr__(self, name: str) -> Any:
        return getattr(vars(self)["_store"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._store, name, value)

    __class__ = property(  # so that isinstance finds the store's own class
        lambda self: type(self._store)
    )


_current: ContextVar[StoreView | None] = ContextVar("chatkeep_store_view", default=None)


def hide_items(store: Store[Any], thread_id: str, hidden: frozenset[str]) -> None:
    """Let `as_seen` leave items out, for the rest of this task and those it begins."""
    _current.set(StoreView(store, thread_id, hidden) if hidden else None)


def as_seen(store: Any) -> Any:
    """Return the store as the code that runs now sees it."""
    view = _current.get()
    return view if view is not None and vars(view)["_store"] is store else store
