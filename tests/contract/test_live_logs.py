"""Every live log keeps the contract of live logs, within one worker and between two."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chatkeep.engine.journal import Journal
from chatkeep.live.base import LiveLog, LogWriter
from chatkeep.live.memory import MemoryLiveLog
from chatkeep.live.store import StoreLiveLog
from chatkeep.stores.base import Store, ThreadRecord, TurnChanges, TurnRecord
from chatkeep.stores.memory import MemoryStore
from chatkeep.stores.sql import SQLStore
from chatkeep.testing.live_contract import LiveLogContract


def memory_log() -> MemoryLiveLog:
    return MemoryLiveLog(replay_seconds=60, replay_bytes=10_000_000)


class TestMemoryLiveLog(LiveLogContract):
    @pytest.fixture
    async def live(self) -> AsyncIterator[LiveLog]:
        live = memory_log()
        await live.open()
        yield live
        await live.close()


class SavingWriter(LogWriter):
    """Writes as the engine does: to the log, and to the store by checkpoints and a tail."""

    def __init__(self, store: Store, turn: TurnRecord, log: LogWriter) -> None:
        self._store = store
        self._turn = turn
        self._log = log
        self._journal = Journal(turn.id)
        self._ended = False
        self._saving = asyncio.Lock()
        self.tasks: list[asyncio.Task[None]] = []

    def append(self, frame: bytes) -> None:
        if not self._ended:
            self._journal.entries.append(frame)
            self._log.append(frame)
            self._begin_to_save()

    def end(self) -> None:
        if not self._ended:
            self._ended = True
            self._log.end()
            self._begin_to_save()

    @property
    def readers(self) -> int:
        return self._log.readers

    def _begin_to_save(self) -> None:
        if len(self.tasks) < 2 or self.tasks[-2].done():
            self.tasks.append(asyncio.create_task(self._save()))

    async def _save(self) -> None:
        async with self._saving:
            piece = self._journal.unsaved()
            if self._ended:
                await self._store.finish_turn(self._turn, "finished", TurnChanges(tail=piece))
            elif piece is not None:
                await self._store.checkpoint(self._turn.holder, [piece])
            if piece is not None:
                self._journal.saved(piece)


class BetweenWorkers(LiveLogContract):
    """Turns run in one worker and are followed in another one."""

    turns: Store
    writers: list[SavingWriter]

    @pytest.fixture
    async def live(self, store: Store) -> AsyncIterator[LiveLog]:
        self.writers = []
        self.turns = store
        live = StoreLiveLog(store, memory_log())
        await live.open()
        yield live
        await asyncio.gather(*(task for writer in self.writers for task in writer.tasks))
        await live.close()

    @pytest.fixture
    async def elsewhere(self, live: LiveLog, store: Store) -> AsyncIterator[LiveLog]:
        """The log of another worker."""
        elsewhere = StoreLiveLog(store, memory_log())
        await elsewhere.open()
        yield elsewhere
        await elsewhere.close()

    async def begun(self, live: LiveLog) -> tuple[TurnRecord, LogWriter]:
        turn = self.a_turn()
        thread = ThreadRecord(turn.thread_id, turn.started_at)
        await self.turns.begin_turn(turn, lease_seconds=30, thread=thread)
        writer = SavingWriter(self.turns, turn, live.create(turn))
        self.writers.append(writer)
        return turn, writer


@asynccontextmanager
async def opened(store: Store) -> AsyncIterator[Store]:
    await store.open()
    yield store
    await store.close()


class TestStoreLiveLogInOneWorker(LiveLogContract):
    @pytest.fixture
    async def live(self, tmp_path: Path) -> AsyncIterator[LiveLog]:
        async with opened(SQLStore(f"sqlite:///{tmp_path}/chat.db")) as store:
            live = StoreLiveLog(store, memory_log())
            await live.open()
            yield live
            await live.close()


class TestStoreLiveLogOverAnyStore(BetweenWorkers):
    @pytest.fixture
    async def store(self) -> AsyncIterator[Store]:
        async with opened(MemoryStore()) as store:
            yield store


class TestStoreLiveLogOnSQLite(BetweenWorkers):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[Store]:
        async with opened(SQLStore(f"sqlite:///{tmp_path}/chat.db")) as store:
            yield store


class TestStoreLiveLogOnPostgreSQL(BetweenWorkers):
    @pytest.fixture
    async def store(self, postgres_url: str) -> AsyncIterator[Store]:
        async with opened(SQLStore(postgres_url)) as store:
            yield store
