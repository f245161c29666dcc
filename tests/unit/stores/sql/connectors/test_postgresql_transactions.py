"""The transactions that PostgreSQL's connector makes."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import Text, func, insert, literal, literal_column, select

from chatkeep.context import Owner
from chatkeep.errors import ServiceUnavailable
from chatkeep.stores.sql.connection import Connection
from chatkeep.stores.sql.connectors.addresses import parse
from chatkeep.stores.sql.connectors.postgresql import PostgreSQL
from chatkeep.stores.sql.tables import feedback
from chatkeep.testing.store_contract.records import ALICE, NOON


@asynccontextmanager
async def _open(url: str, **options: Any) -> AsyncIterator[PostgreSQL]:
    connector = PostgreSQL(parse(url), **options)
    await connector.open()
    try:
        yield connector
    finally:
        await connector.close()


def _setting(name: str) -> Callable[[Connection], Any]:
    """Work that asks for a setting of the server."""
    asked = select(func.current_setting(literal(name, Text), literal_column("true")))
    return lambda connection: connection.execute(asked).scalar()


async def test_reads_are_one_transaction_that_changes_nothing(postgres_url: str) -> None:
    async with _open(postgres_url) as connector:
        assert await connector.read(_setting("transaction_read_only")) == "on"
        assert await connector.read(_setting("transaction_isolation")) == "repeatable read"
        assert await connector.write(_setting("transaction_read_only")) == "off"
        assert await connector.write(_setting("transaction_isolation")) == "read committed"


async def test_a_read_that_writes_is_refused(postgres_url: str) -> None:
    row = {
        "tenant": "t",
        "thread_id": "t",
        "item_id": "i",
        "user_id": "u",
        "kind": "positive",
        "created_at": NOON,
    }
    async with _open(postgres_url) as connector:
        with pytest.raises(ServiceUnavailable):
            await connector.read(lambda connection: connection.execute(insert(feedback), row))


async def test_what_work_raises_passes_and_undoes_the_transaction(postgres_url: str) -> None:
    def work(connection: Connection) -> None:
        connection.execute(select(literal_column("1")))
        raise LookupError("on purpose")

    async with _open(postgres_url) as connector:
        with pytest.raises(LookupError, match="on purpose"):
            await connector.write(work)
        assert connector.busy_connections == 0


@pytest.mark.parametrize("pooled", ["false", "true"])
async def test_each_transaction_is_bounded_by_the_server_too(
    postgres_url: str, pooled: str
) -> None:
    url = f"{postgres_url}&pgbouncer={pooled}&lock_timeout=2s"
    async with _open(url, timeout=10.0) as connector:
        assert await connector.read(_setting("lock_timeout")) == "2s"
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            limit = await connector.read(_setting(name))
            assert 0 < int(limit.removesuffix("ms")) <= 9500


@pytest.mark.parametrize("pooled", ["false", "true"])
async def test_settings_of_the_address_hold(postgres_url: str, pooled: str) -> None:
    url = f"{postgres_url}&pgbouncer={pooled}&schema=pub%22lic&application_name=mine"
    options = "&options=-c%20work_mem%3D5MB%20-c%20chatkeep.note%3Dit's%5C%5C"
    async with _open(url + options) as connector:
        assert await connector.read(_setting("search_path")) == '"pub""lic"'
        assert await connector.read(_setting("work_mem")) == "5MB"
        assert await connector.read(_setting("application_name")) == "mine"


@pytest.mark.parametrize("pooled", ["false", "true"])
@pytest.mark.parametrize(
    "owner", [ALICE, Owner("it's; SELECT '", "\\'; ROLLBACK; --"), Owner("\x00", "\ud800 $1")]
)
async def test_a_transaction_tells_whose_rows_it_is_for(
    postgres_url: str, pooled: str, owner: Owner
) -> None:
    url = f"{postgres_url}&pgbouncer={pooled}"
    async with _open(url, announces_scope=True, connections=1) as connector:
        tenant = await connector.read(_setting("chatkeep.tenant"), owner)
        user = await connector.write(_setting("chatkeep.user"), owner)
        assert Owner(_loaded(tenant), _loaded(user)) == owner
        assert await connector.read(_setting("chatkeep.tenant")) == ""


def _loaded(value: str) -> str:
    from chatkeep.stores.sql.columns import AnyText

    return str(AnyText.loaded(value))


async def test_no_pooler_is_found_where_there_is_none(postgres_url: str) -> None:
    async with _open(postgres_url) as connector:
        assert connector.pooled is None
        await connector.read(_setting("work_mem"))
        assert connector.pooled is False


async def test_sockets_are_kept_alive_as_the_address_says(own_postgres: Any) -> None:
    url = own_postgres.url(loopback=True)
    options = "?keepalives_idle=31&keepalives_interval=7&keepalives_count=2&tcp_user_timeout=9000"
    async with _open(url + options) as connector:
        await connector.read(_setting("work_mem"))


async def test_a_password_is_found_where_libpq_finds_it(
    own_postgres: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    own_postgres.psql("CREATE ROLE secretive LOGIN PASSWORD 'p%@/w'")
    rules = own_postgres.data / "pg_hba.conf"
    rules.write_text(f"host all secretive 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
    own_postgres.psql("SELECT pg_reload_conf()")
    at = f"127.0.0.1:{own_postgres.port}/postgres"
    passfile = tmp_path / "pgpass"
    passfile.write_text(f"127.0.0.1:{own_postgres.port}:*:secretive:p%@/w\n")
    passfile.chmod(0o600)

    for url in (
        f"postgresql://secretive:p%25%40%2Fw@{at}",
        f"postgresql://secretive@{at}?password=p%25%40%2Fw",
        f"postgresql://secretive@{at}?passfile={passfile}",
    ):
        async with _open(url) as connector:
            await connector.read(_setting("work_mem"))
    async with _open(f"postgresql://secretive:wrong@{at}") as connector:
        with pytest.raises(ServiceUnavailable) as refused:
            await connector.read(_setting("work_mem"))
        assert isinstance(refused.value.__cause__, asyncpg.InvalidPasswordError)
    monkeypatch.setenv("PGPASSWORD", "p%@/w")
    async with _open(f"postgresql://secretive@{at}") as connector:
        await connector.read(_setting("work_mem"))


async def test_a_database_that_is_not_named_is_the_users(own_postgres: Any) -> None:
    async with _open(f"postgresql://postgres@127.0.0.1:{own_postgres.port}") as connector:
        asked = select(literal_column("current_database()", Text))
        assert await connector.read(lambda c: c.execute(asked).scalar()) == "postgres"
