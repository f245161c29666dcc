"""The turns under way in this process: begun, followed, stopped, checkpointed, recovered."""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from .. import ids
from ..context import Context, Owner
from ..errors import (
    NotFound,
    ServiceUnavailable,
    ThreadBusy,
    TurnActive,
    TurnInterrupted,
    TurnRepeated,
)
from ..live.base import LiveLog, LogReader
from ..protocol.sse import frame
from ..responders.base import StreamingResponder
from ..settings import Settings
from ..stores.base import Store, TurnChanges, TurnRecord
from ..turn import Turn
from .openings import Opening, Openings
from .recorder import Recorder
from .recovery import host_prefix, is_dead, new_holder, recover
from .repeats import is_repeat, open_again, stored_answer
from .runner import TurnRunner
from .thread_items import ThreadItems
from .thread_state import ThreadState

logger = logging.getLogger("chatkeep.turn")

_SPACING_A_TURN = 0.0001
_MIN_SPACING = 0.002
_MAX_SPACING = 0.05


class Audience:
    """How many clients have a turn's events, or are getting them."""

    def __init__(self) -> None:
        self.count = 0


class Begun(NamedTuple):
    """A turn that has begun, its events from the first on, and who else reads them."""

    record: TurnRecord
    events: LogReader | Sequence[bytes]
    audience: Audience


class Turns:
    """The turns of this process.

    Args:
        live: Where their events can be followed.
        settings: Their bounds and deadlines.
        namer: Gives a new thread its title.
    """

    def __init__(
        self, live: LiveLog, settings: Settings, namer: Callable[[Turn], Any] | None = None
    ) -> None:
        self._live = live
        self._settings = settings
        self._namer = namer
        self._holder, self._process = new_holder(), os.getpid()
        self._running: dict[str, TurnRunner] = {}
        self._beginning: set[str] = set()
        self._audiences: WeakValueDictionary[str, Audience] = WeakValueDictionary()
        self._ticker: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[Any]] = set()
        self._closing = False

    # Beginning

    async def begin(
        self,
        openings: Openings,
        opening: Opening,
        context: Context,
        responder: StreamingResponder,
        request_key: str | None = None,
    ) -> Begun:
        """Begin a turn, and return its events from the first on.

        A request that came before, and whose answer never arrived, gets the
        turn that it began then (`repeats`).

        Args:
            openings: What made the opening, and makes another if the first
                answer came to nothing.

        Raises:
            ThreadBusy: Another turn holds the thread.
            ClientError: The opening's refusal.
            ServiceUnavailable: The server is closing.
        """
        if self._closing:
            raise ServiceUnavailable
        record = self._record(opening, context.owner, request_key)
        horizon = record.started_at - timedelta(seconds=self._settings.repeat_window)
        try:
            return await self._begin(openings, record, opening, context, responder, horizon)
        except TurnRepeated as repeated:
            earlier = await self._settled(openings.store, repeated.turn)
        if not await is_repeat(openings, opening, earlier):
            return await self._begin(openings, record, opening, context, responder, None)
        begun = await self._join(openings, opening, earlier, context, responder)
        await openings.store.mark_delivered(earlier.owner, earlier.id, delivered=True)
        return begun

    async def _begin(
        self,
        openings: Openings,
        record: TurnRecord,
        opening: Opening,
        context: Context,
        responder: StreamingResponder,
        horizon: datetime | None,
    ) -> Begun:
        store = openings.store
        self._beginning.add(record.id)
        try:
            await self._take_thread(store, record, opening, horizon)
            if opening.refusal is not None:
                await store.finish_turn(record, "failed", TurnChanges())
                raise opening.refusal
            if opening.again and opening.input is not None:  # now that no one else adds to it
                opening.superseded = await openings.ids_after(record.thread_id, opening.input.id)
            return self._start(store, record, opening, context, responder)
        finally:
            self._beginning.discard(record.id)

    async def _take_thread(
        self, store: Store, record: TurnRecord, opening: Opening, horizon: datetime | None
    ) -> None:
        for attempt in (1, 2):
            try:
                await store.begin_turn(
                    record,
                    thread=opening.thread if opening.is_new else None,
                    items=opening.items,
                    attachments=opening.attachments,
                    repeated_since=horizon,
                )
            except TurnActive as active:
                if attempt == 2 or not self._is_gone(active.turn):
                    raise ThreadBusy from None
                await recover(store, active.turn)
            else:
                return

    def _record(self, opening: Opening, owner: Owner, request_key: str | None) -> TurnRecord:
        now = datetime.now(UTC)
        return TurnRecord(
            id=ids.turn_id(),
            owner=owner,
            thread_id=opening.thread.id,
            kind=opening.request_type,
            holder=self._holder,
            started_at=now,
            lease_expires_at=now + timedelta(seconds=self._settings.lease_seconds),
            request_key=request_key,
            input_item_id=opening.message.id if opening.message else None,
        )

    def _is_gone(self, turn: TurnRecord) -> bool:
        """Whether no one runs an active turn. Of this process's own it is known for certain."""
        if turn.holder == self._holder:
            return turn.id not in self._running and turn.id not in self._beginning
        return is_dead(turn)

    async def _settled(self, store: Store, turn: TurnRecord) -> TurnRecord:
        """The turn as it is once it has been recovered, if no one runs it any more."""
        if turn.status != "active" or not self._is_gone(turn):
            return turn
        await recover(store, turn)
        return await store.get_turn(turn.owner, turn.id)

    async def _join(
        self,
        openings: Openings,
        opening: Opening,
        earlier: TurnRecord,
        context: Context,
        responder: StreamingResponder,
    ) -> Begun:
        """Follow the turn that the same request began, or let its answer be given again."""
        if earlier.status in {"active", "finished", "failed"}:
            reader = self._live.reader(earlier.id)
            if reader is not None:
                return self._begun(earlier, reader)
        if earlier.status == "active":
            raise ThreadBusy  # it runs in another worker, whose log isn't here
        again = await open_again(openings, opening, earlier)
        if earlier.status == "finished" and opening.kind != "action":
            return self._begun(earlier, await stored_answer(openings, again))
        record = self._record(again, earlier.owner, earlier.request_key)
        return await self._begin(openings, record, again, context, responder, None)

    def _begun(self, record: TurnRecord, events: LogReader | Sequence[bytes]) -> Begun:
        audience = self._audiences.setdefault(record.id, Audience())
        audience.count += 1
        return Begun(record, events, audience)

    def _start(
        self,
        store: Store,
        record: TurnRecord,
        opening: Opening,
        context: Context,
        responder: StreamingResponder,
    ) -> Begun:
        log = self._live.create(record.id)
        until = opening.input if opening.again else None
        items = ThreadItems(store, record.owner, record.thread_id, until)
        recorder = Recorder(
            record.thread_id,
            log,
            items,
            self._settings.max_answer_bytes,
            opening.new_item_id,
            implicit_messages=opening.implicit_messages,
            in_order=opening.in_order,
        )
        for event in (*opening.greeting, opening.stream_options, *opening.news):
            log.append(frame(event))
        state = ThreadState(opening.thread)
        turn = Turn(
            id=record.id,
            kind=opening.kind,
            context=context,
            thread=state,
            input=opening.input,
            message=opening.message,
            action=opening.action,
            recorder=recorder,
            load_items=items.newest,
        )
        runner = TurnRunner(
            turn=turn,
            record=record,
            responder=responder,
            recorder=recorder,
            state=state,
            log=log,
            store=store,
            settings=self._settings,
            superseded=opening.superseded,
            namer=self._namer if opening.is_new else None,
            on_end=self._ended,
        )
        self._running[record.id] = runner
        self._ensure_ticking()
        reader = self._live.reader(record.id)
        assert reader is not None  # noqa: S101 - it was created above
        runner.start()
        return self._begun(record, reader)

    def _ended(self, runner: TurnRunner) -> None:
        self._running.pop(runner.record.id, None)

    def spacing(self) -> float:
        """Return how many seconds lie between two writes to one client.

        Each write costs about as much as all else that a piece of text costs, so
        the busier the process, the more goes into one: with few turns each
        piece goes at once, with 500 and more a stream is written 20 times a
        second, which still reads as flowing.
        """
        seconds = min(len(self._running) * _SPACING_A_TURN, _MAX_SPACING)
        return seconds if seconds >= _MIN_SPACING else 0.0

    # Stopping

    async def stop(self, store: Store, owner: Owner, thread_id: str) -> None:
        """Stop the thread's turn, wherever it runs; return when it has ended here.

        Raises:
            NotFound: There is no such thread.
        """
        record = await store.request_stop(owner, thread_id)
        if record is None:
            return
        runner = self._running.get(record.id)
        if runner is not None:
            runner.stop()
            await runner.join()
        elif self._is_gone(record):
            await recover(store, record)

    def leave(self, store: Store, begun: Begun, *, may_return: bool) -> None:
        """Take note that a client left before the end of the answer."""
        begun.audience.count -= 1
        if begun.audience.count > 0:
            return
        record = begun.record
        runner = self._running.get(record.id)
        if runner is None and self._closing:
            return  # the store may be closed, and knows what was interrupted
        # Noted first: whoever finds the thread free must find out why.
        self._in_background(store.mark_delivered(record.owner, record.id, delivered=False))
        if runner is not None and not may_return and self._settings.on_disconnect == "stop":
            runner.stop()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background_done)

    def _background_done(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, NotFound):  # the thread went meanwhile
            logger.error("a note on a turn could not be kept: %r", error, exc_info=error)

    # The passing of time

    def _ensure_ticking(self) -> None:
        if self._ticker is None or self._ticker.done():
            self._ticker = asyncio.create_task(self._tick(), name="chatkeep ticker")

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        before = loop.time()
        while self._running:
            await asyncio.sleep(self._settings.checkpoint_interval)
            now = loop.time()
            for runner in list(self._running.values()):
                runner.tick(now - before)
                if runner.ended:
                    await self._keep_again(runner)
            before = now
            await self._checkpoint()

    async def _keep_again(self, runner: TurnRunner) -> None:
        """Keep what the store failed to keep when the turn ended, or give it up in the end."""
        try:
            await runner.keep_items()
        except Exception:
            logger.exception("turn %s could not be kept", runner.record.id)
            if runner.overdue < self._settings.lease_seconds:
                return
        self._ended(runner)

    async def _checkpoint(self) -> None:
        """Save what each turn has streamed since the last time, renew the leases."""
        by_store: dict[Store, list[tuple[str, bytes]]] = {}
        for runner in self._running.values():
            frames = by_store.setdefault(runner.store, [])
            if not runner.ending and (unsaved := runner.take_unsaved()):
                frames.append((runner.record.id, unsaved))
        for store, frames in by_store.items():
            await self._save(store, frames)

    async def _save(self, store: Store, frames: list[tuple[str, bytes]]) -> None:
        lease = datetime.now(UTC) + timedelta(seconds=self._settings.lease_seconds)
        try:
            to_stop = await store.checkpoint(self._holder, lease, frames)
        except Exception:
            logger.exception("turns under way could not be saved; trying again")
            for turn_id, unsaved in frames:
                if turn_id in self._running:
                    self._running[turn_id].unsaved = unsaved
            return
        for turn_id in to_stop:
            if turn_id in self._running:
                self._running[turn_id].stop()

    # Opening and closing

    async def open(self, store: Store) -> None:
        """Begin to take turns; first keep what those of dead workers had streamed."""
        if self._process != os.getpid():  # forked since: its parent's name is not its own
            self._holder, self._process = new_holder(), os.getpid()
        self._closing = False
        for turn in await store.expired_turns(datetime.now(UTC), host_prefix()):
            if not self._is_gone(turn):
                continue
            try:
                await recover(store, turn)
            except Exception:  # one turn must not keep a server from starting
                logger.exception("turn %s of a dead worker could not be recovered", turn.id)

    async def close(self) -> None:
        """Begin no more turns. Let those under way finish for a while, then keep what they have."""
        self._closing = True
        runners = list(self._running.values())
        if runners:
            joins = [asyncio.ensure_future(runner.join()) for runner in runners]
            await asyncio.wait(joins, timeout=self._settings.shutdown_grace)
            for runner in runners:
                runner.fail(TurnInterrupted(), "interrupted")
            await asyncio.wait(joins)
        if self._ticker is not None and not self._ticker.done():  # else its loop may have ended
            self._ticker.cancel()
            await asyncio.wait([self._ticker])
        for runner in list(self._running.values()):
            await self._keep_again(runner)
        if self._background:
            await asyncio.wait(self._background)
