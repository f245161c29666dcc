"""A SQLite file that is locked, taken away, replaced, read-only, full or broken."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest

from chatkeep.errors import ConfigurationError, ServiceUnavailable
from chatkeep.stores.base import PageQuery
from chatkeep.stores.sql import SQLStore
from chatkeep.stores.sql.connectors import sqlite
from chatkeep.testing.store_contract.records import ALICE, a_thread


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "chat.db"


@pytest.fixture
async def store(file: Path) -> AsyncIterator[SQLStore]:
    store = SQLStore(f"sqlite:///{file}", timeout=1.0)
    await store.open()
    await store.save_thread(ALICE, a_thread("first"))
    yield store
    await store.close()


@contextmanager
def _locked(file: Path) -> Iterator[sqlite3.Connection]:
    """Another program's write transaction on the file."""
    other = sqlite3.connect(file, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield other
    finally:
        other.close()


async def _ids(store: SQLStore) -> list[str]:
    return [thread.id for thread in (await store.list_threads(ALICE, PageQuery())).data]


async def test_the_tenth_write_waits_for_a_lock_no_longer_than_the_first(
    store: SQLStore, file: Path
) -> None:
    with _locked(file):
        async with asyncio.timeout(5):  # one after another, their seconds would be ten
            saves = [store.save_thread(ALICE, a_thread(f"t{n}")) for n in range(10)]
            results = await asyncio.gather(*saves, return_exceptions=True)

    assert {type(result) for result in results} == {ServiceUnavailable}
    await store.save_thread(ALICE, a_thread("t"))
    assert set(await _ids(store)) == {"first", "t"}


async def test_a_late_write_waits_only_for_what_is_left_of_its_time(
    store: SQLStore, file: Path
) -> None:
    with _locked(file) as other:
        early = [asyncio.create_task(store.save_thread(ALICE, a_thread(f"t{n}"))) for n in range(3)]
        await asyncio.sleep(0.5)
        late = asyncio.create_task(store.save_thread(ALICE, a_thread("late")))
        await asyncio.wait(early)
        other.execute("COMMIT")
        await late

    assert set(await _ids(store)) == {"first", "late"}


async def test_a_write_that_nobody_waits_for_any_more_is_not_begun(
    store: SQLStore, file: Path
) -> None:
    with _locked(file) as other:
        begun = asyncio.create_task(store.save_thread(ALICE, a_thread("begun")))
        while store.busy_connections == 0:  # noqa: ASYNC110 (a thread's doing)
            await asyncio.sleep(0)
        waiting = asyncio.create_task(store.save_thread(ALICE, a_thread("waiting")))
        await asyncio.sleep(0)
        begun.cancel()
        waiting.cancel()
        other.execute("COMMIT")
    await store.save_thread(ALICE, a_thread("last"))

    assert set(await _ids(store)) == {"first", "begun", "last"}


async def test_a_file_that_was_removed_takes_no_more_writes(store: SQLStore, file: Path) -> None:
    file.unlink()  # noqa: ASYNC240
    for act in (store.save_thread(ALICE, a_thread("t")), store.get_thread(ALICE, "first")):
        with pytest.raises(ServiceUnavailable):
            await act

    assert not file.exists()  # noqa: ASYNC240


async def test_a_file_that_took_its_place_is_used(store: SQLStore, file: Path) -> None:
    backup = file.with_name("backup.db")
    with sqlite3.connect(file) as source, sqlite3.connect(backup) as target:
        source.backup(target)
    source.close()
    target.close()
    await store.save_thread(ALICE, a_thread("after the backup"))
    for suffix in ("", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    backup.rename(file)

    assert await _ids(store) == ["first"]
    await store.save_thread(ALICE, a_thread("t"))
    assert set(await _ids(store)) == {"first", "t"}


async def test_an_empty_file_in_its_place_makes_it_unavailable(store: SQLStore, file: Path) -> None:
    file.unlink()  # noqa: ASYNC240
    file.touch()  # noqa: ASYNC240
    for act in (store.save_thread(ALICE, a_thread("t")), store.get_thread(ALICE, "first")):
        with pytest.raises(ServiceUnavailable):
            await act


async def test_a_broken_file_makes_it_unavailable_until_it_is_mended(file: Path) -> None:
    store = SQLStore(f"sqlite:///{file}")
    await store.open()
    for n in range(50):
        await store.save_thread(ALICE, a_thread(f"t{n}", title="x" * 2000))
    await store.close()
    good = file.read_bytes()  # noqa: ASYNC240
    await store.open()
    broken = good[:4096] + os.urandom(len(good) - 4096)
    file.write_bytes(broken)  # noqa: ASYNC240
    with pytest.raises(ServiceUnavailable):
        await _ids(store)
    with pytest.raises(ServiceUnavailable):
        await store.save_thread(ALICE, a_thread("t"))
    file.write_bytes(good)  # noqa: ASYNC240

    assert len(await _ids(store)) == 20
    await store.close()


_PROGRAM = """
import asyncio, os, resource, signal, sys
from chatkeep.errors import ConfigurationError, ServiceUnavailable
from chatkeep.stores.sql import SQLStore
from chatkeep.testing.store_contract.records import ALICE, a_thread

async def everything_is_imported(folder):
    store = SQLStore(f"sqlite:///{folder}/scratch.db")
    await store.open()
    await store.close()

async def main(file, state):
    await everything_is_imported(os.path.dirname(file))
    if os.geteuid() == 0:  # whom permissions don't hold
        os.chown(os.path.dirname(file), 65534, 65534)
        os.setuid(65534)
    store = SQLStore(f"sqlite:///{file}")
    await store.open()
    await store.save_thread(ALICE, a_thread("t"))
    if state == "full":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    else:
        await store.close()
        os.chmod(file, 0o444)
        os.chmod(os.path.dirname(file), 0o555)
        store = SQLStore(f"sqlite:///{file}")
        try:
            await store.open()
        except ConfigurationError as error:
            print(error.message)
            return
    try:
        for n in range(200):
            await store.save_thread(ALICE, a_thread(f"t{n}", title="x" * 5000))
    except ServiceUnavailable:
        print("unavailable")
    assert (await store.get_thread(ALICE, "t")).id == "t"
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    await store.save_thread(ALICE, a_thread("after"))
    print("and again")
    await store.close()

asyncio.run(main(*sys.argv[1:]))
"""


def _ran(state: str) -> tuple[str, str]:
    """What the program says of a file that comes into a state, and its errors."""
    folder = Path(mkdtemp(prefix="chatkeep-"))
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(folder / "chat.db"), state],
        capture_output=True,
        text=True,
        timeout=60,
    )
    shutil.rmtree(folder)
    return ended.stdout, ended.stderr


def test_a_full_disk_makes_only_writes_unavailable_while_it_is_full() -> None:
    assert _ran("full") == ("unavailable\nand again\n", "")


def test_a_file_that_may_only_be_read_is_not_opened() -> None:
    said, errors = _ran("read-only")

    assert (said.startswith("The database sqlite:///"), errors) == (True, "")


async def test_a_file_that_turned_read_only_makes_only_writes_unavailable(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SQLStore(f"sqlite:///{file}")
    await store.open()
    with monkeypatch.context() as patch:
        patch.setitem(sqlite._DURABLE, "query_only", "ON")
        with pytest.raises(ServiceUnavailable):
            await store.save_thread(ALICE, a_thread("t"))
        assert await _ids(store) == []

    await store.save_thread(ALICE, a_thread("t"))
    assert await _ids(store) == ["t"]
    await store.close()


async def test_a_parameter_that_is_not_known_is_refused_by_name(file: Path) -> None:
    with pytest.raises(ConfigurationError, match="journal_mode"):
        SQLStore(f"sqlite:///{file}?journal_mode=off")


async def test_the_deadline_is_a_parameter_too(file: Path) -> None:
    store = SQLStore(f"sqlite:///{file}?timeout=0.1")
    await store.open()
    with _locked(file), pytest.raises(ServiceUnavailable):
        async with asyncio.timeout(5):
            await store.save_thread(ALICE, a_thread("t"))
    await store.close()
