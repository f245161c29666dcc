"""The sweeper: ends the turns of dead workers with nobody asking, and forgets what is old."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple

from ..stores.base import Store, TurnRecord
from ..stores.capabilities import Purges
from .patience import patience
from .recovery import recover
from .worker import Worker
from .workers import has_died, place_prefix

logger = logging.getLogger("chatkeep.turn")

_NOBODY = "-"
"""What no worker's name begins with."""

_WHOLE_SWEEP = 5
"""Of so many sweeps one looks at all turns of this machine, not just at lapsed ones."""

_PURGED_AT_ONCE = 100
_PURGE_SECONDS = 60.0


class _Suspect(NamedTuple):
    """What is known of a turn whose lease has lapsed."""

    lease_expires_at: datetime | None
    since: float


class Sweeper:
    """Looks after one store for as long as a server is open.

    A turn whose lease has lapsed is a suspect. It is taken over if the lease is
    still the same after a while: clocks jump, the database's too, and a worker
    that lives renews its lease a moment later.
    """

    def __init__(self, store: Store, worker: Worker) -> None:
        self._store = store
        self._worker = worker
        self._suspects: dict[str, _Suspect] = {}
        self._sweeps = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Sweep once, then again and again."""
        await self._sweep()
        settings = self._worker.settings
        self._tasks = [
            asyncio.create_task(self._repeat(settings.sweep_interval, self._sweep)),
            asyncio.create_task(self._repeat(_PURGE_SECONDS, self._purge)),
        ]

    async def close(self) -> None:
        """Sweep no more."""
        running = asyncio.get_running_loop()
        tasks = [task for task in self._tasks if task.get_loop() is running]
        self._tasks = []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1)

    async def is_abandoned(self, turn: TurnRecord) -> bool:
        """Whether nobody runs a turn that was active; if in doubt, it is watched for a moment."""
        if turn.holder == self._worker.holder:
            return not self._worker.runs(turn.id)
        if has_died(turn.holder):
            return True
        if not turn.lapsed:
            return False
        await asyncio.sleep(self._doubtful_seconds)
        now = await self._store.active_turn(turn.owner, turn.thread_id)
        # It may have been taken over meanwhile; then the thread is free, or another's.
        is_the_same = now is not None and now.id == turn.id
        return not is_the_same or _is_unchanged(now, turn.lease_expires_at)

    async def recover(self, turn: TurnRecord) -> bool:
        """Keep what an abandoned turn streamed, and free its thread."""
        return await recover(self._store, turn, takeover=turn.holder != self._worker.holder)

    async def _repeat(self, interval: float, act: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(interval)
            try:
                async with patience(self._worker.settings.turn_timeout):
                    await act()
            except Exception:
                logger.exception("what dead workers left could not be looked after; trying again")

    async def _sweep(self) -> None:
        """Take over the turns that nobody runs any more."""
        suspects: dict[str, _Suspect] = {}
        prefix = _NOBODY if self._sweeps % _WHOLE_SWEEP else place_prefix()
        self._sweeps += 1
        async with patience(self._worker.settings.keep_timeout):
            orphaned = await self._store.orphaned_turns(prefix)
        for turn in orphaned:
            if self._is_certain(turn):
                await self._take_over(turn)
            elif turn.lapsed and turn.holder != self._worker.holder:
                suspects[turn.id] = self._suspect(turn)
        self._suspects = suspects

    def _is_certain(self, turn: TurnRecord) -> bool:
        if turn.holder == self._worker.holder:
            return not self._worker.runs(turn.id)
        if has_died(turn.holder):
            return True
        suspect = self._suspect(turn)
        watched = asyncio.get_running_loop().time() - suspect.since
        return turn.lapsed and watched >= self._doubtful_seconds

    def _suspect(self, turn: TurnRecord) -> "_Suspect":
        """A turn whose lease has lapsed, with since when it is known to have this lease."""
        known = self._suspects.get(turn.id)
        if known is not None and known.lease_expires_at == turn.lease_expires_at:
            return known
        return _Suspect(turn.lease_expires_at, asyncio.get_running_loop().time())

    @property
    def _doubtful_seconds(self) -> float:
        """In so much time a worker that lives has renewed its leases."""
        return 2 * self._worker.settings.renew_interval

    async def _take_over(self, turn: TurnRecord) -> None:
        try:
            async with patience(self._worker.settings.keep_timeout):
                await self.recover(turn)
        except Exception:  # one turn must not keep a server from starting, nor from its others
            logger.exception("turn %s of a dead worker could not be recovered", turn.id)

    async def _purge(self) -> None:
        """Forget what ended turns streamed, and in time the turns themselves."""
        store, settings = self._store, self._worker.settings
        if not isinstance(store, Purges):
            return
        purged = _PURGED_AT_ONCE
        while purged >= _PURGED_AT_ONCE:
            purged = await store.purge(
                streamed_seconds=settings.replay_seconds,
                turns_seconds=settings.keep_turns_days * 86_400,
                limit=_PURGED_AT_ONCE,
            )


def _is_unchanged(turn: TurnRecord | None, lease_expires_at: datetime | None) -> bool:
    return turn is not None and turn.lapsed and turn.lease_expires_at == lease_expires_at
