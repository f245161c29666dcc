"""TLS between the store and PostgreSQL, by every word that an address has for it."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Boolean, literal_column, select

from chatkeep.errors import ConfigurationError
from chatkeep.stores.sql import SQLStore, schema
from chatkeep.stores.sql.connectors import connector_at
from support.certificates import Authority
from support.postgresql import Server, own_by_server

_DEBIANS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
_ENCRYPTED = select(
    literal_column("(SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())", Boolean)
)
_RULES = """
local   all all             trust
hostssl all person 127.0.0.1/32 cert
hostssl all all 127.0.0.1/32 trust
host    all plain  127.0.0.1/32 trust
"""


@dataclass
class Tls:
    """A server that takes TLS, and the files of who signed its certificate, and of another."""

    server: Server
    authority: Path
    stranger: Path
    person: tuple[Path, Path]

    def url(self, host: str = "localhost", user: str = "postgres", **query: Any) -> str:
        """Its address: its certificate is localhost's, not 127.0.0.1's."""
        words = urlencode({name: str(value) for name, value in query.items()})
        return f"postgresql://{user}@{host}:{self.server.port}/postgres?{words}"


@pytest.fixture(scope="module")
def tls() -> Iterator[Tls]:
    if not _DEBIANS:
        pytest.skip("No PostgreSQL with TLS is here: apt-get install postgresql")
    folder = Path(mkdtemp(prefix="chatkeep-tls-"))
    folder.chmod(0o711)
    ours, other = Authority(folder), Authority(folder, "stranger")
    server = Server(_DEBIANS[-1], folder / "server", loopback=True)
    server.make()
    certificate, key = ours.sign("server", host="localhost")
    for file in (certificate, key, ours.certificate):
        own_by_server(Path(shutil.copy2(file, server.data)))
    server.settings |= {
        "ssl": "on",
        "ssl_cert_file": "server.crt",
        "ssl_key_file": "server.key",
        "ssl_ca_file": "authority.crt",
    }
    (server.data / "pg_hba.conf").write_text(_RULES)
    server.start()
    for user in ("plain", "person"):
        server.psql(f"CREATE ROLE {user} SUPERUSER LOGIN")
    schema.upgrade(server.url())
    yield Tls(server, ours.certificate, other.certificate, ours.sign("person"))
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def _no_certificates_at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))


@asynccontextmanager
async def _refusing() -> AsyncIterator[pytest.ExceptionInfo[ConfigurationError]]:
    with pytest.raises(ConfigurationError) as refused:
        yield refused
    assert refused.value.message.strip()[-1] != ":"


async def _is_encrypted(url: str) -> bool:
    """Whether a connection of the store is, as the server sees it."""
    store = SQLStore(url)
    await store.open()
    await store.close()
    connector = connector_at(url)
    await connector.open()
    try:
        return bool(await connector.read(lambda c: c.execute(_ENCRYPTED).scalar()))
    finally:
        await connector.close()


@pytest.mark.parametrize(
    ("mode", "user", "encrypted"),
    [
        ("disable", "plain", False),
        ("allow", "plain", False),
        ("allow", "postgres", True),  # plain text is refused, so it tries again
        ("prefer", "plain", True),
        ("require", "plain", True),
    ],
)
async def test_modes_that_check_nothing(tls: Tls, mode: str, user: str, encrypted: bool) -> None:
    assert await _is_encrypted(tls.url(user=user, sslmode=mode)) is encrypted


async def test_a_mode_that_the_server_does_not_take_is_refused(tls: Tls) -> None:
    async with _refusing():
        await SQLStore(tls.url(sslmode="disable")).open()


async def test_a_certificate_is_checked_with_the_authority_that_is_named(tls: Tls) -> None:
    for mode in ("require", "verify-ca", "verify-full"):
        assert await _is_encrypted(tls.url(sslmode=mode, sslrootcert=tls.authority))
        async with _refusing() as refused:
            await SQLStore(tls.url(sslmode=mode, sslrootcert=tls.stranger)).open()
        assert "certificate" in refused.value.message


async def test_only_verify_full_checks_the_hosts_name(tls: Tls) -> None:
    root: dict[str, Any] = {"host": "127.0.0.1", "sslrootcert": tls.authority}
    assert await _is_encrypted(tls.url("127.0.0.1", sslmode="verify-ca", sslrootcert=tls.authority))
    async with _refusing() as refused:
        await SQLStore(tls.url(sslmode="verify-full", **root)).open()
    assert "127.0.0.1" in refused.value.message


@pytest.mark.parametrize(
    "query",
    [
        {"sslmode": "verify-full", "sslrootcert": "system"},
        {"sslrootcert": "system"},
        {"sslmode": "verify-full"},
        {"sslmode": "verify-ca"},
        {"sslmode": "require", "channel_binding": "require"},
    ],
    ids=str,
)
async def test_what_the_system_trusts_is_trusted(
    tls: Tls, query: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _refusing():
        await SQLStore(tls.url(**query)).open()

    monkeypatch.setenv("SSL_CERT_FILE", str(tls.authority))
    assert await _is_encrypted(tls.url(**query))


async def test_an_authority_at_home_is_used_as_libpq_does(tls: Tls) -> None:
    home = os.path.join(os.environ["HOME"], ".postgresql")
    os.mkdir(home)
    shutil.copy(tls.authority, os.path.join(home, "root.crt"))

    assert await _is_encrypted(tls.url(sslmode="verify-full"))


async def test_a_person_is_known_by_a_certificate(tls: Tls) -> None:
    certificate, key = tls.person
    mine: dict[str, Any] = {"sslcert": certificate, "sslkey": key}
    assert await _is_encrypted(tls.url(user="person", sslmode="require", **mine))
    async with _refusing():
        await SQLStore(tls.url(user="person", sslmode="require")).open()


async def test_a_person_is_known_where_the_system_is_trusted(
    tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.authority))
    certificate, key = tls.person
    mine: dict[str, Any] = {"sslcert": certificate, "sslkey": key, "sslrootcert": "system"}
    assert await _is_encrypted(tls.url(user="person", **mine))


async def test_versions_of_tls_are_bounded(tls: Tls) -> None:
    assert await _is_encrypted(tls.url(sslmode="require", ssl_min_protocol_version="TLSv1.3"))
    assert await _is_encrypted(tls.url(sslmode="require", ssl_max_protocol_version="TLSv1.2"))


async def test_tls_in_vain_is_told(own_postgres: Server) -> None:
    async with _refusing() as refused:
        await SQLStore(f"{own_postgres.url(loopback=True)}?sslmode=require").open()
    assert "SSL" in refused.value.message
