"""One store's turns: begun, joined by a request that comes twice, followed, stopped, left."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from .. import ids
from ..context import Context, Owner
from ..errors import (
    NotFound,
    ServiceUnavailable,
    ThreadBusy,
    TooManyTurns,
    TurnActive,
    TurnInterrupted,
    TurnRepeated,
)
from ..live.base import FollowLost, LogReader
from ..live.frames import Frames
from ..responders.base import StreamingResponder
from ..stores.base import Store, TurnRecord
from ..turn import Turn
from .assembly import assemble
from .clock import steady
from .openings import Opening, Openings
from .patience import patience
from .repeats import is_repeat, open_again, stored_answer
from .runner import TurnRunner
from .sweeper import Sweeper
from .worker import Worker

logger = logging.getLogger("chatkeep.turn")

_SPACING_A_TURN = 0.0001
_MIN_SPACING = 0.002
_MAX_SPACING = 0.05


class TurnStart(NamedTuple):
    """A turn as one client reads it: its events from some place on.

    ``runner`` is what runs it, if that is in this process.
    """

    record: TurnRecord
    reader: LogReader
    runner: TurnRunner | None


class Turns:
    """The turns of one store, as far as this worker has to do with them.

    Args:
        store: Where they are kept.
        worker: What holds those that run here.
        namer: Gives a new thread its title.
    """

    def __init__(
        self, store: Store, worker: Worker, namer: Callable[[Turn], Any] | None = None
    ) -> None:
        self._store = store
        self._worker = worker
        self._settings = worker.settings
        self._namer = namer
        self._sweeper = Sweeper(store, worker)
        self._notes: dict[str, asyncio.Task[None]] = {}

    # Beginning

    async def begin(
        self,
        openings: Openings,
        opening: Opening,
        context: Context,
        responder: StreamingResponder,
        request_key: str | None = None,
    ) -> TurnStart:
        """Begin a turn, and return its events from the first on.

        A request that came before, and whose answer never arrived, gets the
        turn that it began then (`repeats`).

        Args:
            openings: What made the opening, and makes another if the first
                answer came to nothing.

        Raises:
            ThreadBusy: Another turn holds the thread.
            TooManyTurns: The user has too many under way.
            ClientError: The opening's refusal.
            ServiceUnavailable: The server is closing.
        """
        await self._settle_notes()
        await self._worker.settled(request_key)
        self._refuse_if_closing()
        record = self._record(opening, context.owner, request_key)
        horizon = record.started_at - timedelta(seconds=self._settings.repeat_window)
        try:
            if opening.refusal is not None:
                raise await self._repeated(record, horizon) or opening.refusal
            return await self._begin(openings, record, opening, context, responder, horizon)
        except TurnRepeated as repeated:
            earlier = await self._settled(repeated.turn)
        if not await is_repeat(openings, opening, earlier):
            if opening.refusal is not None:
                raise opening.refusal
            return await self._begin(openings, record, opening, context, responder, None)
        start = await self._join(openings, opening, earlier, context, responder)
        try:
            await self._store.mark_delivered(earlier.owner, earlier.id, delivered=True)
        except BaseException:
            start.reader.close()
            raise
        return start

    def _refuse_if_closing(self) -> None:
        if self._worker.closing:
            raise ServiceUnavailable

    async def _repeated(self, record: TurnRecord, horizon: datetime) -> TurnRepeated | None:
        earlier = await self._store.repeated_turn(record, horizon)
        return None if earlier is None else TurnRepeated(earlier)

    async def _begin(
        self,
        openings: Openings,
        record: TurnRecord,
        opening: Opening,
        context: Context,
        responder: StreamingResponder,
        horizon: datetime | None,
    ) -> TurnStart:
        worker = self._worker
        worker.beginning[record.id] = record
        asked_at = steady()
        try:
            await self._take_thread(record, opening, horizon)
            try:
                return await self._start(openings, record, opening, context, responder, asked_at)
            except BaseException:
                if record.id not in worker.running:  # it has begun, and nobody runs it
                    worker.doubt(self._store, record)
                raise
        finally:
            del worker.beginning[record.id]

    async def _take_thread(
        self, record: TurnRecord, opening: Opening, horizon: datetime | None
    ) -> None:
        for attempt in (1, 2):
            try:
                await self._store.begin_turn(
                    record,
                    lease_seconds=self._settings.lease_seconds,
                    thread=opening.thread if opening.is_new else None,
                    items=opening.items,
                    attachments=opening.attachments,
                    repeated_since=horizon,
                    max_active=self._settings.max_turns_per_user,
                )
            except TurnActive as active:
                if attempt == 2 or not await self._sweeper.is_abandoned(active.turn):
                    raise ThreadBusy from None
                await self._sweeper.recover(active.turn)
            except (NotFound, TooManyTurns, TurnRepeated):
                raise
            except BaseException:
                self._worker.doubt(self._store, record)  # it may have begun all the same
                raise
            else:
                return

    async def _start(
        self,
        openings: Openings,
        record: TurnRecord,
        opening: Opening,
        context: Context,
        responder: StreamingResponder,
        held_since: float,
    ) -> TurnStart:
        replaces: list[str] = []
        if opening.is_retry and opening.input is not None:
            # Read only now that the turn has the thread, and no one else adds to it.
            after = await openings.items_after(record.thread_id, opening.input.id)
            replaces = [item.id for item in after]
        self._refuse_if_closing()
        runner = assemble(
            opening,
            record,
            context,
            responder,
            replaces,
            store=self._store,
            worker=self._worker,
            namer=self._namer if opening.is_new else None,
            held_since=held_since,
        )
        try:
            reader = await self._reader(record)
        except BaseException:
            runner.fail(TurnInterrupted(), "interrupted")
            raise
        runner.start()
        return TurnStart(record, reader or Frames([]), runner)

    def _record(self, opening: Opening, owner: Owner, request_key: str | None) -> TurnRecord:
        return TurnRecord(
            id=ids.turn_id(),
            owner=owner,
            thread_id=opening.thread.id,
            kind=opening.request_type,
            holder=self._worker.holder,
            started_at=datetime.now(UTC),
            request_key=request_key,
            input_item_id=opening.message.id if opening.message else None,
        )

    # A request that comes twice

    async def _settled(self, turn: TurnRecord) -> TurnRecord:
        """The turn as it is once it has been recovered, if no one runs it any more."""
        if turn.status != "active" or not await self._sweeper.is_abandoned(turn):
            return turn
        await self._sweeper.recover(turn)
        return await self._store.get_turn(turn.owner, turn.id)

    async def _join(
        self,
        openings: Openings,
        opening: Opening,
        earlier: TurnRecord,
        context: Context,
        responder: StreamingResponder,
    ) -> TurnStart:
        """Follow the turn that the same request began, or let its answer be given again."""
        runner = self._worker.running.get(earlier.id)
        if runner is not None and runner.ending:
            await runner.join()
        if runner is None or runner.ending:  # it may have ended since it was read
            earlier = await self._store.get_turn(earlier.owner, earlier.id)
        if earlier.status in {"active", "finished", "failed"}:
            reader = await self._reader(earlier)
            if reader is not None:
                return TurnStart(earlier, reader, runner)
        if earlier.status == "active":
            raise ThreadBusy  # it runs in another worker, and can't be followed from here
        again = await open_again(openings, opening, earlier)
        if earlier.status == "finished" and opening.kind != "action":
            return TurnStart(earlier, Frames(await stored_answer(openings, again)), None)
        record = self._record(again, earlier.owner, earlier.request_key)
        return await self._begin(openings, record, again, context, responder, None)

    async def _reader(self, record: TurnRecord, position: int = 0) -> LogReader | None:
        """A reader of a turn's events; None if they can't be had, here or at all."""
        try:
            async with patience(self._settings.keep_timeout):
                return await self._worker.live.reader(record, position)
        except Exception:
            logger.exception("turn %s can't be followed", record.id)
            return None

    # Following

    async def follow(
        self, owner: Owner, thread_id: str, after: tuple[str, int] | None = None
    ) -> TurnStart | None:
        """Return the events of a thread's turn: of the one that runs, or of one that just ended.

        Args:
            after: A turn, and the number of the last of its frames that is known.
                Without it, the turn that runs is followed from its first.

        Returns:
            None if nothing runs, or it can't be followed any more: what there
            is stands in the thread's items.

        Raises:
            NotFound: There is no such thread.
            ServiceUnavailable: It can't be followed right now.
        """
        active = await self._store.active_turn(owner, thread_id)
        if after is not None and (active is None or active.id != after[0]):
            known = await self._ended_turn(owner, thread_id, after[0])
            return None if known is None else await self._followed(known, after[1] + 1)
        if active is None:
            return None
        return await self._followed(active, 0 if after is None else after[1] + 1)

    async def _ended_turn(self, owner: Owner, thread_id: str, turn_id: str) -> TurnRecord | None:
        try:
            turn = await self._store.get_turn(owner, turn_id)
        except NotFound:
            return None
        return turn if turn.thread_id == thread_id else None

    async def _followed(self, turn: TurnRecord, position: int) -> TurnStart | None:
        runner = self._worker.running.get(turn.id)
        if turn.status != "active" and runner is None:
            # Who knows all of it is told that nothing runs: a stream without an event
            # would only say that the client may come back.
            reader = await self._follower(turn, position)
            if reader is None or not await _has_more(reader):
                return None
        reader = await self._follower(turn, position)
        return None if reader is None else TurnStart(turn, reader, runner)

    async def _follower(self, turn: TurnRecord, position: int) -> LogReader | None:
        try:
            return await self._worker.live.reader(turn, position)
        except FollowLost as error:
            raise ServiceUnavailable from error

    # Stopping and leaving

    async def stop(self, owner: Owner, thread_id: str) -> None:
        """Stop the thread's turn, wherever it runs; return when it has ended here.

        Raises:
            NotFound: There is no such thread.
        """
        record = await self._store.request_stop(owner, thread_id)
        if record is None:
            return
        runner = self._worker.running.get(record.id)
        if runner is not None:
            runner.stop()
            await runner.join()
        elif await self._sweeper.is_abandoned(record):
            await self._sweeper.recover(record)

    def leave(self, start: TurnStart, *, may_return: bool) -> None:
        """Take note that a client left before the end of the answer; its reader is closed."""
        record, runner = start.record, self._worker.running.get(start.record.id)
        if runner is not None and runner.is_followed:
            return
        if runner is None and self._worker.closing:
            return  # the store may be closed, and knows what was interrupted
        # It is written at the turn's end too, but the request may come again before that.
        note = self._store.mark_delivered(record.owner, record.id, delivered=False)
        self._notes[record.id] = self._worker.in_background(note)
        if runner is not None and not may_return and self._settings.on_disconnect == "stop":
            runner.stop(left=True)

    async def _settle_notes(self) -> None:
        """Wait for what is being noted of clients that left: a request may be theirs, again."""
        if self._notes:
            notes, self._notes = self._notes, {}
            await asyncio.wait(notes.values(), timeout=self._settings.keep_timeout)

    def spacing(self) -> float:
        """Return how many seconds lie between two writes to one client.

        Each write costs about as much as all else that a piece of text costs, so
        the busier the process, the more goes into one: with few turns each
        piece goes at once, with 500 and more a stream is written 20 times a
        second, which still reads as flowing.
        """
        seconds = min(len(self._worker.running) * _SPACING_A_TURN, _MAX_SPACING)
        return seconds if seconds >= _MIN_SPACING else 0.0

    # Opening and closing

    async def open(self) -> None:
        """Begin to take turns; first keep what those of dead workers had streamed."""
        self._worker.open()
        await self._sweeper.open()

    async def close(self) -> None:
        """Begin no more turns, and let those under way end (`Worker.close`)."""
        await self._sweeper.close()
        await self._worker.close()


async def _has_more(reader: LogReader) -> bool:
    """Whether there is a frame to read, of a log that has ended."""
    try:
        return bool(await reader.read())
    except FollowLost as error:
        raise ServiceUnavailable from error
    finally:
        reader.close()
