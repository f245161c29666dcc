"""The file of a SQLite database: full, locked, moved away."""

import asyncio
import resource
import sqlite3
from contextlib import closing
from pathlib import Path

from .world import Fault, World

_SECONDS = 6.0
_LOCKED_SECONDS = 20.0
"""Longer than SQLite waits for a lock."""


async def full(world: World) -> None:
    """No file may grow any more: what a full disk looks like from within."""
    await world.during(_fill(world))


async def _fill(world: World) -> None:
    await asyncio.sleep(1.0)
    size = max(path.stat().st_size for path in world.folder.glob("chat.db*"))
    _limit(world, size)
    await asyncio.sleep(_SECONDS)
    _limit(world, resource.RLIM_INFINITY)


def _limit(world: World, size: int) -> None:
    for worker in world.workers:
        hard = resource.prlimit(worker.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (size, hard))


async def locked(world: World) -> None:
    """Another process holds the write lock."""
    await world.during(_lock(world))


async def _lock(world: World) -> None:
    path = world.folder / "chat.db"
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(_LOCKED_SECONDS)
        connection.execute("ROLLBACK")


async def moved_away(world: World) -> None:
    """The file is gone for a while, and comes back."""
    await world.during(_move(world))


async def _move(world: World) -> None:
    files = list(world.folder.glob("chat.db*"))
    for path in files:
        path.rename(_aside(path))
    await asyncio.sleep(_SECONDS)
    for path in files:
        _aside(path).replace(path)


def _aside(path: Path) -> Path:
    return path.with_name(f"aside-{path.name}")


async def read_only(world: World) -> None:
    """Nothing can be written; who may do everything would not notice."""
    await world.during(_protect(world))


async def _protect(world: World) -> None:
    _allow(world, 0o444)
    await asyncio.sleep(_SECONDS)
    _allow(world, 0o644)


def _allow(world: World, mode: int) -> None:
    (world.folder / "chat.db").chmod(mode)


FAULTS = [
    Fault("full disk", ("sqlite",), full),
    Fault("locked by another process", ("sqlite",), locked),
    Fault("file made read-only", ("sqlite",), read_only),
    Fault("file moved away and back", ("sqlite",), moved_away),
]
