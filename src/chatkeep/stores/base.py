"""The store contract: where threads, items, attachments, feedback and turns live.

A store holds *records*, not live objects. An item is kept as the JSON that goes
over the wire, so a store never needs to know what an item means, can't change
it by accident, and gives it back byte for byte.

What every store promises:

* **Owners.** Every method takes the owner, and sees and changes only that
  owner's rows. What is another's raises `NotFound`, like what does not exist.
* **Ids** are any text. A thread's, an attachment's and a turn's name one row of
  a tenant (a turn's: of the whole store); an item's only one of its thread.
* **Order.** Items of a thread are ordered by a sequence number that the store
  gives when an item is first saved; saving it again keeps its place. Threads
  are ordered by their last message: by ``(touched_at, id)``.
* **Pages** are by key: a page costs the same wherever it begins. ``after`` is
  what the page before said (`Page.after`), or the id of any row; an id that is
  not there raises `NotFound`. A page of threads says where it ended in the
  order (`stores.cursors`), so a thread that moves meanwhile shifts nothing.
* **Atomicity.** One call is one transaction: all of it happens, or nothing.
* **Fences.** A write that names a turn is refused (`TurnLost`) unless that turn
  is active: a worker that was taken for dead writes nothing more.
* **Time** is the store's own wherever workers compare it: leases are given,
  renewed and found lapsed by one clock.
* **Durability.** When a call returns, its effect survives the end of the
  process (except in a store that says it keeps nothing).
* **Text** comes back as it went in, with null bytes and lone surrogates.
* **Times** come back aware and in UTC.

Nothing costs more with more threads, or with more items in a thread, than an
index lookup does.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from .. import ids
from ..context import Owner
from ..errors import NotFound
from .records import (
    DEFAULT_PAGE_SIZE,
    HIDDEN_ITEM_TYPES,
    MAX_PAGE_SIZE,
    UNSET,
    AttachmentRecord,
    Checkpoint,
    FeedbackKind,
    FeedbackRecord,
    Held,
    ItemRecord,
    Order,
    Page,
    PageQuery,
    Progress,
    ThreadChanges,
    ThreadRecord,
    TitleSource,
    TurnChanges,
    TurnRecord,
    TurnStatus,
    UnsetType,
)

__all__ = [
    "DEFAULT_PAGE_SIZE",
    "HIDDEN_ITEM_TYPES",
    "MAX_PAGE_SIZE",
    "UNSET",
    "AttachmentRecord",
    "Checkpoint",
    "FeedbackKind",
    "FeedbackRecord",
    "Held",
    "ItemRecord",
    "Order",
    "Page",
    "PageQuery",
    "Progress",
    "Store",
    "ThreadChanges",
    "ThreadRecord",
    "TitleSource",
    "TurnChanges",
    "TurnRecord",
    "TurnStatus",
    "UnsetType",
]


class Store(ABC):
    """Where everything is kept. See the module's text for what holds throughout."""

    shared: bool = True
    """Whether other processes may work on what is kept, too."""

    @abstractmethod
    async def open(self) -> None:
        """Connect and make ready. Idempotent.

        Raises:
            ConfigurationError: The schema is missing or too old, and is not
                this store's to change; the message names the command to run.
        """

    @abstractmethod
    async def close(self) -> None:
        """Give back every connection. Idempotent."""

    @abstractmethod
    async def ping(self) -> None:
        """Return if a query can be answered now; raise whatever prevents it."""

    # Ids

    def new_thread_id(self) -> str:
        """Return an id that no thread has. A store whose keys are of another kind makes its own."""
        return ids.thread_id()

    def new_item_id(self, thread_id: str, item_type: str) -> str:
        """Return an id that no item of the thread has, for one of a wire type."""
        return ids.item_id(item_type)

    # Threads

    @abstractmethod
    async def get_thread(self, owner: Owner, thread_id: str) -> ThreadRecord:
        """Return one thread. Raises `NotFound`."""

    @abstractmethod
    async def list_threads(self, owner: Owner, query: PageQuery) -> Page[ThreadRecord]:
        """Return the owner's threads by ``(touched_at, id)``.

        Raises:
            NotFound: ``query.after`` is no cursor, nor one of the owner's threads.
        """

    @abstractmethod
    async def save_thread(self, owner: Owner, thread: ThreadRecord) -> None:
        """Insert the thread, or replace it whole if the owner has it already.

        Its ``touched_at`` is kept where none is given.

        Raises:
            NotFound: Another user of the tenant has a thread of this id.
        """

    @abstractmethod
    async def update_thread(
        self, owner: Owner, thread_id: str, changes: ThreadChanges, *, turn: str | None = None
    ) -> ThreadRecord:
        """Set the named fields only, and return the whole.

        Args:
            turn: The id of the turn that writes, if one does.

        Raises:
            NotFound: There is no such thread.
            TurnLost: ``turn`` is not active.
        """

    @abstractmethod
    async def delete_thread(self, owner: Owner, thread_id: str) -> list[str]:
        """Delete the thread with its items, attachments' metadata, feedback and turns.

        Returns:
            The ids of the attachments that went, so that their bytes can follow.

        Raises:
            NotFound: There is no such thread; nothing is deleted.
        """

    # Items

    @abstractmethod
    async def get_item(self, owner: Owner, thread_id: str, item_id: str) -> ItemRecord:
        """Return one item. Raises `NotFound`."""

    @abstractmethod
    async def list_items(
        self, owner: Owner, thread_id: str, query: PageQuery, *, hidden: bool = False
    ) -> Page[ItemRecord]:
        """Return items in sequence order; hidden ones only when asked for.

        What is hidden is left out before the page is cut, so a page is full
        whenever there is enough to fill it.

        Raises:
            NotFound: The thread, or the item ``query.after``, is not there.
        """

    async def open_thread(
        self, owner: Owner, thread_id: str, query: PageQuery
    ) -> tuple[ThreadRecord, Page[ItemRecord]]:
        """Return a thread with a page of its items, as `get_thread` and `list_items` do.

        A store that can read both at once does: it is what every visit begins with.

        Raises:
            NotFound: The thread, or the item ``query.after``, is not there.
        """
        thread = await self.get_thread(owner, thread_id)
        return thread, await self.list_items(owner, thread_id, query)

    @abstractmethod
    async def save_items(
        self,
        owner: Owner,
        thread_id: str,
        items: Sequence[ItemRecord],
        *,
        turn: str | None = None,
    ) -> None:
        """Append new items in the given order; replace known ones in their place.

        Args:
            turn: The id of the turn that writes, if one does.

        Raises:
            NotFound: The thread is not there; nothing is saved.
            TurnLost: ``turn`` is not active; nothing is saved.
        """

    @abstractmethod
    async def delete_items(
        self, owner: Owner, thread_id: str, item_ids: Sequence[str], *, turn: str | None = None
    ) -> None:
        """Delete the items that are there, and the feedback on them.

        Unknown ids are passed over.

        Args:
            turn: The id of the turn that writes, if one does.

        Raises:
            NotFound: The thread is not there.
            TurnLost: ``turn`` is not active; nothing is deleted.
        """

    # Attachments

    @abstractmethod
    async def save_attachment(self, owner: Owner, attachment: AttachmentRecord) -> None:
        """Insert or replace an attachment's metadata.

        Raises:
            NotFound: Its thread is not there, or another user of the tenant
                has an attachment of this id.
        """

    @abstractmethod
    async def get_attachment(self, owner: Owner, attachment_id: str) -> AttachmentRecord:
        """Return an attachment's metadata. Raises `NotFound`."""

    @abstractmethod
    async def list_attachments(self, owner: Owner, thread_id: str) -> list[AttachmentRecord]:
        """Return the metadata of a thread's attachments by ``(created_at, id)``.

        Raises:
            NotFound: The thread is not there.
        """

    @abstractmethod
    async def delete_attachment(self, owner: Owner, attachment_id: str) -> None:
        """Delete an attachment's metadata. Raises `NotFound`."""

    # Feedback

    @abstractmethod
    async def save_feedback(
        self, owner: Owner, thread_id: str, item_ids: Sequence[str], kind: FeedbackKind
    ) -> None:
        """Record the verdict on each item; a later one replaces an earlier.

        Raises:
            NotFound: The thread or one of the items is not there; nothing is saved.
        """

    @abstractmethod
    async def list_feedback(self, owner: Owner, thread_id: str) -> list[FeedbackRecord]:
        """Return the verdicts on a thread's items, in their order. Raises `NotFound`."""

    # Turns

    @abstractmethod
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
        """Take the lease on the thread and save what the turn begins with.

        In one transaction: save ``thread`` if given, append ``items`` (the
        user's message), save ``attachments``, insert ``turn``. When it raises,
        nothing is saved; but for `ServiceUnavailable`, after which a database
        may have kept what its answer did not say.

        A thread that gets ``items`` is touched when the turn started.

        Args:
            turn: The turn, active. A store keeps no reference to it, and gives
                the lease itself.
            lease_seconds: How long the lease lasts, from now on.
            thread: A new thread, of the id ``turn.thread_id``.
            items: Saved as `save_items` does.
            attachments: Saved as `save_attachment` does.
            repeated_since: How far back to look for the same request; None
                does not look.
            max_active: How many turns, this one included, the owner may have
                under way; None sets no bound.

        Raises:
            NotFound: No ``thread`` is given and ``turn.thread_id`` is not there,
                or an attachment, or its thread, is another's.
            TurnRepeated: The owner began a turn with the same ``request_key``
                no earlier than ``repeated_since``, and its answer was not
                delivered, or it is still active on this same thread. It
                carries the newest such turn, and goes before `TurnActive`.
            TurnActive: Another turn, which it carries, holds the thread,
                whatever its lease says.
            TooManyTurns: The owner has ``max_active`` under way already.
        """

    @abstractmethod
    async def repeated_turn(self, turn: TurnRecord, since: datetime) -> TurnRecord | None:
        """Return the turn for which `begin_turn` would raise `TurnRepeated`, or None."""

    @abstractmethod
    async def get_turn(self, owner: Owner, turn_id: str) -> TurnRecord:
        """Return a turn. Raises `NotFound`."""

    @abstractmethod
    async def active_turn(self, owner: Owner, thread_id: str) -> TurnRecord | None:
        """Return the turn that holds a thread, or None. Raises `NotFound` for the thread."""

    @abstractmethod
    async def request_stop(self, owner: Owner, thread_id: str) -> TurnRecord | None:
        """Mark the thread's active turn to be stopped by its holder, and return it.

        Returns:
            None if the thread has no active turn.

        Raises:
            NotFound: The thread is not there.
        """

    @abstractmethod
    async def mark_delivered(self, owner: Owner, turn_id: str, delivered: bool) -> None:
        """Note whether a client has the turn's answer, or left before its end.

        Raises:
            NotFound: The turn is not there.
        """

    @abstractmethod
    async def renew(self, holder: str, lease_seconds: float) -> Held:
        """Let the leases of a holder's active turns last so long from now on.

        Returns:
            Which turns those are, and which of them are to be stopped.
        """

    @abstractmethod
    async def checkpoint(self, holder: str, pieces: Sequence[Checkpoint]) -> None:
        """Keep what a holder's turns have streamed since the last time.

        Pieces of a turn that is not active, or is another's, are dropped. One
        that was kept already, and comes again, is kept once: the longer of the
        two, whichever came first.
        """

    @abstractmethod
    async def load_checkpoints(self, turn: TurnRecord, start: int = 0) -> list[Checkpoint]:
        """Return the pieces that hold the frame ``start`` or a later one, in their order.

        Pieces without frames come along where they stand among the others. Of
        an ended turn they may be there for some time yet, its tail included,
        or be gone.
        """

    async def progress(self, turns: Sequence[TurnRecord]) -> dict[str, Progress]:
        """Return how far turns have come, by their ids; those that are gone are left out.

        Every worker in which someone follows turns of others asks this, for all
        of them at once, several times a second. A store that can do it in one
        statement does, and says how many frames there are.
        """
        found: dict[str, Progress] = {}
        for turn in turns:
            with suppress(NotFound):
                found[turn.id] = Progress((await self.get_turn(turn.owner, turn.id)).status)
        return found

    @abstractmethod
    async def finish_turn(
        self, turn: TurnRecord, status: TurnStatus, changes: TurnChanges, *, takeover: bool = False
    ) -> bool:
        """End an active turn: apply ``changes`` and free the thread.

        The turn's row gets ``status``, ``ended_at`` (now), and the usage and
        error id of ``changes``; an interrupted one is not delivered. The rest
        of it stays as the store has it.

        Args:
            takeover: Whether a worker ends what another one began: only if its
                lease is still the one in ``turn``, so not if it was renewed.

        Returns:
            False if the turn was no longer active (someone took it over, or
            its thread was deleted), or was renewed; then nothing is changed.
        """

    @abstractmethod
    async def orphaned_turns(self, holder_prefix: str) -> list[TurnRecord]:
        """Return active turns, of any owner, whose lease has lapsed,
        or whose holder begins with ``holder_prefix`` (this host's: the caller
        knows which of them still live)."""

    @abstractmethod
    async def get_state(self, owner: Owner, thread_id: str, name: str) -> Any:
        """Return what a responder of this name wanted to know again, or None.

        Raises:
            NotFound: The thread is not there.
        """
