"""A store that is slow, tells what happens to it, and fails or waits when told."""

import asyncio
from collections import defaultdict
from typing import Any, cast

from chatkeep.stores.base import Store, TurnRecord

SECRET = "SELECT secret FROM /srv/chat.db at 10.0.0.7"
"""What must never reach a client."""


class Broken(Exception):
    """What a store raises whose database is gone."""


class ObservedStore:
    """Passes every call on, and awaits in each, as a store behind a network does.

    Attributes:
        store: Itself, as the contract names it.
        inner: The store that it passes the calls on to.
        broken: The methods that fail, by name.
        gates: The methods whose calls wait for an event before they go on.
        waiting: For each gate, set while a call waits there.
        done: For each method, set once a call of it has returned.
        ends: How each turn ended, as its end is committed.
        calls: The names of all calls so far.
    """

    def __init__(self, store: Store) -> None:
        self.inner = store
        self.broken: set[str] = set()
        self.gates: dict[str, asyncio.Event] = {}
        self.waiting: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.done: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.ends: asyncio.Queue[str] = asyncio.Queue()
        self.calls: list[str] = []
        self._turns: list[TurnRecord] = []

    @property
    def store(self) -> Store:
        return cast("Store", self)

    async def turns(self) -> list[TurnRecord]:
        """The turns that were begun, as they are now."""
        return [await self.inner.get_turn(turn.owner, turn.id) for turn in self._turns]

    def new_thread_id(self) -> str:
        return self.inner.new_thread_id()

    def new_item_id(self, thread_id: str, item_type: str) -> str:
        return self.inner.new_item_id(thread_id, item_type)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            self.calls.append(name)
            for _round in range(3):
                await asyncio.sleep(0)
            if name in self.broken:
                raise Broken(SECRET)
            if name in self.gates:
                self.waiting[name].set()
                await self.gates[name].wait()
            result = await method(*args, **kwargs)
            self.done[name].set()
            if name == "begin_turn":
                self._turns.append(args[0])
            if name == "finish_turn" and result:
                self.ends.put_nowait(args[1])
            return result

        return call
