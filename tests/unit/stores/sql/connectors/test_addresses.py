"""Addresses of PostgreSQL as people and hosts write them."""

import re
from pathlib import Path

import pytest

from chatkeep.errors import ConfigurationError
from chatkeep.stores.sql.connectors.addresses import parse


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing in the environment, and no certificates at home."""
    for name in ("PGHOST", "PGAPPNAME", "PGSSLROOTCERT", "PGTARGETSESSIONATTRS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.parametrize(
    "url",
    [
        # Neon, pooled and not
        "postgresql://me:s3cret@ep-cool-1-pooler.eu.aws.neon.tech/neondb?sslmode=require&channel_binding=require",
        "postgresql://me:s3cret@ep-cool-1.eu.aws.neon.tech/neondb?sslmode=require&options=endpoint%3Dep-cool-1",
        # Supabase, its pooler in both modes, and as it writes it for Prisma and Vercel
        "postgresql://postgres:s3cret@db.abc.supabase.co:5432/postgres",
        "postgres://postgres.abc:s3cret@aws-0-eu.pooler.supabase.com:6543/postgres?pgbouncer=true&connection_limit=1",
        "postgres://postgres.abc:s3cret@aws-0-eu.pooler.supabase.com:6543/postgres?sslmode=require&supa=base-pooler.x",
        # Vercel, Prisma
        "postgres://default:s3cret@ep-1-pooler.vercel-storage.com:5432/verceldb?pgbouncer=true&connect_timeout=15",
        "postgresql://me:s3cret@host:5432/db?schema=public&pool_timeout=20&connection_limit=5",
        # Azure, RDS, Heroku, Fly, Railway, Render, DigitalOcean
        "postgresql://me%40server:s3cret@server.postgres.database.azure.com:5432/db?sslmode=require",
        "postgresql://me:s3cret@db.eu-west-1.rds.amazonaws.com:5432/db?sslmode=verify-full",
        "postgres://u:s3cret@ec2-1-2-3-4.eu-west-1.compute.amazonaws.com:5432/d8abc",
        "postgres://me:s3cret@app-db.flycast:5432/app?sslmode=disable",
        "postgresql://postgres:s3cret@containers-us-west-1.railway.app:6543/railway",
        "postgresql://me:s3cret@db-do-user-1.db.ondigitalocean.com:25060/defaultdb?sslmode=require",
        # psql
        "postgresql:///chat?host=/var/run/postgresql&port=5433&user=me",
        "postgresql://%2Fvar%2Frun%2Fpostgresql/chat",
        "postgresql://me@[::1]:5433/chat",
        "postgresql://me@one:1,two:2,[::1]:3/chat?target_session_attrs=read-write",
        "postgresql://me@/chat?host=one,two&port=1,2",
        "postgresql://",
        "postgresql://me@host",
        "postgresql:///?service=mine&passfile=/secrets/pgpass",
        "postgresql://me:s3cret@host/chat?application_name=chat&client_encoding=utf8&gssencmode=prefer",
        "postgresql://me:s3cret@host/chat?keepalives=1&keepalives_idle=30&keepalives_interval=10&keepalives_count=3&tcp_user_timeout=20000",
        "postgresql://me:s3cret@host/chat?sslmode=verify-full&sslrootcert=system&sslnegotiation=direct",
        "postgresql://me:s3cret@host/chat?options=-c%20search_path%3Da%20-cstatement_timeout%3D5s",
        # SQLAlchemy's and asyncpg's words
        "postgresql+asyncpg://me:s3cret@host/chat?ssl=require&prepared_statement_cache_size=0",
        "postgres://me:s3cret@host/chat?statement_cache_size=0&command_timeout=20",
    ],
)
def test_an_address_that_hosts_hand_out_is_understood(url: str) -> None:
    assert "s3cret" not in parse(url).name


def test_the_parts_of_an_address() -> None:
    address = parse("postgres://m%40e:p%3A%40%2Fw@one:1,two/ch%20at?port=7,8&application_name=us")

    assert address.driver["user"] == "m@e"
    assert address.driver["password"] == "p:@/w"
    assert address.driver["database"] == "ch at"
    assert address.hosts == (("one", 7), ("two", 8))
    assert address.startup == {"application_name": "us"}


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("postgresql://me@[::1]:5433/chat", (("::1", 5433),)),
        ("postgresql://me@[::1]/chat", (("::1", None),)),
        ("postgresql:///chat?host=/run/pg", (("/run/pg", None),)),
        ("postgresql://%2Frun%2Fpg/chat", (("/run/pg", None),)),
        ("postgresql:///chat?host=one,two&port=6", (("one", 6), ("two", 6))),
        ("postgresql:///chat?port=6", (("localhost", 6),)),
        ("postgresql:///chat", ()),
    ],
)
def test_hosts(url: str, hosts: tuple[tuple[str, int | None], ...]) -> None:
    assert parse(url).hosts == hosts


def test_limits_and_pools() -> None:
    address = parse(
        "postgresql://host/chat?connect_timeout=3&timeout=20&statement_timeout=5000"
        "&lock_timeout=2s&connection_limit=4&pool_timeout=7&pool_recycle=600"
    )

    assert (address.connect_timeout, address.timeout, address.pool_timeout) == (3, 20, 7)
    assert (address.statement_timeout, address.lock_timeout) == (5, 2)
    assert (address.connections, address.max_age) == (4, 600)


def test_options_become_settings_that_a_pooler_can_take() -> None:
    address = parse("postgresql://host/chat?options=-c%20search_path%3Da%20--work_mem%3D8MB")

    assert address.settings == {"search_path": "a", "work_mem": "8MB"}
    assert "options" not in address.startup
    neons = parse("postgresql://host/chat?options=endpoint%3Dep-1")
    assert neons.startup["options"] == "endpoint=ep-1"


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ("sslmode=sure", "sslmode"),
        ("ssl=true", "ssl"),
        ("sslrootcert=/nowhere/root.crt", "sslrootcert"),
        ("sslcert=/nowhere/me.crt", "sslcert"),
        ("sslkey=/nowhere/me.key", "sslkey"),
        ("sslcrl=/nowhere/list.crl", "sslcrl"),
        ("sslcrldir=/crls", "sslcrldir"),
        ("sslcompression=1", "sslcompression"),
        ("sslcertmode=require", "sslcertmode"),
        ("sslsni=0", "sslsni"),
        ("sslaccept=strict", "sslmode=verify-full"),
        ("sslidentity=id.p12", "sslcert"),
        ("channel_binding=maybe", "channel_binding"),
        ("gssencmode=require", "gssencmode"),
        ("hostaddr=127.0.0.1", "hostaddr"),
        ("load_balance_hosts=random", "load_balance_hosts"),
        ("replication=database", "replication"),
        ("require_auth=scram-sha-256", "require_auth"),
        ("requirepeer=postgres", "requirepeer"),
        ("client_encoding=latin1", "client_encoding"),
        ("target_session_attrs=fast", "target_session_attrs"),
        ("connect_timeout=soon", "connect_timeout"),
        ("connect_timeout=-1", "connect_timeout"),
        ("statement_timeout=1h", "statement_timeout"),
        ("pool_size=many", "pool_size"),
        ("pgbouncer=perhaps", "pgbouncer"),
        ("socket_timeout=5", "timeout=SECONDS"),
        ("async_fallback=true", "async_fallback"),
        ("work_mem=8MB", "work_mem"),
        ("pasword=hunter2", "pasword"),
        ("port=http", "port"),
        ("port=1,2,3&host=a,b", "port"),
        ("host=a%3Ab%3A", "host"),
    ],
)
def test_what_cannot_work_is_refused_by_name(parameter: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse(f"postgresql://me:s3cret@host/chat?{parameter}")

    assert said in refused.value.message
    assert "s3cret" not in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "pg8000", "psycopg_async"])
def test_another_driver_is_refused_by_name(driver: str) -> None:
    with pytest.raises(ConfigurationError, match=f"postgresql\\+{driver}.*asyncpg"):
        parse(f"postgresql+{driver}://me:s3cret@host/chat")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:chat",
        "postgresql://[::1/chat",
        "postgresql://host:99999/chat",
        "postgresql://host/chat?x",
        "postgresql://me:s3/cret@host/chat",
    ],
)
def test_what_is_no_address_is_refused_without_a_traceback(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse(url)

    assert "cret" not in str(refused.value)


def test_the_name_by_which_the_server_knows_us(monkeypatch: pytest.MonkeyPatch) -> None:
    fallback = "postgresql://host/chat?fallback_application_name=theirs"
    assert parse("postgresql://host/chat").startup["application_name"] == "chatkeep"
    assert parse(fallback).startup["application_name"] == "theirs"
    monkeypatch.setenv("PGAPPNAME", "surroundings")
    assert parse(fallback).startup["application_name"] == "surroundings"
    assert parse(f"{fallback}&application_name=ours").startup["application_name"] == "ours"


def test_secrets_are_hidden_wherever_they_stand() -> None:
    address = parse("postgresql://me:one@host/chat?password=two&sslpassword=three")

    assert address.name == "postgresql://me:***@host/chat?password=***&sslpassword=***"
    assert address.driver["password"] == "two"


# Of PostgreSQL 18: each is either in use here, or refused with a word of what to do.
_LIBPQ = """
    service user password passfile channel_binding connect_timeout dbname host hostaddr port
    client_encoding options application_name fallback_application_name keepalives keepalives_idle
    keepalives_interval keepalives_count tcp_user_timeout sslmode sslnegotiation sslcompression
    sslcert sslkey sslkeylogfile sslcertmode sslpassword sslrootcert sslcrl sslcrldir sslsni
    requirepeer require_auth min_protocol_version max_protocol_version ssl_min_protocol_version
    ssl_max_protocol_version gssencmode krbsrvname gsslib gssdelegation replication
    target_session_attrs load_balance_hosts scram_client_key scram_server_key oauth_issuer
    oauth_client_id oauth_client_secret oauth_scope servicefile requiressl
"""

_FREE = re.findall(
    r"\w+",
    """service servicefile user password passfile dbname host options application_name
    fallback_application_name krbsrvname gsslib sslpassword""",
)
"""Those that take any text."""


@pytest.mark.parametrize("name", re.findall(r"\w+", _LIBPQ))
def test_no_parameter_of_libpq_ends_in_a_traceback(name: str) -> None:
    url = f"postgresql://me@host/chat?{name}=x"
    if name in _FREE:
        parse(url)
        return
    with pytest.raises(ConfigurationError, match=name):
        parse(url)
