"""A user's store with turns, which it knows nothing of, kept beside it."""

from asyncio import Lock
from collections.abc import Collection, MutableMapping, Sequence
from datetime import datetime
from typing import Any

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
from .cancellation import Cancellation
from .leases import Leases
from .records import ChatKitRecords
from .views import hide_items


class StoreAdapter(ChatKitRecords):
    """A ChatKit store as the engine uses one, for one request.

    Args:
        store: The program's store.
        context: The request's context, for the store.
        locks: A lock for each thread that is being changed. The server's.
        leases: Which turns are under way. The server's.
        cancellation: How the request's answer is cancelled, if it is.
    """

    def __init__(
        self,
        store: ChatKitStore[Any],
        context: Any,
        locks: MutableMapping[str, Lock],
        leases: Leases,
        cancellation: Cancellation,
    ) -> None:
        super().__init__(store, context, locks)
        self._leases = leases
        self._cancellation = cancellation

    # The server's code

    def begin_answer(self, thread: ThreadMetadata, hidden: Collection[str]) -> None:
        """Make ready for the server's code, which runs in this task from now on.

        Args:
            thread: The thread as that code has it, and may change it.
            hidden: The ids of the items that it is not to see.
        """
        thread.created_at = self.time(thread)
        self._models[thread.id] = thread
        hide_items(self._store, thread.id, frozenset(hidden))

    # Turns

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
        if repeated_since is not None and (lost := await self._lost(turn, repeated_since)):
            raise TurnRepeated(lost)
        self._leases.take(turn, may_repeat=repeated_since is not None)
        try:
            await self._save_beginning(turn, thread, items, attachments)
        except BaseException:
            self._leases.release(turn, "failed")
            raise

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

    async def repeated_turn(self, turn: TurnRecord, since: datetime) -> TurnRecord | None:
        lost = await self._lost(turn, since)
        holder = self._leases.holder(turn.thread_id)
        if lost is None and holder is not None and holder.request_key == turn.request_key:
            return holder
        return lost

    async def _lost(self, turn: TurnRecord, since: datetime) -> TurnRecord | None:
        """A lost turn, if the user's own store lets this context see its thread."""
        earlier = self._leases.lost(turn.thread_id, turn.request_key, self._context, since)
        if earlier is None:
            return None
        try:
            await self._load_thread(earlier.thread_id)
        except NotFound:
            return None
        return earlier

    def may_be_repeated(self, thread_id: str, request_key: str, since: datetime) -> bool:
        """Whether a request may be one that began a turn before. Asks no store."""
        holder = self._leases.holder(thread_id)
        if holder is not None and holder.request_key == request_key:
            return True
        return self._leases.lost(thread_id, request_key, self._context, since) is not None

    async def get_turn(self, owner: Owner, turn_id: str) -> TurnRecord:
        return self._leases.get(turn_id)

    async def active_turn(self, owner: Owner, thread_id: str) -> TurnRecord | None:
        await self._load_thread(thread_id)  # raises if it is another's
        return self._leases.holder(thread_id)

    async def request_stop(self, owner: Owner, thread_id: str) -> TurnRecord | None:
        turn = self._leases.holder(thread_id)
        if turn is not None:
            await self._load_thread(thread_id)  # raises if it is another's
            turn.stop_requested = True
        return turn

    async def mark_delivered(self, owner: Owner, turn_id: str, delivered: bool) -> None:
        if delivered:
            self._leases.deliver(turn_id)
        else:
            self._leases.lose(self._leases.get(turn_id), self._context)

    async def renew(self, holder: str, lease_seconds: float) -> Held:
        return await self._leases.renew(holder, lease_seconds)

    async def checkpoint(self, holder: str, pieces: Sequence[Checkpoint]) -> None:
        await self._leases.checkpoint(holder, pieces)

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
        pending = [self.item(record) for record in new]
        if not await self._cancellation.handle(pending, asked_for=turn.stop_requested):
            messages = [record for record in new if record.type == "assistant_message"]
            await self.save_items(turn.owner, turn.thread_id, messages)

    async def orphaned_turns(self, holder_prefix: str) -> list[TurnRecord]:
        return []
