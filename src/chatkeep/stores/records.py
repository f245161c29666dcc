"""The records that a store takes and gives: rows, pages, and what is to be changed."""

from collections.abc import Mapping, Sequence
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
    ``touched_at`` is when its last message came, or when it was created; the
    store keeps it, and orders threads by it.
    """

    id: str
    created_at: datetime
    title: str | None = None
    title_source: TitleSource = "default"
    status: dict[str, Any] = field(default_factory=lambda: {"type": "active"})
    allowed_image_domains: list[str] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    touched_at: datetime | None = field(default=None, compare=False)


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
        holder: The worker that runs it.
        request_key: Digest of the request that began it.
        input_item_id: The user's message that it answers, if any.
        delivered: False while no client has, or is getting, the whole answer.
        usage: What the model counted, if the responder recorded it.
        lease_expires_at: Past this the holder is taken for dead. The store
            gives it, by its own clock.
        lapsed: Whether the lease had ended, by the store's clock, when the
            record was read.
    """

    id: str
    owner: Owner
    thread_id: str
    kind: str
    holder: str
    started_at: datetime
    status: TurnStatus = "active"
    request_key: str | None = None
    input_item_id: str | None = None
    delivered: bool = True
    stop_requested: bool = False
    ended_at: datetime | None = None
    usage: dict[str, Any] | None = None
    error_id: str | None = None
    lease_expires_at: datetime | None = field(default=None, compare=False)
    lapsed: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A piece of what a turn has streamed, as its journal has it.

    Args:
        number: How many entries of the journal come before this piece. A piece
            of a number that is kept already takes its place: it was sent again.
        first: The number of its first frame, counted from 0.
        frames: How many frames are in it.
        data: Its entries. The store never reads them.
    """

    turn_id: str
    number: int
    first: int
    frames: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a turn has come.

    Args:
        frames: The number after that of the last frame which its checkpoints
            have, 0 if there is none; None if only reading them would tell.
    """

    status: TurnStatus
    frames: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What a worker still holds.

    Args:
        active: The ids of its active turns. What it runs and is not among them
            has lost its thread: it was taken over, or the thread is gone.
        to_stop: Those of them that someone asked to stop.
    """

    active: frozenset[str]
    to_stop: frozenset[str]


@dataclass(frozen=True, slots=True)
class TurnChanges:
    """What the end of a turn changes, all at once.

    ``items`` are saved first, then ``removed`` are deleted.

    Args:
        delivered: Whether a client has, or is getting, the answer; None leaves
            what is known of that as it is.
        state: What responders want to know again at their next turn of the
            thread, by their names; None forgets it.
        tail: The last piece of the turn's journal.
        touched_at: When the thread's last message came, if one did.
    """

    items: Sequence[ItemRecord] = ()
    removed: Sequence[str] = ()
    usage: dict[str, Any] | None = None
    error_id: str | None = None
    delivered: bool | None = None
    state: Mapping[str, Any] = field(default_factory=dict)
    tail: Checkpoint | None = None
    touched_at: datetime | None = None


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
    ``metadata`` sets the keys that it has, ``metadata_removed`` names those
    that go; the others keep what others wrote.
    """

    title: str | UnsetType | None = UNSET
    title_source: TitleSource = "responder"
    keep_user_title: bool = False
    status: dict[str, Any] | UnsetType = UNSET
    allowed_image_domains: list[str] | UnsetType | None = UNSET
    metadata: Mapping[str, Any] = field(default_factory=dict)
    metadata_removed: Sequence[str] = ()
