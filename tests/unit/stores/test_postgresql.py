"""PostgreSQL: what is its own among the databases of the SQL store."""

import asyncio
import socket
import sys

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import make_url

from chatkeep.errors import ConfigurationError
from chatkeep.stores.base import PageQuery
from chatkeep.stores.sql import SQLStore
from chatkeep.testing.store_contract.records import ALICE, a_thread


async def test_a_lost_connection_is_replaced_and_no_request_fails(postgres_url: str) -> None:
    store = SQLStore(postgres_url)
    await store.open()
    await store.save_thread(ALICE, a_thread("t"))
    other = await asyncpg.connect(postgres_url)
    await other.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await other.close()

    assert (await store.get_thread(ALICE, "t")).id == "t"
    assert store.busy_connections == 0
    await store.close()


async def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: refused
        port = taken.getsockname()[1]
        store = SQLStore(f"postgresql://me:s3cret@127.0.0.1:{port}/chat")
        with pytest.raises(ConfigurationError) as refused:
            await store.open()

    assert f"127.0.0.1:{port}" in refused.value.message
    assert "s3cret" not in refused.value.message


async def test_a_database_that_is_not_there_is_named(postgres_server: str) -> None:
    url = make_url(postgres_server).set(database="nowhere").render_as_string(False)
    with pytest.raises(ConfigurationError, match='"nowhere" does not exist'):
        await SQLStore(url).open()


def test_a_missing_driver_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)

    with pytest.raises(ConfigurationError, match=r"pip install 'chatkeep\[postgres\]'"):
        SQLStore("postgresql://host/chat")


@pytest.mark.parametrize("form", ["postgres", "postgresql", "postgresql+asyncpg"])
async def test_every_form_of_the_url_is_understood(postgres_url: str, form: str) -> None:
    url = make_url(postgres_url).set(drivername=form).update_query_dict({"sslmode": "disable"})
    store = SQLStore(url.render_as_string(False))
    await store.open()
    await store.close()


async def test_more_callers_than_connections_take_turns(postgres_url: str) -> None:
    store = SQLStore(postgres_url, pool_size=2)
    await store.open()
    await asyncio.gather(*(store.save_thread(ALICE, a_thread(f"t{n}")) for n in range(20)))

    assert len((await store.list_threads(ALICE, PageQuery(limit=100))).data) == 20
    await store.close()
