"""What requests see while PostgreSQL is away, stuck or read-only, and once it is back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from chatkeep.errors import ConfigurationError, NotFound, ServiceUnavailable
from chatkeep.stores.base import PageQuery
from chatkeep.stores.sql import SQLStore, schema
from chatkeep.stores.sql.connectors import pool
from chatkeep.testing.store_contract.records import ALICE, a_thread, ids_of, items_named
from support import postgresql
from support.postgresql import Server


@asynccontextmanager
async def _open(url: str, **options: Any) -> AsyncIterator[SQLStore]:
    store = SQLStore(url, **options)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def _use(store: SQLStore, name: str) -> None:
    await store.save_thread(ALICE, a_thread(name))
    assert (await store.get_thread(ALICE, name)).id == name


async def _outcomes(store: SQLStore, count: int, name: str) -> set[type]:
    """The kinds of errors that so many users at once see."""
    results = await asyncio.gather(
        *(_use(store, f"{name}{n}") for n in range(count)), return_exceptions=True
    )
    return {type(result) for result in results if result is not None}


async def test_a_restart_fails_requests_only_while_it_lasts(own_postgres: Server) -> None:
    async with _open(own_postgres.url()) as store:
        assert await _outcomes(store, 20, "before") == set()
        ending = asyncio.create_task(asyncio.to_thread(own_postgres.stop))
        while not ending.done():
            assert await _outcomes(store, 20, "meanwhile") <= {ServiceUnavailable}
        assert await _outcomes(store, 20, "away") == {ServiceUnavailable}
        await asyncio.to_thread(own_postgres.start)

        assert await _outcomes(store, 20, "after") == set()


async def test_a_restart_between_two_requests_is_not_seen(own_postgres: Server) -> None:
    async with _open(own_postgres.url()) as store:
        assert await _outcomes(store, 20, "before") == set()
        await asyncio.to_thread(own_postgres.stop)
        await asyncio.to_thread(own_postgres.start)

        assert await _outcomes(store, 20, "after") == set()


async def test_a_server_that_turned_read_only_is_left_and_found_again(own_postgres: Server) -> None:
    async with _open(own_postgres.url()) as store:
        assert await _outcomes(store, 5, "before") == set()
        own_postgres.psql("ALTER SYSTEM SET default_transaction_read_only = on")
        own_postgres.psql("SELECT pg_reload_conf()")
        while await _outcomes(store, 5, "meanwhile") == set():
            pass  # each process looks at its settings between two statements
        assert await _outcomes(store, 5, "meanwhile") == {ServiceUnavailable}
        assert (await store.get_thread(ALICE, "before0")).id == "before0"
        await asyncio.to_thread(own_postgres.stop)
        own_postgres.settings["default_transaction_read_only"] = "off"
        await asyncio.to_thread(own_postgres.start)

        assert await _outcomes(store, 5, "after") == set()


async def test_of_two_servers_the_one_that_takes_writes_is_used(own_postgres: Server) -> None:
    with postgresql.private() as other:
        await asyncio.to_thread(schema.upgrade, other.url())
        url = (
            f"postgresql://postgres@127.0.0.1:{own_postgres.port},127.0.0.1:{other.port}/postgres"
            "?target_session_attrs=read-write"
        )
        async with _open(url) as store:
            assert await _outcomes(store, 5, "first") == set()
            await asyncio.to_thread(own_postgres.stop)
            own_postgres.settings["default_transaction_read_only"] = "on"
            await asyncio.to_thread(own_postgres.start)

            assert await _outcomes(store, 5, "second") == set()
        async with _open(other.url()) as store:
            assert len((await store.list_threads(ALICE, PageQuery())).data) == 5


async def test_a_frozen_server_holds_no_request_past_its_deadline(own_postgres: Server) -> None:
    async with _open(own_postgres.url(loopback=True), timeout=1.0, pool_size=3) as store:
        assert await _outcomes(store, 5, "before") == set()
        own_postgres.freeze()
        try:
            async with asyncio.timeout(30):
                assert await _outcomes(store, 40, "meanwhile") == {ServiceUnavailable}
                await store.close()
                with pytest.raises(ConfigurationError, match="in time"):
                    await store.open()
        finally:
            own_postgres.thaw()
        await store.open()

        assert await _outcomes(store, 5, "after") == set()


async def test_a_frozen_server_holds_no_request_on_a_programs_engine(own_postgres: Server) -> None:
    url = make_url(own_postgres.url(loopback=True)).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, pool_size=3)
    store = SQLStore(engine, timeout=1.0)
    await store.open()
    assert await _outcomes(store, 5, "before") == set()
    own_postgres.freeze()
    try:
        async with asyncio.timeout(30):
            assert await _outcomes(store, 10, "meanwhile") == {ServiceUnavailable}
    finally:
        own_postgres.thaw()

    assert await _outcomes(store, 5, "after") == set()
    await store.close()
    await engine.dispose()


async def test_tables_that_changed_cost_a_prepared_statement(postgres_url: str) -> None:
    async with _open(postgres_url, pool_size=1) as store:
        await _use(store, "before")
        other = await asyncpg.connect(postgres_url)
        await other.execute("ALTER TABLE chatkeep_threads ALTER COLUMN title TYPE VARCHAR")
        await other.close()
        assert await _outcomes(store, 1, "meanwhile") <= {ServiceUnavailable}
        await _use(store, "after")


async def test_calls_that_wait_while_the_store_is_closed_are_refused(postgres_url: str) -> None:
    store = SQLStore(postgres_url, pool_size=1)
    await store.open()
    uses = [asyncio.create_task(store.get_thread(ALICE, "t")) for _ in range(5)]
    await asyncio.sleep(0)
    await store.close()
    results = await asyncio.gather(*uses, return_exceptions=True)

    assert {type(result) for result in results} == {NotFound, ServiceUnavailable}


async def test_a_lock_holds_no_request_past_its_deadline(postgres_url: str) -> None:
    async with _open(postgres_url, timeout=0.5, pool_size=2) as store:
        await store.save_thread(ALICE, a_thread("t"))
        holder = await asyncpg.connect(postgres_url)
        async with holder.transaction(), asyncio.timeout(30):
            await holder.execute("SELECT FROM chatkeep_threads FOR UPDATE")
            saves = [store.save_items(ALICE, "t", items_named(f"i{n}")) for n in range(10)]
            results = await asyncio.gather(*saves, return_exceptions=True)
        await holder.close()

        assert {type(result) for result in results} == {ServiceUnavailable}
        await store.save_items(ALICE, "t", items_named("i"))
        assert store.busy_connections == 0


@pytest.mark.parametrize("parameter", ["lock_timeout=50", "statement_timeout=50ms"])
async def test_limits_of_the_address_hold(postgres_url: str, parameter: str) -> None:
    async with _open(f"{postgres_url}&{parameter}") as store:
        await store.save_thread(ALICE, a_thread("t"))
        holder = await asyncpg.connect(postgres_url)
        async with holder.transaction():
            await holder.execute("SELECT FROM chatkeep_threads FOR UPDATE")
            with pytest.raises(ServiceUnavailable):
                await store.save_items(ALICE, "t", items_named("i"))
        await holder.close()


async def test_a_server_with_no_connection_left_is_unavailable(own_postgres: Server) -> None:
    own_postgres.psql("CREATE ROLE few LOGIN CONNECTION LIMIT 2")
    own_postgres.psql("GRANT ALL ON ALL TABLES IN SCHEMA public TO few")
    url = own_postgres.url().replace("postgres@", "few@")
    async with _open(url, pool_size=10) as store:
        assert await _outcomes(store, 20, "many") == {ServiceUnavailable}
        await _use(store, "one")


async def test_tables_that_are_missing_make_it_unavailable(postgres_url: str) -> None:
    async with _open(postgres_url) as store:
        other = await asyncpg.connect(postgres_url)
        await other.execute("ALTER TABLE chatkeep_threads RENAME TO elsewhere")
        assert await _outcomes(store, 1, "t") == {ServiceUnavailable}
        await other.execute("ALTER TABLE elsewhere RENAME TO chatkeep_threads")
        await other.close()
        await _use(store, "t")


async def test_work_of_a_cancelled_caller_is_ended(postgres_url: str) -> None:
    async with _open(postgres_url) as store:
        await store.save_thread(ALICE, a_thread("t"))
        holder = await asyncpg.connect(postgres_url)
        async with holder.transaction():
            await holder.execute("SELECT FROM chatkeep_threads FOR UPDATE")
            saving = asyncio.create_task(store.save_items(ALICE, "t", items_named("i")))
            while not await holder.fetch("SELECT FROM pg_locks WHERE NOT granted"):
                pass  # it has begun, and waits
            saving.cancel()
        await asyncio.wait([saving])
        await holder.close()

        assert saving.cancelled()
        assert ids_of(await store.list_items(ALICE, "t", PageQuery())) == ["i"]
        assert store.busy_connections == 0


class _Router:
    """Passes bytes on to a server, until it forgets the connections that it knows."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._known: list[asyncio.Event] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(self._target)
        passing = asyncio.Event()
        passing.set()
        self._known.append(passing)
        for source, target in ((reader, back), (there, writer)):
            task = asyncio.create_task(self._pass_on(source, target, passing))
            self._tasks.add(task)

    def forget(self) -> None:
        """Drop what comes on connections made until now, and tell nobody."""
        for passing in self._known:
            passing.clear()

    async def _pass_on(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, passing: asyncio.Event
    ) -> None:
        while data := await source.read(65536):
            if passing.is_set():
                target.write(data)
                await target.drain()
        target.close()

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def test_connections_that_died_in_silence_are_replaced(
    own_postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_IDLE_SECONDS", 0.0)
    monkeypatch.setattr(pool, "_ANSWER_SECONDS", 0.1)
    router = _Router(f"{own_postgres.folder}/.s.PGSQL.{own_postgres.port}")
    listening = await asyncio.start_server(router.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with _open(f"postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=disable") as store:
        assert await _outcomes(store, 5, "before") == set()
        router.forget()

        assert await _outcomes(store, 5, "after") == set()
    listening.close()
    await router.end()


async def test_old_connections_are_replaced(postgres_url: str) -> None:
    async with _open(f"{postgres_url}&max_age=0.01&application_name=aged") as store:
        seen = set()
        watcher = await asyncpg.connect(postgres_url)
        for _ in range(3):
            await store.ping()
            await asyncio.sleep(0.02)
            pids = await watcher.fetch(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'aged'"
            )
            seen |= {row["pid"] for row in pids}
        await watcher.close()

        assert len(seen) >= 3
