"""What all tests share: a bound on every async test, and a real PostgreSQL."""

import asyncio
import inspect
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import wraps
from itertools import count, repeat
from pathlib import Path
from tempfile import mkdtemp

import asyncpg  # type: ignore[import-untyped]
import pytest
from hypothesis import settings
from sqlalchemy import make_url

from chatkeep.stores.sql import schema
from support import postgresql

# One run is as the other: what a random one finds is kept as an example.
settings.register_profile("chatkeep", deadline=None, derandomize=True, database=None)
settings.load_profile("chatkeep")

pytest.register_assert_rewrite("chatkeep.testing")

_LONGEST_TEST_SECONDS = int(os.environ.get("LONGEST", "120"))
_TEMPLATE = "chatkeep_template"
_SERVERS = "CHATKEEP_TEST_SERVERS"
"""Names the folder of the servers that all processes of a test run share."""

_names = map("chatkeep_{}_{}".format, repeat(os.getpid()), count())


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # pytest-xdist's workers inherit what is set here
        # Not in pytest's folder: another session would close that to the server's own user.
        folder = mkdtemp(prefix="chatkeep-servers-")
        Path(folder).chmod(0o711)
        os.environ[_SERVERS] = folder


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        postgresql.stop_all(Path(os.environ.pop(_SERVERS)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.obj = _bounded(item.obj)


def _bounded(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    @wraps(test)
    async def bounded(*args: object, **kwargs: object) -> None:
        async with asyncio.timeout(_LONGEST_TEST_SECONDS):
            await test(*args, **kwargs)

    return bounded


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The URL of a PostgreSQL server, of the newest version."""
    return _server_with_template(18)


@pytest.fixture(scope="session")
def oldest_postgres_server() -> str:
    """The URL of another one, of the oldest version that is supported."""
    return _server_with_template(16)


def _server_with_template(version: int) -> str:
    folder = Path(os.environ[_SERVERS])
    server = postgresql.shared(folder, version)
    made = server.folder / _TEMPLATE
    with postgresql.locked(folder):
        if not made.exists():
            server.psql(f"CREATE DATABASE {_TEMPLATE}")
            schema.upgrade(server.url(_TEMPLATE))
            made.touch()
    return server.url()


@pytest.fixture
async def oldest_postgres_url(oldest_postgres_server: str) -> AsyncIterator[str]:
    """The URL of a database of the test's own on the oldest version, with the newest schema."""
    async with _database(oldest_postgres_server, f"TEMPLATE {_TEMPLATE}") as url:
        yield url


@pytest.fixture
async def postgres_url(postgres_server: str) -> AsyncIterator[str]:
    """The URL of a database of the test's own, with the newest schema."""
    async with _database(postgres_server, f"TEMPLATE {_TEMPLATE}") as url:
        yield url


@pytest.fixture
async def empty_postgres_url(postgres_server: str) -> AsyncIterator[str]:
    """The URL of a database of the test's own, with nothing in it."""
    async with _database(postgres_server, "") as url:
        yield url


@pytest.fixture
async def other_empty_postgres_url(postgres_server: str) -> AsyncIterator[str]:
    """The URL of another one."""
    async with _database(postgres_server, "") as url:
        yield url


@pytest.fixture
def own_postgres() -> Iterator[postgresql.Server]:
    """A server of the test's own, to be stopped, frozen and configured."""
    with postgresql.private() as server:
        schema.upgrade(server.url())
        yield server


@asynccontextmanager
async def _database(server: str, how: str) -> AsyncIterator[str]:
    name = next(_names)
    await _execute(server, f"CREATE DATABASE {name} {how} STRATEGY file_copy")  # half the time
    yield _url_of(server, name)
    await _execute(server, f"DROP DATABASE {name}")  # refused while anyone is connected


def _url_of(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


async def _execute(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
