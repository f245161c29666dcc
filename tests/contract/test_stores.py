"""Every store keeps the store contract."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatkeep.stores.base import Store
from chatkeep.stores.memory import MemoryStore
from chatkeep.stores.sql import SQLStore
from chatkeep.testing.store_contract import PurgingContract, StoreContract, WakingContract


async def _opened(store: SQLStore) -> AsyncIterator[Store]:
    await store.open()
    yield store
    assert store.busy_connections == 0
    await store.close()


class TestMemoryStore(StoreContract, PurgingContract):
    @pytest.fixture
    async def store(self) -> AsyncIterator[Store]:
        store = MemoryStore()
        await store.open()
        yield store
        await store.close()


class TestSQLiteStore(StoreContract, PurgingContract):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[Store]:
        async for store in _opened(SQLStore(f"sqlite:///{tmp_path}/chat.db")):
            yield store


class TestPostgreSQLStore(StoreContract, PurgingContract, WakingContract):
    @pytest.fixture
    async def store(self, postgres_url: str) -> AsyncIterator[Store]:
        async for store in _opened(SQLStore(postgres_url)):
            yield store


class TestOldestPostgreSQLStore(StoreContract):
    @pytest.fixture
    async def store(self, oldest_postgres_url: str) -> AsyncIterator[Store]:
        async for store in _opened(SQLStore(oldest_postgres_url)):
            yield store
