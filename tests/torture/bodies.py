"""Mutated bodies, and raw bytes on the socket."""

import asyncio
from urllib.parse import urlsplit

from support.clients import add, body, create

from .world import Fault, World, Wrong

_BODIES = 1500
_SOCKETS = 100


async def mutated_bodies(world: World) -> None:
    """No body, however odd, is the server's failure."""
    for number in range(_BODIES):
        content = _mutated(world, _seed(number))
        status, answer = await world.ask(content)
        world.figures[f"bodies answered {status}"] += 1
        if status >= 500 or status == 0:
            raise Wrong(f"{status} for {content[:200]!r}: {answer[:200]!r}")


def _seed(number: int) -> bytes:
    kinds = (
        create("Hello \u00fc \U0001f600"),
        add("thr_1", "Hi"),
        body("threads.list", limit=1, after="at:1:thr_1", order="asc"),
        body("items.feedback", thread_id="t", item_ids=["a"], kind="positive"),
        body("threads.custom_action", thread_id="t", action={"type": "x", "payload": {}}),
        body("threads.add_structured_input", thread_id="t", item_id="i", input={"answers": {}}),
        body("attachments.create", name="a", size=1, mime_type="a/b"),
        body("threads.update", thread_id="t", title="x"),
    )
    return kinds[number % len(kinds)]


def _mutated(world: World, content: bytes) -> bytes:
    chance = world.random
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(content) + 1)
        match chance.randrange(7):
            case 0:
                content = content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]
            case 1:
                content = content[:at]
            case 2:
                content = content[:at] + content[max(0, at - 9) :]
            case 3:
                content = content.replace(b'"', chance.choice(_ODD), chance.randint(1, 3))
            case 4:
                content = content.replace(b"1", chance.choice(_NUMBERS))
            case 5:
                content = content.replace(b"{", b"[" * chance.randint(1, 300), 1)
            case 6:
                content = content.replace(b"Hi", chance.choice(_TEXTS))
    return content


_ODD = (b"", b"'", b"\\", b'""', b'"\\ud800', b'"\x00')
_NUMBERS = (b"1e999", b"-1", b"NaN", b"9" * 400, b"null", b'"1"', b"1.5", b"true")
_TEXTS = (b"\\ud800", b"\\u0000", b"\xff", b"A" * 100_000, b"' OR 1=1 --", b"{{7*7}}")


async def raw_sockets(world: World) -> None:
    """What is no HTTP, or never comes to its end, holds nobody up."""
    await world.during(_send_garbage(world), people=2)


async def _send_garbage(world: World) -> None:
    for number in range(_SOCKETS):
        parts = urlsplit(world.workers[number % len(world.workers)].url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(_GARBAGE[number % len(_GARBAGE)])
        try:
            async with asyncio.timeout(0.2):
                answer = await reader.read(2000)
                world.figures[f"raw: {answer[9:12].decode(errors='replace') or 'closed'}"] += 1
        except TimeoutError:
            world.figures["raw: waits for more"] += 1
        except ConnectionError:
            world.figures["raw: reset"] += 1
        writer.close()


_HEAD = b"POST /chatkit HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
_GARBAGE = (
    b"\x00" * 500,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xaa" * 100,
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /chatkit HTTP/1.1\r\n" + b"a: b\r\n" * 5000 + b"\r\n",
    _HEAD + b"content-length: -1\r\n\r\n{}",
    _HEAD + b"content-length: 1000\r\n\r\n{",
    _HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n",
    _HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\n{",
    _HEAD + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}",
    _HEAD + b"content-length: 2\r\n\r\n{}" * 20,
)

FAULTS = [
    Fault("mutated bodies", ("sqlite",), mutated_bodies),
    Fault("raw sockets", ("sqlite",), raw_sockets),
]
