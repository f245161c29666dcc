"""One turn under way: run the responder, then finish, stop or fail, exactly once.

The turn runs in a task of its own, so it outlives the connection that began
it. However it ends, what it has streamed is kept, the thread is freed, and
whoever follows the log comes to its end.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

from ..characters import shorten
from ..errors import TurnTimedOut
from ..live.base import LogWriter
from ..protocol.types import ThreadItemUpdatedEvent
from ..protocol.wire import event_json, thread_json
from ..responders.base import Output, StreamingResponder
from ..settings import Settings
from ..stores.base import Store, TurnChanges, TurnRecord, TurnStatus
from ..turn import Turn
from .calls import call
from .failures import report
from .recorder import Recorder
from .thread_state import ThreadState

logger = logging.getLogger("chatkeep.turn")

_OUTPUTS_PER_SLICE = 128
"""After so many outputs without a pause, the event loop gets its turn."""


class TurnRunner:
    """Runs one turn.

    Args:
        superseded: Items that go once the turn has brought something new.
        namer: Gives the thread its title, while the turn runs.
        on_end: Called at the end, if the store has kept all of it.
    """

    def __init__(
        self,
        *,
        turn: Turn,
        record: TurnRecord,
        responder: StreamingResponder,
        recorder: Recorder,
        state: ThreadState,
        log: LogWriter,
        store: Store,
        settings: Settings,
        superseded: Sequence[str],
        namer: Callable[[Turn], Any] | None,
        on_end: Callable[["TurnRunner"], None],
    ) -> None:
        self.turn = turn
        self.record = record
        self.log = log
        self.store = store
        self._responder = responder
        self._recorder = recorder
        self._state = state
        self._settings = settings
        self._superseded = superseded
        self._namer = namer
        self._naming: asyncio.Task[None] | None = None
        self._on_end = on_end
        self._task: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._status: TurnStatus = "active"
        self._error_id: str | None = None
        self._kept = False
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._elapsed = 0.0
        self._idle = 0.0
        self._length = 0
        self.unsaved = b""
        """What a checkpoint failed to save, to be saved with the next."""
        self.overdue = 0.0
        """For how many seconds the store has failed to keep the end of the turn."""

    # Running

    def start(self) -> None:
        """Begin to run."""
        self._task = asyncio.create_task(self._run(), name=f"chatkeep {self.record.id}")
        if self._namer is not None:
            self._naming = asyncio.create_task(self._name_thread(self._namer))

    async def _run(self) -> None:
        try:
            await self._pump(self._responder.respond(self.turn))
        except asyncio.CancelledError as error:
            if not _is_cancelled():  # but what the responder waited for was
                return self._end("failed", error)
            self._end("stopped")
            raise
        except BaseException as error:
            self._end("failed", error)
            if isinstance(error, KeyboardInterrupt):
                raise
        else:
            self._end("finished")

    async def _pump(self, outputs: AsyncGenerator[Output]) -> None:
        """Hand what the responder yields to the recorder, giving others their turn."""
        recorder = self._recorder
        text, text_delta, output_other = recorder.text, recorder.text_delta, recorder.output
        count = 0
        async with aclosing(outputs):
            async for output in outputs:
                if self._ending is not None:
                    return
                if type(output) is str:
                    if output:
                        text(output)
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
        if changes is not None:
            record = self.record
            thread = await self.store.update_thread(record.owner, record.thread_id, changes)
            self._state.taken(thread)
            self._recorder.publish(event_json("thread.updated", thread=thread_json(thread)))

    async def _name_thread(self, namer: Callable[[Turn], Any]) -> None:
        try:
            title = await call(namer, self.turn)
            if isinstance(title, str) and title.strip():
                limit = self._settings.max_title_length
                self.turn.thread.title = shorten(" ".join(title.split()), limit)
                await self._keep_thread()
        except Exception:
            logger.exception("turn %s: naming the thread failed", self.record.id)

    # Ending

    async def join(self) -> None:
        """Wait for the end of the turn."""
        await asyncio.shield(self._ended)

    def stop(self) -> None:
        """End the turn here, as its user asked. What it has streamed is kept."""
        self._end("stopped")
        self._cancel()

    def fail(self, error: BaseException, status: TurnStatus = "failed") -> None:
        """End the turn here, and show the error."""
        self._end(status, error)
        self._cancel()

    def tick(self, seconds: float) -> None:
        """Let time pass: end the turn if it takes too long."""
        if self.ended:
            self.overdue += seconds
            return
        self._elapsed += seconds
        self._idle = self._idle + seconds if self.log.length == self._length else 0.0
        self._length = self.log.length
        settings = self._settings
        if self._elapsed > settings.turn_timeout or self._idle > settings.idle_timeout:
            self.fail(TurnTimedOut())

    def take_unsaved(self) -> bytes:
        """Return the frames that no checkpoint has saved yet, as one piece."""
        unsaved, self.unsaved = self.unsaved + self.log.take_unsaved(), b""
        return unsaved

    @property
    def ending(self) -> bool:
        """Whether the end has begun."""
        return self._ending is not None

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
        watch = loop.call_later(self._settings.cancel_grace, self._complain, task)
        task.add_done_callback(lambda _: watch.cancel())

    def _complain(self, task: asyncio.Task[None]) -> None:
        logger.warning("turn %s: the responder ignores that it was cancelled", self.record.id)

    async def _finish(self, error: BaseException | None) -> None:
        shown = None
        if error is not None:
            shown, self._error_id = report(error, self.record.id)
        await self._recorder.settle()
        for keep in (self._keep_thread, self.keep_items):
            try:
                await keep()
            except Exception as failure:  # noqa: BLE001 - the followers must come to an end
                shown, _ = report(failure, self.record.id)
        if shown is not None:
            self._recorder.publish(shown)
        if self._naming is not None:
            patience = self._settings.title_timeout if self._status == "finished" else 0
            await asyncio.wait([self._naming], timeout=patience)
            self._naming.cancel()
        self.log.end()
        self._ended.set_result(None)
        if self._kept:
            self._on_end(self)

    @property
    def ended(self) -> bool:
        """Whether the end has come, for all who follow. What there is may not be kept yet."""
        return self._ended.done()

    async def keep_items(self) -> None:
        """Keep what there is and free the thread; to be tried again if the store fails."""
        status = self._status
        kept = self._recorder.remaining(finished=status == "finished")
        replaced = status in {"finished", "stopped"} and (kept or self._recorder.kept_any)
        new = {*self._recorder.saved_ids, *(record.id for record in kept)}
        superseded = [id_ for id_ in self._superseded if id_ not in new] if replaced else []
        changes = TurnChanges(
            items=kept,
            removed=[*superseded, *self._recorder.abandoned()],
            usage=self.turn.usage,
            error_id=self._error_id,
        )
        if not await self.store.finish_turn(self.record, status, changes):
            logger.warning("turn %s had lost its thread when it ended", self.record.id)
        self._recorder.close(kept)
        self._kept = True


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
