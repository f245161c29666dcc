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
  are ordered by ``(created_at, id)``.
* **Pages** are by key: a page costs the same wherever it begins. ``after`` is
  the id of the last row seen; an id that is not there raises `NotFound`.
* **Atomicity.** One call is one transaction: all of it happens, or nothing.
* **Durability.** When a call returns, its effect survives the end of the
  process (except in a store that says it keeps nothing).
* **Text** comes back as it went in, with null bytes and lone surrogates.
* **Times** are aware and in UTC.

Nothing costs more with more threads, or with more items in a thread, than an
index lookup does.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from ..context import Owner

T = TypeVar("T")

Order = Literal["asc", "desc"]
TitleSource = Literal["default", "responder", "user"]
TurnStatus = Literal["active", "finished", "stopped", "failed", "interrupted"]
FeedbackKind = Literal["positive", "negative"]

HIDDEN_ITEM_TYPES = frozenset({"hidden_context_item", "sdk_hidden_context"})

MAX_PAGE_SIZE = 100
DEFAULT_PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which page of an ordered list. ``limit`` is clamped to 1..100."""

    limit: int = DEFAULT_PAGE_SIZE
    after: str | None = None
    order: Order = "desc"

    def __post_init__(self) -> None:
        object.__setattr__(self, "limit", max(1, min(self.limit, MAX_PAGE_SIZE)))


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page, and the key after which the next one begins (None at the end)."""

    data: list[T]
    after: str | None = None

    @property
    def has_more(self) -> bool:
        """Whether a further page holds at least one row."""
        return self.after is not None


@dataclass(slots=True)
class ThreadRecord:
    """A thread without its items.

    ``status`` is the wire object (``{"type": "locked", "reason": ...}``).
    ``title_source`` says who gave the title, so that a person's own is kept.
    """

    id: str
    created_at: datetime
    title: str | None = None
    title_source: TitleSource = "default"
    status: dict[str, Any] = field(default_factory=lambda: {"type": "active"})
    allowed_image_domains: list[str] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """An item of a thread, as its wire JSON.

    ``data`` is the item's JSON in UTF-8 (lone surrogates as ``\\udxxx``
    escapes, so it is always valid). ``finished`` is False where a stop, an
    error or a crash ended the item early.
    """

    id: str
    type: str
    created_at: datetime
    data: bytes
    finished: bool = True

    @property
    def hidden(self) -> bool:
        """Whether the item is kept from every client."""
        return self.type in HIDDEN_ITEM_TYPES


@dataclass(frozen=True, slots=True)
class AttachmentRecord:
    """An attachment's metadata, as JSON (server-side ``metadata`` included)."""

    id: str
    created_at: datetime
    data: bytes
    thread_id: str | None = None


@dataclass(slots=True)
class TurnRecord:
    """One turn: the answer to one request, and the lease it holds on its thread.

    Args:
        holder: The worker that runs it (``host:pid:nonce``).
        lease_expires_at: Past this the holder is taken for dead.
        request_key: Digest of the request that began it.
        input_item_id: The user's message that it answers, if any.
        delivered: False while no client has, or is getting, the whole answer.
        usage: What the model counted, if the responder recorded it.
    """

    id: str
    owner: Owner
    thread_id: str
    kind: str
    holder: str
    started_at: datetime
    lease_expires_at: datetime
    status: TurnStatus = "active"
    request_key: str | None = None
    input_item_id: str | None = None
    delivered: bool = True
    stop_requested: bool = False
    ended_at: datetime | None = None
    usage: dict[str, Any] | None = None
    error_id: str | None = None


@dataclass(frozen=True, slots=True)
class TurnChanges:
    """What the end of a turn changes, all at once.

    ``items`` are saved first, then ``removed`` are deleted.
    """

    items: Sequence[ItemRecord] = ()
    removed: Sequence[str] = ()
    usage: dict[str, Any] | None = None
    error_id: str | None = None


@dataclass(frozen=True, slots=True)
class FeedbackRecord:
    """One person's verdict on one item."""

    item_id: str
    kind: FeedbackKind
    created_at: datetime


class UnsetType:
    """The type of `UNSET`: a field that is left as it is."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET = UnsetType()


@dataclass(frozen=True, slots=True)
class ThreadChanges:
    """The fields of a thread to set; the others keep what others wrote.

    With ``keep_user_title``, ``title`` is left alone if a person gave it.
    """

    title: str | UnsetType | None = UNSET
    title_source: TitleSource = "responder"
    keep_user_title: bool = False
    status: dict[str, Any] | UnsetType = UNSET
    allowed_image_domains: list[str] | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class Store(ABC):
    """Where everything is kept. See the module's text for what holds throughout."""

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

    # Threads

    @abstractmethod
    async def get_thread(self, owner: Owner, thread_id: str) -> ThreadRecord:
        """Return one thread. Raises `NotFound`."""

    @abstractmethod
    async def list_threads(self, owner: Owner, query: PageQuery) -> Page[ThreadRecord]:
        """Return the owner's threads by ``(created_at, id)``.

        Raises:
            NotFound: ``query.after`` is not one of the owner's threads.
        """

    @abstractmethod
    async def save_thread(self, owner: Owner, thread: ThreadRecord) -> None:
        """Insert the thread, or replace it whole if the owner has it already.

        Raises:
            NotFound: Another user of the tenant has a thread of this id.
        """

    @abstractmethod
    async def update_thread(
        self, owner: Owner, thread_id: str, changes: ThreadChanges
    ) -> ThreadRecord:
        """Set the named fields only, and return the whole. Raises `NotFound`."""

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
    async def save_items(self, owner: Owner, thread_id: str, items: Sequence[ItemRecord]) -> None:
        """Append new items in the given order; replace known ones in their place.

        Raises:
            NotFound: The thread is not there; nothing is saved.
        """

    @abstractmethod
    async def delete_items(self, owner: Owner, thread_id: str, item_ids: Sequence[str]) -> None:
        """Delete the items that are there, and the feedback on them.

        Unknown ids are passed over.

        Raises:
            NotFound: The thread is not there.
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
        thread: ThreadRecord | None = None,
        items: Sequence[ItemRecord] = (),
        attachments: Sequence[AttachmentRecord] = (),
        repeated_since: datetime | None = None,
    ) -> None:
        """Take the lease on the thread and save what the turn begins with.

        In one transaction: save ``thread`` if given, append ``items`` (the
        user's message), save ``attachments``, insert ``turn``. When it raises,
        nothing is saved.

        Args:
            turn: The turn, active. A store keeps no reference to it.
            thread: A new thread, of the id ``turn.thread_id``.
            items: Saved as `save_items` does.
            attachments: Saved as `save_attachment` does.
            repeated_since: How far back to look for the same request; None
                does not look.

        Raises:
            NotFound: No ``thread`` is given and ``turn.thread_id`` is not there,
                or an attachment, or its thread, is another's.
            TurnRepeated: The owner began a turn with the same ``request_key``
                no earlier than ``repeated_since``, and its answer was not
                delivered, or it is still active on this same thread. It
                carries the newest such turn, and goes before `TurnActive`.
            TurnActive: Another turn, which it carries, holds the thread,
                whatever its lease says.
        """

    @abstractmethod
    async def get_turn(self, owner: Owner, turn_id: str) -> TurnRecord:
        """Return a turn. Raises `NotFound`."""

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
    async def checkpoint(
        self, holder: str, lease_expires_at: datetime, frames: Sequence[tuple[str, bytes]]
    ) -> list[str]:
        """Keep what a holder's turns have streamed since the last time.

        Args:
            holder: Every active turn of this holder has its lease renewed.
            lease_expires_at: The new end of those leases.
            frames: ``(turn_id, encoded events)`` to append to each turn's log.
                Those of a turn that is not active, or another's, are dropped.

        Returns:
            The ids of the holder's turns that someone asked to stop.
        """

    @abstractmethod
    async def load_checkpoints(self, turn: TurnRecord) -> list[bytes]:
        """Return what `checkpoint` kept of an active turn, oldest first.

        Of a turn that has ended, or is not there, nothing is kept.
        """

    @abstractmethod
    async def finish_turn(self, turn: TurnRecord, status: TurnStatus, changes: TurnChanges) -> bool:
        """End an active turn: apply ``changes``, free the thread, drop the log.

        The turn's row gets ``status``, ``ended_at`` (now), and the usage and
        error id of ``changes``; an interrupted one is not delivered. The rest
        of it stays as the store has it.

        Returns:
            False if the turn was no longer active (someone recovered it, or
            its thread was deleted); then nothing is changed.
        """

    @abstractmethod
    async def expired_turns(self, now: datetime, holder_prefix: str) -> list[TurnRecord]:
        """Return active turns, of any owner, whose lease ended before ``now``,
        or whose holder begins with ``holder_prefix`` (this host's: the caller
        knows which of them still live)."""
