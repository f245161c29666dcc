"""One turn under way: run the responder, then finish, stop or fail, exactly once.

The turn runs in a task of its own, so it outlives the connection that began
it. However it ends, what it has streamed is kept, the thread is freed, and
whoever follows the log comes to its end. That last part can't fail: whatever
raises or hangs in it is logged, and the rest is done all the same.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import Any

from ..characters import shorten
from ..errors import (
    AnswerLost,
    NotFound,
    ServiceUnavailable,
    TurnInterrupted,
    TurnLost,
    TurnTimedOut,
)
from ..live.base import LogWriter
from ..protocol.sse import frame
from ..protocol.types import ThreadItemUpdatedEvent
from ..protocol.wire import event_json, thread_json
from ..responders.base import Output, StreamingResponder
from ..settings import Settings
from ..stores.base import ItemRecord, Store, TurnChanges, TurnRecord, TurnStatus
from ..turn import Turn
from .calls import call
from .clock import steady
from .failures import report
from .journal import Journal
from .observing import TurnClock
from .patience import is_cancelled, patience
from .recorder import Recorder
from .thread_items import ThreadItems, weight
from .thread_state import ThreadState

logger = logging.getLogger("chatkeep.turn")

_OUTPUTS_PER_SLICE = 128
"""After so many outputs without a pause, the event loop gets its turn."""


class TurnRunner:
    """Runs one turn.

    Args:
        namer: Gives the thread its title, while the turn runs.
        clock: Tells an observer of the turn.
        on_end: Called at the end, however it went.
        held_since: When the store was asked for the turn's lease (`steady`).
    """

    def __init__(
        self,
        *,
        turn: Turn,
        record: TurnRecord,
        responder: StreamingResponder,
        recorder: Recorder,
        journal: Journal,
        items: ThreadItems,
        state: ThreadState,
        log: LogWriter,
        store: Store,
        settings: Settings,
        namer: Callable[[Turn], Any] | None,
        clock: TurnClock | None,
        on_end: Callable[["TurnRunner"], None],
        held_since: float,
    ) -> None:
        self.turn = turn
        self.record = record
        self.journal = journal
        self.log = log
        self.store = store
        self._responder = responder
        self._recorder = recorder
        self._items = items
        self._state = state
        self._settings = settings
        self._namer = namer
        self._clock = clock
        self._naming: asyncio.Task[None] | None = None
        self._numbering = asyncio.Lock()
        """Held while the last events are kept: no other one may take their numbers here."""
        self._on_end = on_end
        self._task: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._status: TurnStatus = "active"
        self._error_id: str | None = None
        self._left = False
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._elapsed = 0.0
        self._idle = 0.0
        self._length = 0
        self._attempts = 0
        self._renewed = asyncio.Event()
        self._held_until = held_since + settings.lease_seconds
        self.kept = False
        """Whether the store has all of it, and the thread is free."""
        self.lost = False
        """Whether the thread was taken over, or is gone."""
        self.closing = False
        """Whether its worker closes: what cancels the task now is the end of the event loop."""

    # Running

    def start(self) -> None:
        """Begin to run, unless the end has come already."""
        if self._ending is not None:
            return
        self._task = asyncio.create_task(self._run(), name=f"chatkeep {self.record.id}")
        if self._namer is not None:
            self._naming = asyncio.create_task(self._name_thread(self._namer))

    async def _run(self) -> None:
        try:
            if self._clock is not None:
                self._clock.began(self.turn.kind)
            await self._pump(self._outputs())
        except asyncio.CancelledError as error:
            if not is_cancelled():  # something that the responder waited for was, not the turn
                return self._end("failed", error)
            if self.closing:
                self._end("interrupted", TurnInterrupted())
            else:
                self._end("stopped")
            raise
        except TurnLost:
            self.lose()
        except BaseException as error:
            self._end("failed", error)
            if isinstance(error, KeyboardInterrupt):
                raise
        else:
            self._end("finished")

    def _outputs(self) -> AsyncGenerator[Output]:
        outputs = self._responder.respond(self.turn)
        return outputs if self._clock is None else _timed(outputs, self._clock)

    async def _pump(self, outputs: AsyncGenerator[Output]) -> None:
        """Hand what the responder yields to the recorder, giving others their turn."""
        recorder = self._recorder
        write, text_delta, output_other = recorder.write, recorder.text_delta, recorder.output
        count = 0
        async with aclosing(outputs):
            async for output in outputs:
                if self._ending is not None:
                    return
                if type(output) is str:
                    if output:
                        write(output)
                elif type(output) is not ThreadItemUpdatedEvent:
                    await output_other(output)
                    await self._keep_thread()
                elif not text_delta(output):
                    await output_other(output)
                count += 1
                if count == _OUTPUTS_PER_SLICE:
                    count = 0
                    await asyncio.sleep(0)

    async def _keep_thread(self) -> None:
        changes = self._state.take_changes()
        if changes is None:
            return
        owner, thread_id = self.record.owner, self.record.thread_id
        # After the end the turn has no thread any more, but its namer may still come with a title.
        fence = None if self.kept else self.record.id
        try:
            thread = await self.store.update_thread(owner, thread_id, changes, turn=fence)
        except (ServiceUnavailable, asyncio.CancelledError):
            self._state.not_taken()
            raise
        self._state.taken(thread)
        async with self._numbering:
            self._recorder.publish(event_json("thread.updated", thread=thread_json(thread)))

    async def _name_thread(self, namer: Callable[[Turn], Any]) -> None:
        try:
            title = await call(namer, self.turn)
            if isinstance(title, str) and title.strip() and not self.ended:
                limit = self._settings.max_title_length
                self.turn.thread.title = shorten(" ".join(title.split()), limit)
                await self._keep_thread()
        except (TurnLost, NotFound):
            pass  # there is nothing to name any more
        except (Exception, SystemExit):
            logger.exception("turn %s: naming the thread failed", self.record.id)

    # Holding the thread

    def renewed(self, asked_at: float) -> None:
        """Take note that the store has renewed the turn's lease.

        Args:
            asked_at: When it was asked to (`steady`). This process may have been
                stopped since, for longer than the lease lasts.
        """
        self._held_until = asked_at + self._settings.lease_seconds
        self._renewed.set()

    async def is_held(self, is_wanted: Callable[[], bool]) -> bool:
        """Whether what was streamed may be shown; waits while that isn't certain.

        Args:
            is_wanted: Whether there is still somebody to show it to. `look_again`
                says when that has changed.

        A process that was stopped for longer than the lease lasts may find that
        another worker has taken the thread over, and kept only what it could read.
        """
        while not self.lost and not self.ended and steady() > self._held_until and is_wanted():
            self._renewed.clear()
            await self._renewed.wait()
        return not self.lost

    def look_again(self) -> None:
        """Have those who wait in `is_held` look whether it is still wanted."""
        self._renewed.set()

    # Ending

    def when_ended(self, act: Callable[[], None]) -> None:
        """Have something done when the end has come, in the event loop."""
        self._ended.add_done_callback(lambda _: act())

    async def join(self) -> None:
        """Wait for the end of the turn."""
        await asyncio.shield(self._ended)

    def stop(self, *, left: bool = False) -> None:
        """End the turn here; what it has streamed is kept.

        Args:
            left: Whether its client has left, which is no word of the user's.
        """
        self._left = self._left or left
        self._end("stopped")
        self._cancel()

    def fail(self, error: BaseException, status: TurnStatus = "failed") -> None:
        """End the turn here, and show the error."""
        self._end(status, error)
        self._cancel()

    def lose(self) -> None:
        """End the turn here, as the thread is another's, or gone. Nothing more is written."""
        self.lost = True
        self._renewed.set()
        self._end("failed", AnswerLost())
        self._cancel()

    def tick(self, seconds: float) -> None:
        """Let time pass: end the turn if it takes too long."""
        self._elapsed += seconds
        length = self.journal.length
        self._idle = self._idle + seconds if length == self._length else 0.0
        self._length = length
        settings = self._settings
        if self._elapsed > settings.turn_timeout or self._idle > settings.idle_timeout:
            self.fail(TurnTimedOut())

    @property
    def ending(self) -> bool:
        """Whether the end has begun."""
        return self._ending is not None

    @property
    def stopping(self) -> bool:
        """Whether the turn is being ended before its time, but has not ended yet."""
        return self._ending is not None and self._status != "finished" and not self.ended

    @property
    def is_followed(self) -> bool:
        """Whether anybody reads the turn's events, as far as the log knows."""
        try:
            return self.log.readers > 0
        except (Exception, asyncio.CancelledError):
            logger.exception("the live log can't tell who follows turn %s", self.record.id)
            return True

    @property
    def ended(self) -> bool:
        """Whether the end has come, for all who follow. What there is may not be kept yet."""
        return self._ended.done()

    def _end(self, status: TurnStatus, error: BaseException | None = None) -> None:
        if self._ending is None:
            self._status = status
            self._recorder.seal()
            self._ending = asyncio.create_task(self._finish(error))

    def _cancel(self) -> None:
        task = self._task
        if task is None or task.done():
            return
        task.cancel()
        loop = asyncio.get_running_loop()
        watch = loop.call_later(self._settings.cancel_grace, self._complain)
        task.add_done_callback(lambda _: watch.cancel())

    def _complain(self) -> None:
        logger.warning("turn %s: the responder ignores that it was cancelled", self.record.id)

    async def _finish(self, error: BaseException | None) -> None:
        try:
            shown = None if error is None else self._report(error)
            await self._recorder.settle(self._settings.keep_timeout)
            shown = await self._keep_first(shown)
            if shown is not None:
                self._recorder.publish(shown)
            await self._let_name_end()
        except Exception:
            logger.exception("turn %s: its end went wrong", self.record.id)
        finally:
            self._end_log()
            if not self._ended.done():
                self._ended.set_result(None)
            self._renewed.set()
            if self._clock is not None:
                self._clock.ended(self._status, self._recorder.size, self.turn.usage)
            self._on_end(self)

    def _report(self, error: BaseException) -> bytes:
        shown, self._error_id = report(error, self.record.id)
        return shown

    async def _keep_first(self, shown: bytes | None) -> bytes | None:
        """Keep all there is, and return the error to show, if any. Never raises."""
        if self.lost:
            return shown
        try:
            async with patience(self._settings.keep_timeout):
                with suppress(NotFound, TurnLost):  # the next line finds out
                    await self._keep_thread()
                await self.keep(shown)
        except TurnLost:
            self.lost = True
            return self._report(AnswerLost())
        except Exception as failure:  # noqa: BLE001 - the followers must come to an end
            return self._report(failure)
        return shown

    async def _let_name_end(self) -> None:
        if self._naming is None:
            return
        patience = self._settings.title_timeout if self._status == "finished" else 0
        await asyncio.wait([self._naming], timeout=patience)
        self._naming.cancel()

    def _end_log(self) -> None:
        try:
            self.log.end()
        except (Exception, asyncio.CancelledError):
            logger.exception("the live log broke at the end of turn %s", self.record.id)

    async def keep(self, shown: bytes | None = None) -> None:
        """Keep what there is and free the thread; to be tried again if the store fails.

        Args:
            shown: The error that followers will be shown, for those who follow later.

        Raises:
            TurnLost: The thread was taken over, or is gone; nothing was kept.
        """
        self._attempts += 1
        if self._attempts > 1:
            with suppress(Exception):  # it went wrong before, and frees no thread
                await self._keep_thread()
        await self._recorder.catch_up()
        async with self._numbering:
            await self._keep_tail(shown)

    async def _keep_tail(self, shown: bytes | None) -> None:
        kept = self._recorder.remaining(finished=self._status == "finished")
        events = self._recorder.last_events(kept)
        last = [frame(event) for event in (*events, *([shown] if shown else []))]
        changes = TurnChanges(
            items=kept,
            removed=[*await self._replaced(kept), *self._recorder.abandoned()],
            usage=self.turn.usage,
            error_id=self._error_id,
            delivered=self.is_followed,
            state=self.turn.new_states,
            # Only who follows from another worker reads it.
            tail=self.journal.unsaved(last) if self.store.shared else None,
            touched_at=datetime.now(UTC) if kept or self._recorder.kept_any else None,
        )
        if not await self.store.finish_turn(self.record, self._status, changes):
            await self._find_out()
        self.kept = True
        for event in events:
            self._recorder.publish(event)

    async def _find_out(self) -> None:
        """Ask whether the turn has ended by an earlier attempt, whose answer got lost.

        Raises:
            TurnLost: It has not; someone else has ended it.
        """
        if self._attempts > 1:
            with suppress(NotFound):
                found = await self.store.get_turn(self.record.owner, self.record.id)
                if found.status == self._status:
                    return
        logger.warning("turn %s had lost its thread when it ended", self.record.id)
        raise TurnLost

    async def _replaced(self, kept: Sequence[ItemRecord]) -> list[str]:
        """The items of the old answer that the new one takes the place of.

        The old one goes when the new one is finished. A retry that the user stopped
        must say more already; one that failed, or whose client only left (a reload
        looks like that), leaves both. Where the same request came again, what it
        began is no whole answer, and goes when the new one says as much.
        """
        new = {*self._recorder.saved_ids, *(record.id for record in kept)}
        old = [id_ for id_ in self.turn.replaces if id_ not in new]
        if not old or not (kept or self._recorder.kept_any):
            return []
        if self._status == "finished":
            return old
        is_retry = self.record.kind == "threads.retry_after_item"
        if self._status != "stopped" or (is_retry and self._left):
            return []
        says = sum(map(weight, kept)) + await self._items.weigh(self._recorder.saved_ids)
        said = await self._items.weigh(old)
        return old if says > said or (says == said and not is_retry) else []


async def _timed(outputs: AsyncGenerator[Output], clock: TurnClock) -> AsyncGenerator[Output]:
    """Yield the outputs, and have the clock told of them."""
    async with aclosing(outputs):
        async for output in outputs:
            clock.output()
            yield output
