"""Workers that die in the middle of an answer, without the death of this process."""

import asyncio
import subprocess
import sys
from typing import Any

from chatkeep import Chatkeep, Settings
from chatkeep.engine.workers import place_prefix
from chatkeep.testing.responder import Pause
from support.events import Event
from support.stores import ObservedStore

WRITING = {"finish_turn", "save_items", "delete_items", "checkpoint", "renew", "mark_delivered"}


def dead_holder() -> str:
    """The name of a worker of this host whose process has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return f"{place_prefix()}{process.pid}:1:x"


class DoomedWorker:
    """A worker of a store, whose turns look as if its process had died once it `crashes`.

    Args:
        inner: The store, which other workers have too.
    """

    def __init__(self, inner: Any, responder: Any) -> None:
        self.observed = ObservedStore(inner)
        settings = Settings(checkpoint_interval=0.01, shutdown_grace=0.0, keep_timeout=0.5)
        self.chat = Chatkeep(store=self.observed.store, responder=responder, settings=settings)
        self._worker = self.chat._worker
        self._open, self._worker.open = self._worker.open, self._open_as_dead  # type: ignore[method-assign]

    def _open_as_dead(self) -> None:
        self._open()
        self._worker._holder = dead_holder()

    async def read_until(self, stream: Any, pause: Pause) -> list[Event]:
        """Read a stream as far as it goes until a pause, and wait until that is checkpointed."""
        events: list[Event] = []
        while not pause.reached.is_set() or not events or "delta" not in str(events[-1]):
            events.append(await anext(stream))
        (runner,) = self._worker.running.values()
        while runner.journal.entries:  # noqa: ASYNC110 - it tells nobody when it is saved
            await asyncio.sleep(0.005)
        return events

    def crashes(self) -> None:
        """From now on nothing that it does reaches the store."""
        self.observed.broken = set(WRITING)
