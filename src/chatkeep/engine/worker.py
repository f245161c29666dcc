"""A worker: the turns that this process runs, and the beats that keep hold of them.

Each beat has a task of its own, so that none waits for another: leases are
renewed though a saving hangs, and what was streamed is saved though the end of
some turn has to be tried again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any, Protocol

from ..errors import NotFound, TurnInterrupted, TurnLost
from ..hooks import Observer
from ..live.base import LiveLog
from ..settings import Settings
from ..stores.base import Checkpoint, Held, Store, TurnChanges, TurnRecord
from .clock import steady
from .patience import patience
from .runner import TurnRunner
from .workers import new_holder

logger = logging.getLogger("chatkeep.turn")

_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 5.0
"""Seconds between two tries to keep the end of a turn."""


class Leases(Protocol):
    """What a worker needs of its store, for all of its turns at once."""

    async def renew(self, holder: str, lease_seconds: float) -> Held:
        """Let the leases of a holder's turns last so long from now on (`Store.renew`)."""
        ...

    async def checkpoint(self, holder: str, pieces: Sequence[Checkpoint]) -> None:
        """Keep what a holder's turns have streamed (`Store.checkpoint`)."""
        ...


class Worker:
    """This process's hold on its turns.

    Args:
        leases: What gives it that hold: the store that the turns are in.
        live: Where the turns' events can be followed.
        settings: Bounds and deadlines.
        observer: Is told of the turns.

    Attributes:
        running: The turns that this process runs, or has yet to keep the end of.
        beginning: Those that it is about to run.
        closing: Whether no more turns may begin.
    """

    def __init__(
        self,
        leases: Leases,
        live: LiveLog,
        settings: Settings,
        observer: Observer | None = None,
    ) -> None:
        self._leases = leases
        self.live = live
        self.observer = observer
        self.settings = settings
        self.running: dict[str, TurnRunner] = {}
        self.beginning: dict[str, TurnRecord] = {}
        self.closing = False
        self._holder: str | None = None
        self._beats: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._doubts: dict[str, asyncio.Task[Any]] = {}

    @property
    def holder(self) -> str:
        """The worker's name. It is made when first needed, after any fork."""
        if self._holder is None:
            self._holder = new_holder()
        return self._holder

    def open(self) -> None:
        """Begin to take turns, under a name of its own."""
        self._holder = new_holder()
        self.closing = False

    def runs(self, turn_id: str) -> bool:
        """Whether this process runs a turn, or is about to."""
        return turn_id in self.running or turn_id in self.beginning

    # Turns

    def add(self, runner: TurnRunner) -> None:
        """Take hold of a turn that begins to run."""
        self.running[runner.record.id] = runner
        self._ensure_beating()

    def ended(self, runner: TurnRunner) -> None:
        """Let go of a turn that has ended, or go on trying to keep its end."""
        if runner.kept or runner.lost:
            self.running.pop(runner.record.id, None)
        else:
            self.in_background(self._keep_again(runner))

    async def _keep_again(self, runner: TurnRunner) -> None:
        """Try to keep the end of a turn for as long as a turn may take.

        A database that is gone for everybody may come back to where it was, and
        only this worker has all that was shown. Should another one have taken the
        thread over meanwhile, the store says so, and nothing is written.
        """
        loop = asyncio.get_running_loop()
        pause, until = _FIRST_PAUSE, loop.time() + self.settings.turn_timeout
        try:
            while loop.time() < until and not self.closing:
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                if await self._keep(runner):
                    return
        finally:
            if not self.closing:
                self.running.pop(runner.record.id, None)

    async def _keep(self, runner: TurnRunner) -> bool:
        """Try once to keep the end of a turn; return whether there is nothing left to try."""
        try:
            async with patience(self.settings.keep_timeout):
                await runner.keep()
        except TurnLost:
            return True
        except Exception:
            logger.exception("turn %s could not be kept; trying again", runner.record.id)
            return False
        return True

    def doubt(self, store: Store, record: TurnRecord) -> None:
        """Take back, when the store answers again, a turn that may have begun there.

        Until that is known, nobody can say whether the request that comes again is
        the same one: `settled` waits for it.
        """
        key = record.request_key or record.id
        self._doubts[key] = self.in_background(self._take_back(store, record, key))

    async def settled(self, request_key: str | None) -> None:
        """Wait until nothing is in doubt about a request that may have come before."""
        doubt = self._doubts.get(request_key or "")
        if doubt is not None:
            await asyncio.wait([doubt], timeout=self.settings.keep_timeout)

    async def _take_back(self, store: Store, record: TurnRecord, key: str) -> None:
        pause = _FIRST_PAUSE
        try:
            while not (await self._is_taken_back(store, record) or self.closing):
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        finally:
            if self._doubts.get(key) is asyncio.current_task():
                del self._doubts[key]

    async def _is_taken_back(self, store: Store, record: TurnRecord) -> bool:
        try:
            async with patience(self.settings.keep_timeout):
                await store.finish_turn(record, "interrupted", TurnChanges(delivered=False))
        except Exception:  # noqa: BLE001 - whatever it is, the store does not answer yet
            return False
        return True

    # Notes that nobody waits for

    def in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do some work in a task of its own, and log how it fails."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, NotFound):  # the thread went meanwhile
            logger.error("a note on a turn could not be kept: %r", error, exc_info=error)

    # Beats

    def _ensure_beating(self) -> None:
        settings = self.settings
        for interval, act in (
            (settings.tick_interval, self._tick),
            (settings.renew_interval, self._renew),
            (settings.checkpoint_interval, self._save),
        ):
            beat = self._beats.get(act.__name__)
            if beat is None or not _is_alive(beat):
                self._beats[act.__name__] = asyncio.create_task(self._beat(interval, act))

    async def _beat(self, interval: float, act: Callable[[float], Awaitable[None]]) -> None:
        """Act again and again, with what time has passed, for as long as anything runs."""
        loop = asyncio.get_running_loop()
        before = loop.time()
        while self.running:
            await asyncio.sleep(interval)
            now = loop.time()
            try:
                async with patience(self.settings.lease_seconds):
                    await act(now - before)
            except Exception:
                logger.exception("the turns under way could not be looked after")
            before = now

    async def _tick(self, passed: float) -> None:
        """Let time pass for each turn: one that takes too long is ended."""
        for runner in list(self.running.values()):
            if not runner.ending:
                runner.tick(passed)

    async def _renew(self, _passed: float) -> None:
        """Renew the leases of all turns."""
        runners, settings, asked_at = [*self.running.values()], self.settings, steady()
        try:
            async with patience(settings.lease_seconds / 2):
                held = await self._leases.renew(self.holder, settings.lease_seconds)
        except Exception:
            logger.exception("leases could not be renewed; trying again")
            return
        for runner in runners:
            turn_id = runner.record.id
            if turn_id in held.active:
                runner.renewed(asked_at)
                if turn_id in held.to_stop:
                    runner.stop()
            elif not runner.ending:
                runner.lose()

    async def _save(self, _passed: float) -> None:
        """Save what each turn has streamed since the last time."""
        runners = [runner for runner in self.running.values() if not runner.ending]
        pieces = [(runner, piece) for runner in runners if (piece := runner.journal.unsaved())]
        if not pieces:
            return
        try:
            async with patience(self.settings.lease_seconds):
                await self._leases.checkpoint(self.holder, [piece for _, piece in pieces])
        except Exception:
            logger.exception("turns under way could not be saved; trying again")
            return
        for runner, piece in pieces:
            runner.journal.saved(piece)

    # Closing

    async def close(self) -> None:
        """Begin no more turns. Let those under way finish for a while, then keep what they have.

        Returns within the settings' grace and some multiples of ``keep_timeout``,
        whatever responders, stores and logs do.
        """
        self.closing = True
        settings = self.settings
        await self._wait_for_beginnings(settings.keep_timeout)
        runners = [runner for runner in self.running.values() if not runner.ended]
        for runner in runners:
            runner.closing = True
        await _wait_for(runners, settings.shutdown_grace)
        for runner in runners:
            runner.fail(TurnInterrupted(), "interrupted")
        await _wait_for(runners, 2 * settings.keep_timeout)
        left = [runner for runner in self.running.values() if runner.ending and not runner.kept]
        await asyncio.gather(*map(self._keep, left))
        await _end(self._beats.values(), 0)
        await _end(self._tasks, settings.keep_timeout)
        self.running.clear()
        self._beats.clear()

    async def _wait_for_beginnings(self, seconds: float) -> None:
        """Wait for turns that are about to begin: they find out that they may not."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self.beginning and loop.time() < until:  # noqa: ASYNC110 - it is rare and short
            await asyncio.sleep(0.005)


def _is_alive(task: asyncio.Task[Any]) -> bool:
    """Whether a task goes on. One of another event loop, which has ended, does not."""
    return not task.done() and task.get_loop() is asyncio.get_running_loop()


async def _wait_for(runners: Iterable[TurnRunner], seconds: float) -> None:
    joins = [asyncio.ensure_future(runner.join()) for runner in runners]
    if joins:
        _, late = await asyncio.wait(joins, timeout=seconds)
        for join in late:
            join.cancel()


async def _end(tasks: Iterable[asyncio.Task[Any]], seconds: float) -> None:
    """Give tasks so long to end, and then cancel them."""
    alive = [task for task in tasks if _is_alive(task)]
    if not alive:
        return
    if seconds:
        await asyncio.wait(alive, timeout=seconds)
    for task in alive:
        task.cancel()
    await asyncio.wait(alive, timeout=1)
