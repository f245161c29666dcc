"""Every store, opened through a `Chatkeep`, and made as slow as stores are."""

from pathlib import Path

import pytest

from chatkeep.stores import open_store
from chatkeep.stores.memory import MemoryStore
from support.stores import ObservedStore


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of each kind in turn."""
    if request.param == "memory":
        return "memory:"
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/chat.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def observed(database: str) -> ObservedStore:
    """A store of each kind."""
    return ObservedStore(open_store(database))


@pytest.fixture
def memory() -> ObservedStore:
    """A store that keeps nothing, for what is the same on each."""
    return ObservedStore(MemoryStore())
