"""Where threads, items, attachments, feedback and turns are kept."""

from .base import Store

__all__ = ["Store", "open_store"]


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
