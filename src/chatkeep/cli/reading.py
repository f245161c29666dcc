"""Reading one answer in a terminal: Ctrl-C asks the server to stop it, a second one leaves."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from types import FrameType

from ..client import ChatClient, ClientFailure, Event
from .answer import Answer, View


class Leave(Exception):
    """The person wants to go."""


class Reading:
    """Reads one answer's events, and listens for Ctrl-C meanwhile."""

    def __init__(
        self, client: ChatClient, events: AsyncGenerator[Event], answer: Answer, view: View
    ) -> None:
        self._client = client
        self._events = events
        self._answer = answer
        self._view = view
        self._interrupts = 0
        self._stopping: asyncio.Task[None] | None = None

    async def run(self) -> bool:
        """Read to the end, and return whether the answer was stopped.

        Raises:
            ClientFailure: What reading raises.
            Leave: Ctrl-C came twice.
        """
        self._task = asyncio.create_task(self._read())
        with _on_interrupt(self._interrupt):
            await asyncio.wait([self._task])
        if self._stopping:
            self._stopping.cancel()
        if self._interrupts > 1:
            raise Leave
        if not self._task.cancelled():
            self._task.result()
        return self._interrupts > 0

    async def _read(self) -> None:
        async with aclosing(self._events):
            async for event in self._events:
                self._answer.feed(event)

    def _interrupt(self) -> None:
        self._interrupts += 1
        if self._interrupts > 1 or self._answer.thread_id is None:
            self._task.cancel()
        elif self._stopping is None:
            self._view.status("Stopping. Ctrl-C again leaves.")
            self._stopping = asyncio.create_task(self._stop(self._answer.thread_id))

    async def _stop(self, thread_id: str) -> None:
        """Ask the server to stop; from one that knows no such request, just part."""
        try:
            await self._client.stop(thread_id)
        except ClientFailure:
            self._task.cancel()


@contextmanager
def _on_interrupt(action: Callable[[], None]) -> Iterator[None]:
    """Have Ctrl-C call ``action`` on the running loop."""
    loop = asyncio.get_running_loop()

    def handle(_signal: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(action)

    previous = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
