"""The live log of several workers on one store, with nothing else to run.

A worker's own turns are followed from memory, frame by frame. Those of others
are read from the store, where each worker saves what its turns stream, once a
second; so their text comes in pieces, a second late at most.
"""

import asyncio
from collections import deque
from contextlib import suppress

from ..stores.base import Store, TurnRecord
from .base import FollowLost, LiveLog, LogReader, LogWriter
from .entries import frames_of
from .memory import portion
from .watch import Watch, Watched


class StoreLiveLog(LiveLog):
    """Follows the turns of this process in memory, those of others by their checkpoints.

    Args:
        store: Where all workers keep their turns.
        local: Has this process's own turns.
    """

    def __init__(self, store: Store, local: LiveLog) -> None:
        self._store = store
        self._local = local
        self._watch = Watch(store)

    async def open(self) -> None:
        await self._local.open()

    async def close(self) -> None:
        await self._watch.close()
        await self._local.close()

    async def ping(self) -> None:
        await self._local.ping()
        await self._store.ping()

    def create(self, turn: TurnRecord) -> LogWriter:
        return self._local.create(turn)

    async def reader(self, turn: TurnRecord, position: int = 0) -> LogReader | None:
        local = await self._local.reader(turn, position)
        if local is not None:
            return local
        try:
            progress = (await self._store.progress([turn])).get(turn.id)
            if progress is None:
                return None
            if progress.status != "active" and not await self._has_pieces(turn, progress.frames):
                return None
        except Exception as error:
            raise FollowLost(f"the store does not answer: {error!r}") from error
        return _StoreReader(self._store, self._watch, self._watch.follow(turn, progress), position)

    async def _has_pieces(self, turn: TurnRecord, frames: int | None) -> bool:
        """Whether what an ended turn streamed is still there."""
        if frames is None:
            return bool(await self._store.load_checkpoints(turn))
        return frames > 0


class _StoreReader(LogReader):
    def __init__(self, store: Store, watch: Watch, watched: Watched, position: int) -> None:
        self.position = position
        self._store = store
        self._watch = watch
        self._watched = watched
        self._seen: int | None = None
        self._runs: deque[tuple[int, list[bytes]]] = deque()
        """What was loaded and not read yet. Numbers jump between two runs."""
        self._news = asyncio.Event()
        self._over = False
        watched.followers.add(self)

    async def read(self, gather: float = 0.0) -> list[bytes]:
        if gather and not (self._over or self._watched.ended):
            await self._wait_for_end(gather)
        while not (self._runs or self._over):
            await self._look()
        if self._over:
            return []
        return self._take()

    def wake(self) -> None:
        """Look again: there may be something new."""
        self._news.set()

    def close(self) -> None:
        self._over = True
        self._runs.clear()
        self._watch.leave(self._watched, self)
        self.wake()

    async def _wait_for_end(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not (self._over or self._watched.ended):
                    self._news.clear()
                    await self._news.wait()

    async def _look(self) -> None:
        """Load what is new, or wait until something is, or come to the end."""
        watched = self._watched
        if watched.failure is not None:
            raise FollowLost(*watched.failure.args) from watched.failure
        version, ended = watched.version, watched.ended
        if version != self._seen:
            await self._load(version)
        elif not ended:
            self._news.clear()
            await self._news.wait()
        elif watched.gone or self.position < (watched.frames or 0):
            # Its end was not read. Whoever comes back learns what became of it.
            raise FollowLost("what the turn streamed is gone")
        else:
            self.close()

    async def _load(self, version: int) -> None:
        try:
            pieces = await self._store.load_checkpoints(self._watched.turn, self.position)
        except Exception as error:
            raise FollowLost(f"the store does not answer: {error!r}") from error
        if not self._over:
            self._runs.extend(frames_of(pieces, self.position))
            self._seen = version

    def _take(self) -> list[bytes]:
        first, frames = self._runs[0]
        start = max(0, self.position - first)
        taken = portion(frames, start)
        self.position = first + start + len(taken)
        if start + len(taken) == len(frames):
            self._runs.popleft()
        return taken
