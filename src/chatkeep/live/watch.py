"""Watching turns of other workers: one question to the store for all who follow.

It is asked when the store wakes us, if it can (`Wakes`), and by the clock in any
case: a thread that is deleted wakes nobody, and a connection may have died
without a word.
"""

import asyncio
import logging
from contextlib import aclosing, suppress
from typing import Any, Protocol

from ..stores.base import Progress, Store, TurnRecord
from ..stores.capabilities import Wakes
from .base import FollowLost

logger = logging.getLogger("chatkeep.live")

_PAUSE = 0.2
_WOKEN_PAUSE = 1.0
"""Seconds between two looks by the clock: alone, and beside a store that wakes us."""

_SHORTEST_PAUSE = 0.02
"""However often the store wakes us."""

_STORE_PATIENCE = 10.0
_LISTEN_AGAIN = 10.0
"""Seconds until a store that can't wake us, or no more, is asked to again."""


class Follower(Protocol):
    """Who is to be told that there may be something new."""

    def wake(self) -> None:
        """Look again."""


class Watched:
    """A turn of another worker, as far as this one knows.

    Attributes:
        turn: The turn.
        version: Another one for each change.
        ended: Whether nothing is added any more.
        gone: Whether it was deleted, with its thread.
        frames: The number after that of the last frame, as far as it is known.
        failure: Why it can't be followed at the moment, if so.
        followers: Who follows.
    """

    def __init__(self, turn: TurnRecord, progress: Progress) -> None:
        self.turn = turn
        self.version = 0
        self.ended = False
        self.gone = False
        self.failure: FollowLost | None = None
        self.followers: set[Follower] = set()
        self.frames: int | None = None
        self.update(progress)

    def update(self, progress: Progress | None) -> None:
        """Take in how far the turn has come; None if it is gone."""
        self.failure = None
        self.gone = progress is None
        frames = None if progress is None else progress.frames
        ended = progress is None or progress.status != "active"
        if frames is None or frames != self.frames or ended != self.ended:
            self.frames, self.ended = frames, ended
            self.version += 1
            self._wake()

    def fail(self, failure: FollowLost) -> None:
        """Take in that nothing is known."""
        self.failure = failure
        self._wake()

    def _wake(self) -> None:
        for follower in self.followers:
            follower.wake()


class Watch:
    """Watches a store for as long as anybody follows."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._watched: dict[str, Watched] = {}
        self._news = asyncio.Event()
        self._woken = False
        self._task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    def follow(self, turn: TurnRecord, progress: Progress) -> Watched:
        """Return what is known of a turn, and watch it from now on, if it has not ended."""
        watched = self._watched.get(turn.id)
        if watched is not None:
            watched.update(progress)
            return watched
        watched = Watched(turn, progress)
        if not watched.ended:
            self._watched[turn.id] = watched
            self._ensure_watching()
        return watched

    def leave(self, watched: Watched, follower: Follower) -> None:
        """Take note that a follower follows no more."""
        watched.followers.discard(follower)
        if not watched.followers and self._watched.get(watched.turn.id) is watched:
            del self._watched[watched.turn.id]
            if not self._watched:
                self._news.set()

    async def close(self) -> None:
        """Watch no more; whoever still follows is to come back, to another worker."""
        running = asyncio.get_running_loop()
        tasks = [task for task in self._tasks if task.get_loop() is running]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_STORE_PATIENCE)
        watched, self._watched = self._watched, {}
        for each in watched.values():
            each.fail(FollowLost("this worker closes"))

    # Looking

    def _ensure_watching(self) -> None:
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            self._news = asyncio.Event()
            self._task = self._in_background(self._look_again_and_again())

    def _in_background(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _look_again_and_again(self) -> None:
        listening = None
        if isinstance(self._store, Wakes):
            listening = self._in_background(self._listen(self._store))
        try:
            while self._watched:
                await self._pause()
                await self._look()
        finally:
            self._task = None
            if listening is not None:
                listening.cancel()

    async def _pause(self) -> None:
        await asyncio.sleep(_SHORTEST_PAUSE)
        with suppress(TimeoutError):
            async with asyncio.timeout(_WOKEN_PAUSE if self._woken else _PAUSE):
                await self._news.wait()
        self._news.clear()

    async def _look(self) -> None:
        watched = list(self._watched.values())
        if not watched:
            return
        try:
            async with asyncio.timeout(_STORE_PATIENCE):
                found = await self._store.progress([each.turn for each in watched])
        except Exception as error:  # noqa: BLE001 - each follower is told
            logger.warning("turns of other workers can't be followed: %r", error)
            for each in watched:
                each.fail(FollowLost(f"the store does not answer: {error!r}"))
            return
        for each in watched:
            each.update(found.get(each.turn.id))
            if each.ended:
                self._watched.pop(each.turn.id, None)

    # Being woken

    async def _listen(self, store: Wakes) -> None:
        while True:
            try:
                async with aclosing(store.woken()) as woken:
                    async for _ in woken:
                        self._woken = True
                        self._news.set()
            except Exception as error:  # noqa: BLE001 - the clock is enough
                logger.info("the store can't wake followers at the moment: %r", error)
            finally:
                self._woken = False
                self._news.set()
            await asyncio.sleep(_LISTEN_AGAIN)
