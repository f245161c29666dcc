"""Every store keeps the store contract."""

from collections.abc import AsyncIterator

import pytest_asyncio

from chatkeep.stores.base import Store
from chatkeep.stores.memory import MemoryStore
from chatkeep.testing.store_contract import StoreContract


class TestMemoryStore(StoreContract):
    @pytest_asyncio.fixture
    async def store(self) -> AsyncIterator[Store]:
        store = MemoryStore()
        await store.open()
        yield store
        await store.close()
