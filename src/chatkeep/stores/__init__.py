"""Where threads, items, attachments, feedback and turns are kept."""

from typing import TYPE_CHECKING

from ..exports import imported_when_used
from .base import (
    DEFAULT_PAGE_SIZE,
    MAX_PAGE_SIZE,
    UNSET,
    AttachmentRecord,
    Checkpoint,
    FeedbackRecord,
    Held,
    ItemRecord,
    Page,
    PageQuery,
    Progress,
    Store,
    ThreadChanges,
    ThreadRecord,
    TurnChanges,
    TurnRecord,
)
from .capabilities import Purges, Wakes

if TYPE_CHECKING:
    from .memory import MemoryStore
    from .sql import SQLStore

__all__ = [
    "DEFAULT_PAGE_SIZE",
    "MAX_PAGE_SIZE",
    "UNSET",
    "AttachmentRecord",
    "Checkpoint",
    "FeedbackRecord",
    "Held",
    "ItemRecord",
    "MemoryStore",
    "Page",
    "PageQuery",
    "Progress",
    "Purges",
    "SQLStore",
    "Store",
    "ThreadChanges",
    "ThreadRecord",
    "TurnChanges",
    "TurnRecord",
    "Wakes",
    "open_store",
]

__getattr__ = imported_when_used(__name__, {"MemoryStore": "memory", "SQLStore": "sql"})


def open_store(url: str) -> Store:
    """Return the store that a database URL names; it is opened later.

    ``memory:`` keeps nothing past the process. ``sqlite:///file.db`` and
    ``postgresql://user@host/name`` are SQL. Importing a backend costs time, so
    only the one that is named is imported.
    """
    if url == "memory:":
        from .memory import MemoryStore

        return MemoryStore()
    from .sql import SQLStore

    return SQLStore(url)
