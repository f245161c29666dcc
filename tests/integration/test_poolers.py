"""PostgreSQL behind pgbouncer in transaction mode: each transaction may be another server's."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import make_url

from chatkeep.context import Owner
from chatkeep.errors import ServiceUnavailable
from chatkeep.stores.base import PageQuery, TurnChanges
from chatkeep.stores.sql import SQLStore, schema
from chatkeep.testing.store_contract.records import ALICE, a_thread, a_turn, ids_of, items_named
from support import pgbouncer

_CLIENTS = 64
_WORKERS = 4


@contextmanager
def _pooler_of(database: str) -> Iterator[str]:
    url = make_url(database)
    with TemporaryDirectory(prefix="chatkeep-pgbouncer-") as folder:
        server = Path(str(url.query["host"]))
        with pgbouncer.pooling(Path(folder), server, int(str(url.query["port"]))) as pooler:
            yield f"{pooler}/{url.database}"


@pytest.fixture
def pooled_url(postgres_url: str) -> Iterator[str]:
    """The address of an up-to-date database behind a pooler."""
    with _pooler_of(postgres_url) as url:
        yield url


async def _talk(store: SQLStore, user: str) -> None:
    """What one client does in the course of two answers."""
    owner = Owner("acme", user)
    for number in range(2):
        turn = a_turn(f"{user}-{number}", owner, id=f"turn-{user}-{number}")
        thread, items = a_thread(turn.thread_id), items_named("question")
        await store.begin_turn(turn, lease_seconds=60, thread=thread, items=items)
        await store.list_threads(owner, PageQuery())
        assert await store.finish_turn(turn, "finished", TurnChanges(items=items_named("answer")))
        _, page = await store.open_thread(owner, turn.thread_id, PageQuery(order="asc"))
        assert ids_of(page) == ["question", "answer"]
        assert (await store.get_turn(owner, turn.id)).status == "finished"


@pytest.mark.parametrize(
    "parameters",
    ["", "?pgbouncer=true", "?statement_cache_size=0", "?options=-c%20search_path%3Dpublic"],
)
async def test_many_clients_through_a_pooler_see_no_error(pooled_url: str, parameters: str) -> None:
    stores = [SQLStore(pooled_url + parameters, pool_size=16) for _ in range(_WORKERS)]
    for store in stores:
        await store.open()

    results = await asyncio.gather(
        *(_talk(stores[n % _WORKERS], f"user{n}") for n in range(_CLIENTS)), return_exceptions=True
    )

    assert [result for result in results if result is not None] == []
    for store in stores:
        await store.close()


async def test_statements_that_a_pooler_loses_are_prepared_no_more(pooled_url: str) -> None:
    store = SQLStore(f"{pooled_url}?statement_cache_size=100", pool_size=16)
    await store.open()
    first = await asyncio.gather(
        *(_talk(store, f"a{n}") for n in range(32)), return_exceptions=True
    )
    assert (
        ServiceUnavailable
        in {type(result) for result in first}
        <= {
            type(None),
            ServiceUnavailable,
        }
    )

    await asyncio.gather(*(_talk(store, f"b{n}") for n in range(32)))
    await store.close()


async def test_a_schema_is_made_through_a_pooler(empty_postgres_url: str) -> None:
    with _pooler_of(empty_postgres_url) as url:
        assert await asyncio.to_thread(schema.current, url) is None
        await asyncio.to_thread(schema.upgrade, url)
        assert await asyncio.to_thread(schema.check, url) == []


async def test_a_lock_is_waited_for_no_longer_behind_a_pooler(pooled_url: str) -> None:
    store = SQLStore(f"{pooled_url}?lock_timeout=100ms")
    await store.open()
    await store.save_thread(ALICE, a_thread("t"))
    holder = await asyncpg.connect(pooled_url, statement_cache_size=0)
    async with holder.transaction():
        await holder.execute("SELECT FROM chatkeep_threads FOR UPDATE")
        with pytest.raises(ServiceUnavailable):
            await store.save_items(ALICE, "t", items_named("i"))
    await holder.close()

    await store.save_items(ALICE, "t", items_named("i"))
    await store.close()
