"""Clients that read slowly, not at all, or leave in the middle."""

import asyncio
from urllib.parse import urlsplit

from support.clients import create

from .world import Fault, World

_READERS = 60
_LONG = "word " * 20_000


async def slow_and_dead(world: World) -> None:
    """They bound themselves, and slow nobody else."""
    await world.during(_read_badly(world))


async def _read_badly(world: World) -> None:
    writers = [await _asked(world, number) for number in range(_READERS)]
    await asyncio.sleep(5.0)
    for number, writer in enumerate(writers):
        if number % 2:
            writer.transport.abort()
        else:
            writer.close()
    world.figures["bad readers"] += len(writers)


async def _asked(world: World, number: int) -> asyncio.StreamWriter:
    """The connection of one who asks for much, and reads none of it."""
    parts = urlsplit(world.workers[number % len(world.workers)].url)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1024)
    content = create(_LONG)
    writer.write(
        b"POST /chatkit HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n%b" % (len(content), content)
    )
    return writer


FAULTS = [Fault("slow and dead readers", ("sqlite", "postgres"), slow_and_dead)]
