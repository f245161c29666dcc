"""Ids that don't collide, for stores that take the SDK's own.

Those have 32 random bits: at 77,000 ids two are alike with a chance of one half,
and an upsert then overwrites another's record.
"""

from typing import Any

from chatkit.store import AttachmentStore, Store, StoreItemType, default_generate_id

from ..ids import new_id


def generate_id(item_type: StoreItemType) -> str:
    """Return a fresh id with the SDK's prefix for a type."""
    return new_id(default_generate_id(item_type).partition("_")[0])


def use_safe_ids(store: Any) -> None:
    """Let a store that makes the SDK's ids make safe ones. One with its own keeps them."""
    for name, (original, replacement) in _GENERATORS.items():
        if getattr(type(store), name, None) is original and name not in vars(store):
            object.__setattr__(store, name, replacement)  # past a frozen dataclass, too


def _thread_id(context: Any) -> str:
    return generate_id("thread")


def _item_id(item_type: StoreItemType, thread: Any, context: Any) -> str:
    return generate_id(item_type)


def _attachment_id(mime_type: str, context: Any) -> str:
    return generate_id("attachment")


_GENERATORS = {
    "generate_thread_id": (Store.generate_thread_id, _thread_id),
    "generate_item_id": (Store.generate_item_id, _item_id),
    "generate_attachment_id": (AttachmentStore.generate_attachment_id, _attachment_id),
}
