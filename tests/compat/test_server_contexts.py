"""Contexts, which may hold a request and its connections, live no longer than they are of use."""

import asyncio
import gc
import weakref
from dataclasses import dataclass
from typing import Any

import pytest
from chatkit.store import Store
from chatkit.types import ThreadMetadata

from chatkeep.compat import Settings
from compat.servers import Events, Server, added, delta, message
from compat.stores import ANN, AwaitingStore, User


class Request:
    """What a web framework gives: it equals nothing but itself."""

    user = ANN


@dataclass
class Asked(Request):
    """A context of a program's own, which equals another one of the same user."""

    user = ANN


class StoreOfUsers(AwaitingStore):
    """Looks at a context's user, and keeps nothing else of it."""


def _of_user(name: str) -> Any:
    method = getattr(AwaitingStore, name)

    async def call(self: StoreOfUsers, *args: Any, **kwargs: Any) -> Any:
        args = tuple(arg.user if isinstance(arg, Request) else arg for arg in args)
        if "context" in kwargs:
            kwargs["context"] = kwargs["context"].user
        return await method(self, *args, **kwargs)

    return call


for _name in Store.__abstractmethods__:
    setattr(StoreOfUsers, _name, _of_user(_name))


async def waits(server: Server, thread: ThreadMetadata, said: Any, context: User) -> Events:
    """An answer that begins, and never ends."""
    yield added(message(thread, ""))
    yield delta("hello")
    await asyncio.Event().wait()


@pytest.mark.parametrize(("context", "window"), [(Request, 3600.0), (Asked, 0.05)])
async def test_a_context_goes_when_its_client_has_left_and_can_ask_no_more(
    context: type[Request], window: float
) -> None:
    settings = Settings(repeat_window=window)
    server = Server(waits, StoreOfUsers(), settings=settings)
    asked: Any = context()
    gone = asyncio.Event()
    weakref.finalize(asked, gone.set)
    reading = await server.begin(context=asked)
    await reading.until("hello")
    await reading.frames.aclose()
    del asked, reading
    async with asyncio.timeout(10):
        while not gone.is_set():  # tasks and frames that have ended refer to one another
            gc.collect()
            await asyncio.sleep(0.01)
    await server.close()
