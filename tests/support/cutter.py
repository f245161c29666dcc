"""A TCP proxy that breaks connections off after so many bytes of what the server sends."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import chain, repeat
from urllib.parse import urlsplit, urlunsplit


class Cutter:
    """Passes connections on to servers, each in turn, and cuts some of them.

    Args:
        servers: The servers' addresses. Each connection goes to the next one.
        cuts: After how many bytes from the server each connection is closed,
            the first one first; those that follow are left alone.

    Attributes:
        made: How many connections there were.
        cut: How many of them were cut.
    """

    def __init__(self, servers: Iterable[str], cuts: Iterable[int]) -> None:
        self._servers = list(servers)
        self._cuts: Iterator[int | None] = chain(cuts, repeat(None))
        self.made = 0
        self.cut = 0
        self.tasks: set[asyncio.Task[None]] = set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        server = urlsplit(self._servers[self.made % len(self._servers)])
        self.made += 1
        cut = next(self._cuts)
        try:
            their_reader, their_writer = await asyncio.open_connection(server.hostname, server.port)
        except OSError:
            writer.close()
            return
        passing = [
            asyncio.create_task(_pass_on(reader, their_writer, None)),
            asyncio.create_task(_pass_on(their_reader, writer, cut)),
        ]
        try:
            await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
            self.cut += passing[1].done() and passing[1].result()
        except asyncio.CancelledError:
            pass  # the end of the test; asyncio would log it
        finally:
            for each in passing:
                each.cancel()
            for end in (writer, their_writer):
                end.close()


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cut: int | None
) -> bool:
    """Pass bytes on to the end, or to the cut; return whether it was cut."""
    passed = 0
    with suppress(OSError):
        while data := await reader.read(65536):
            if cut is not None and passed + len(data) > cut:
                writer.write(data[: cut - passed])
                await writer.drain()
                return True
            passed += len(data)
            writer.write(data)
            await writer.drain()
    return False


@asynccontextmanager
async def cutting(*servers: str, cuts: Iterable[int] = ()) -> AsyncIterator[tuple[str, Cutter]]:
    """Run one in front of servers; gives the first one's address by way of it."""
    cutter = Cutter(servers, cuts)
    listener = await asyncio.start_server(cutter.accept, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    try:
        yield urlunsplit(urlsplit(servers[0])._replace(netloc=f"127.0.0.1:{port}")), cutter
    finally:
        listener.close()
        for task in list(cutter.tasks):
            task.cancel()
        if cutter.tasks:
            await asyncio.wait(cutter.tasks)
