"""Run all faults, or those whose names hold a word: ``make torture ARGS=frozen``."""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from chatkeep.stores.sql import schema

from . import bodies, files, postgres, processes, readers
from .world import Fault, World, Wrong

FAULTS = [
    *bodies.FAULTS,
    *readers.FAULTS,
    *processes.FAULTS,
    *files.FAULTS,
    *postgres.FAULTS,
]
_LIMIT_SECONDS = 600.0


@contextmanager
def database_of(kind: str, folder: Path) -> Iterator[str]:
    """The URL of a new database."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/chat.db"
        return
    url = postgres.start(folder / "postgres")
    schema.upgrade(url)
    try:
        yield url
    finally:
        postgres.stop(folder / "postgres")


async def suffer(fault: Fault, folder: Path, url: str) -> World:
    """Let a fault happen to a new server, and look what became of it."""
    async with World(folder, url) as world:
        await fault.act(world)
        await world.check()
        return world


def main(words: list[str]) -> int:
    """Run the faults, print what was seen, and return how many went wrong."""
    began, wrong = time.monotonic(), 0
    for fault in FAULTS:
        for kind in fault.databases:
            if words and not any(word in f"{fault.name} {kind}" for word in words):
                continue
            if time.monotonic() - began > _LIMIT_SECONDS:
                print(f"not tried, as time is up: {fault.name} ({kind})")
                continue
            wrong += not tried(fault, kind)
    print(f"\n{wrong} went wrong in {time.monotonic() - began:.0f} seconds")
    return wrong


def tried(fault: Fault, kind: str) -> bool:
    """Try one fault and print how it went; return whether all held."""
    began = time.monotonic()
    with TemporaryDirectory(prefix="chatkeep-torture-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL may run as another user
        try:
            with database_of(kind, folder) as url:
                world = asyncio.run(suffer(fault, folder, url))
        except (Wrong, ExceptionGroup) as error:
            print(f"WRONG  {fault.name} ({kind}): {_first(error)}", flush=True)
            return False
    figures = ", ".join(f"{count} {what}" for what, count in sorted(world.figures.items()))
    took = f"{time.monotonic() - began:.0f} s, slowest answer {world.slowest:.1f} s"
    print(f"held   {fault.name} ({kind}), {took}: {figures}", flush=True)
    return True


def _first(error: Exception) -> Exception:
    return _first(error.exceptions[0]) if isinstance(error, ExceptionGroup) else error


sys.exit(min(main(sys.argv[1:]), 1))
