"""A user's store with turns, which it knows nothing of, kept beside it."""

import asyncio
import logging
from collections.abc import MutableMapping, Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chatkit.store import Store as ChatKitStore

from ..context import Owner
from ..errors import NotFound, TurnRepeated
from ..protocol.types import ThreadMetadata
from ..stores.base import (
    AttachmentRecord,
    Checkpoint,
    Held,
    ItemRecord,
    ThreadRecord,
    TurnChanges,
    TurnRecord,
    TurnStatus,
)
from .leases import Leases
from .records import NOT_THERE, ChatKitRecords
from .views import hide_items

if TYPE_CHECKING:
    from .server import ChatKitServer

logger = logging.getLogger("chatkeep.turn")

client_left: ContextVar[bool] = ContextVar("chatkeep_client_left", default=False)
"""Whether a cancellation that is handled is that of a client who left without a word."""


class StoreAdapter(ChatKitRecords):
    """A ChatKit store as the engine uses one, for one request.

    Attributes:
        superseded: The items that the answer takes the place of.
        cancelled_itself: Whether the responder raised ``CancelledError`` itself.
    """

    def __init__(
        self,
        server: "ChatKitServer[Any]",
        store: ChatKitStore[Any],
        context: Any,
        leases: Leases,
        locks: MutableMapping[str, asyncio.Lock],
    ) -> None:
        super().__init__(store, context, locks)
        self._server = server
        self._leases = leases
        self._turn: TurnRecord | None = None  # that this request began, or took up
        self._thread: ThreadMetadata | None = None
        self._stop_handled: bool | None = None
        self.superseded: frozenset[str] = frozenset()
        self.cancelled_itself = False

    async def begin_turn(
        self,
        turn: TurnRecord,
        *,
        lease_seconds: float,
        thread: ThreadRecord | None = None,
        items: Sequence[ItemRecord] = (),
        attachments: Sequence[AttachmentRecord] = (),
        repeated_since: datetime | None = None,
        max_active: int | None = None,
    ) -> None:
        try:
            if repeated_since is not None and (lost := await self._lost(turn, repeated_since)):
                raise TurnRepeated(lost)
            self._leases.take(turn, may_repeat=repeated_since is not None)
        except TurnRepeated as repeated:
            self._turn = repeated.turn
            raise
        self._turn = turn
        try:
            await self._save_beginning(turn, thread, items, attachments)
        except BaseException:
            self._leases.release(turn, "failed")
            raise

    async def _lost(self, turn: TurnRecord, since: datetime) -> TurnRecord | None:
        """A lost turn, if the user's own store lets this context see its thread."""
        earlier = self._leases.lost(turn.thread_id, turn.request_key, self._context, since)
        if earlier is None:
            return None
        try:
            await self._load_thread(earlier.thread_id)
        except NOT_THERE:
            return None
        return earlier

    async def repeated_turn(self, turn: TurnRecord, since: datetime) -> TurnRecord | None:
        lost = await self._lost(turn, since)
        holder = self._leases.holder(turn.thread_id)
        if lost is None and holder is not None and holder.request_key == turn.request_key:
            lost = holder
        self._turn = lost
        return lost

    async def _save_beginning(
        self,
        turn: TurnRecord,
        thread: ThreadRecord | None,
        items: Sequence[ItemRecord],
        attachments: Sequence[AttachmentRecord],
    ) -> None:
        if thread is not None:
            await self.save_thread(turn.owner, thread)
        try:
            for attachment in attachments:
                await self.save_attachment(turn.owner, attachment)
            await self.save_items(turn.owner, turn.thread_id, items)
        except Exception:
            if thread is not None:  # one without its first message is of no use
                await self._store.delete_thread(thread.id, context=self._context)
            raise

    async def get_item(self, owner: Owner, thread_id: str, item_id: str) -> ItemRecord:
        try:
            return await super().get_item(owner, thread_id, item_id)
        except NOT_THERE as error:
            if self._thread is None:
                raise  # the request named it, so its sender is told in the store's own words
            raise NotFound from error

    def begin_answer(self, thread: ThreadMetadata) -> None:
        """Make ready for the server's code, which runs in this task from now on."""
        thread.created_at = self.time(thread)
        self._thread = self._models[thread.id] = thread
        hide_items(self._store, thread.id, self.superseded)

    async def get_turn(self, owner: Owner, turn_id: str) -> TurnRecord:
        return self._leases.get(turn_id)

    async def request_stop(self, owner: Owner, thread_id: str) -> TurnRecord | None:
        turn = self._leases.holder(thread_id)
        if turn is not None:
            await self._load_thread(thread_id)  # raises if it is another's
            turn.stop_requested = True
        return turn

    async def mark_delivered(self, owner: Owner, turn_id: str, delivered: bool) -> None:
        if delivered:
            self._leases.deliver(turn_id)
        elif self._turn is not None and self._turn.id == turn_id:
            self._leases.lose(self._turn, self._context)

    async def active_turn(self, owner: Owner, thread_id: str) -> TurnRecord | None:
        await self._load_thread(thread_id)  # raises if it is another's
        return self._leases.holder(thread_id)

    async def renew(self, holder: str, lease_seconds: float) -> Held:
        """Nobody else can take the thread: it is this process's for as long as it runs."""
        turn = self._turn
        if turn is None or not self._leases.holds(turn):
            return Held(frozenset(), frozenset())
        to_stop = {turn.id} if turn.stop_requested else ()
        return Held(frozenset({turn.id}), frozenset(to_stop))

    async def checkpoint(self, holder: str, pieces: Sequence[Checkpoint]) -> None:
        """There is nowhere to keep what was streamed: a crash takes what is unsaved."""

    async def load_checkpoints(self, turn: TurnRecord, start: int = 0) -> list[Checkpoint]:
        return []

    async def get_state(self, owner: Owner, thread_id: str, name: str) -> Any:
        """A `ChatKitServer` has its own store for what it wants to know again."""

    async def finish_turn(
        self, turn: TurnRecord, status: TurnStatus, changes: TurnChanges, *, takeover: bool = False
    ) -> bool:
        """End the turn. When it raises, the turn still has its thread, and may be ended again."""
        if not self._leases.holds(turn):
            return False
        if status == "stopped":
            await self._keep_stopped(turn, changes.items)
        else:
            await self.save_items(turn.owner, turn.thread_id, changes.items)
        await self.delete_items(turn.owner, turn.thread_id, changes.removed)
        if changes.delivered is False:
            self._leases.lose(turn, self._context)
        self._leases.release(turn, status)
        return True

    async def _keep_stopped(self, turn: TurnRecord, items: Sequence[ItemRecord]) -> None:
        """Save the items that were stored before; the server decides about the new ones."""
        new = [record for record in items if not self._known.get(record.id)]
        await self.save_items(turn.owner, turn.thread_id, [r for r in items if r not in new])
        if self._stop_handled is None and self._thread is not None:
            self._stop_handled = await self._handle_stop(turn, self._thread, new)
        if self._stop_handled is False:
            messages = [record for record in new if record.type == "assistant_message"]
            await self.save_items(turn.owner, turn.thread_id, messages)

    async def _handle_stop(
        self, turn: TurnRecord, thread: ThreadMetadata, new: Sequence[ItemRecord]
    ) -> bool:
        """Call the server's hook, once; return whether it succeeded."""
        token = client_left.set(not (turn.stop_requested or self.cancelled_itself))
        try:
            pending = [self.item(record) for record in new]
            await self._server.handle_stream_cancelled(thread, pending, self._context)
        except Exception:
            logger.exception("handle_stream_cancelled failed; the text is kept without it")
            return False
        finally:
            client_left.reset(token)
        return True

    async def orphaned_turns(self, holder_prefix: str) -> list[TurnRecord]:
        return []
