"""Workers that die in the middle of an answer, without the death of this process."""

import subprocess
import sys
from typing import Any

import pytest

from chatkeep import Chatkeep, Settings
from chatkeep.engine.recovery import host_prefix
from chatkeep.testing.responder import Pause
from support.events import Event
from support.stores import ObservedStore

WRITING = {"finish_turn", "save_items", "delete_items", "checkpoint", "mark_delivered"}


def dead_holder() -> str:
    """The name of a worker of this host whose process has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return f"{host_prefix()}{process.pid}:x"


class DoomedWorker:
    """A worker of a store, whose turns look as if its process had died once it `crashes`.

    Args:
        inner: The store, which other workers have too.
    """

    def __init__(self, inner: Any, responder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.observed = ObservedStore(inner)
        settings = Settings(checkpoint_interval=0.01, shutdown_grace=0.0)
        with monkeypatch.context() as patch:
            patch.setattr("chatkeep.engine.turns.new_holder", dead_holder)
            self.chat = Chatkeep(store=self.observed.store, responder=responder, settings=settings)

    async def read_until(self, stream: Any, pause: Pause) -> list[Event]:
        """Read a stream as far as it goes until a pause, and wait until that is checkpointed."""
        events: list[Event] = []
        while not pause.reached.is_set() or not events or "delta" not in str(events[-1]):
            events.append(await anext(stream))
        for _checkpoint in range(2):  # one may have been under way already
            self.observed.done["checkpoint"].clear()
            await self.observed.done["checkpoint"].wait()
        return events

    def crashes(self) -> None:
        """From now on nothing that it does reaches the store."""
        self.observed.broken = set(WRITING)
