"""What a `ChatKitServer` keeps from one request to the next."""

import asyncio
from weakref import WeakValueDictionary

from ..engine.worker import Worker
from ..live.memory import MemoryLiveLog
from ..settings import Settings
from .leases import Leases


class LoopParts:
    """What belongs to one event loop: its turns, and a lock for each thread it changes."""

    def __init__(self, leases: Leases, settings: Settings) -> None:
        live = MemoryLiveLog(settings.replay_seconds, settings.replay_bytes)
        self.worker = Worker(leases, live, settings)
        self.locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


class Engine:
    """The engine of one server.

    A server may be used from several event loops, and the stream of a request
    from another one than the request was: WSGI servers do so.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.leases = Leases(settings.repeat_window)
        self._parts: dict[asyncio.AbstractEventLoop, LoopParts] = {}

    @property
    def here(self) -> LoopParts:
        """The parts of the loop that runs."""
        loop = asyncio.get_running_loop()
        if loop not in self._parts:
            for other in [known for known in self._parts if known.is_closed()]:
                self._parts.pop(other, None)
            self._parts[loop] = LoopParts(self.leases, self.settings)
        return self._parts[loop]
