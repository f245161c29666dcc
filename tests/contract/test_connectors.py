"""The SQL store keeps the store contract on databases that the program lends it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from django.db import connections  # type: ignore[import-untyped]
from sqlalchemy import create_engine, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from chatkeep.stores.base import Store
from chatkeep.stores.sql import SQLStore
from chatkeep.testing.store_contract import StoreContract
from support import django_connector
from support.django_connector import DjangoConnector

django_connector.configure()


async def _opened(store: SQLStore) -> AsyncIterator[Store]:
    await store.open()
    yield store
    assert store.busy_connections == 0
    await store.close()


async def _django(folder: Path) -> DjangoConnector:
    """A Django database with Chatkeep's tables."""
    file = folder / "django.db"
    maker = SQLStore(f"sqlite:///{file}")
    await maker.open()
    await maker.close()
    connections.settings["chat"] = connections.configure_settings(
        {
            "default": {},
            "chat": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(file),
                "OPTIONS": {"transaction_mode": "IMMEDIATE"},
            },
        }
    )["chat"]
    return DjangoConnector("chat")


class TestDjangosConnection(StoreContract):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[Store]:
        async for store in _opened(SQLStore(await _django(tmp_path))):
            yield store


class TestAProgramsEngine(StoreContract):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[Store]:
        engine = create_engine(f"sqlite:///{tmp_path}/chat.db")
        async for store in _opened(SQLStore(engine)):
            yield store
        engine.dispose()


class TestAProgramsAsyncEngine(StoreContract):
    @pytest.fixture
    async def store(self, postgres_url: str) -> AsyncIterator[Store]:
        engine = create_async_engine(make_url(postgres_url).set(drivername="postgresql+asyncpg"))
        async for store in _opened(SQLStore(engine)):
            yield store
        await engine.dispose()
