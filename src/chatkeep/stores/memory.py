"""The store that keeps nothing past the process: for tests, demos and trials."""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, TypeVar

from ..context import Owner
from ..encoding import from_json, to_json
from ..errors import NotFound, TooManyTurns, TurnActive, TurnLost, TurnRepeated
from .base import (
    UNSET,
    AttachmentRecord,
    Checkpoint,
    FeedbackKind,
    FeedbackRecord,
    Held,
    ItemRecord,
    Page,
    PageQuery,
    Store,
    ThreadChanges,
    ThreadRecord,
    TurnChanges,
    TurnRecord,
    TurnStatus,
    UnsetType,
)
from .capabilities import Purges
from .cursors import cursor, place

_Json = TypeVar("_Json")
_Key = TypeVar("_Key", int, tuple[datetime, str])


def _copied(value: _Json) -> _Json:
    """A copy of JSON-like data that shares nothing with it, as a database would give it back."""
    copy: _Json = from_json(to_json(value))
    return copy


def _copied_thread(thread: ThreadRecord) -> ThreadRecord:
    return ThreadRecord(
        thread.id,
        thread.created_at,
        thread.title,
        thread.title_source,
        _copied(thread.status),
        _copied(thread.allowed_image_domains),
        _copied(thread.metadata),
        thread.touched_at,
    )


def _cut(keys: list[_Key], query: PageQuery, after: _Key | None) -> tuple[list[_Key], bool]:
    """One page of an ascending list of keys, and whether more follow it."""
    if query.order == "asc":
        start = 0 if after is None else bisect_right(keys, after)
        stop = start + query.limit
        return keys[start:stop], stop < len(keys)
    stop = len(keys) if after is None else bisect_left(keys, after)
    start = max(0, stop - query.limit)
    return keys[start:stop][::-1], start > 0


def _discard(keys: list[_Key], key: _Key) -> None:
    """Take ``key`` out of an ascending list that may hold it."""
    index = bisect_left(keys, key)
    if index < len(keys) and keys[index] == key:
        del keys[index]


class _Items:
    """A thread's items, by id and by sequence number."""

    def __init__(self) -> None:
        self._next = 0
        self._numbers: dict[str, int] = {}
        self._records: dict[int, ItemRecord] = {}
        self._all: list[int] = []
        self._shown: list[int] = []

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._numbers

    def get(self, item_id: str) -> ItemRecord:
        return self._records[self._number(item_id)]

    def place(self, item_id: str) -> int:
        """The item's sequence number, as a key to sort by."""
        return self._numbers[item_id]

    def save(self, item: ItemRecord) -> None:
        number = self._numbers.get(item.id)
        if number is None:
            number = self._numbers[item.id] = self._next
            self._next += 1
            self._all.append(number)
        else:
            _discard(self._shown, number)
        if not item.hidden:
            insort(self._shown, number)
        self._records[number] = item

    def delete(self, item_id: str) -> None:
        number = self._numbers.pop(item_id, None)
        if number is not None:
            del self._records[number]
            _discard(self._all, number)
            _discard(self._shown, number)

    def page(self, query: PageQuery, hidden: bool) -> Page[ItemRecord]:
        after = None if query.after is None else self._number(query.after)
        numbers, more = _cut(self._all if hidden else self._shown, query, after)
        data = [self._records[number] for number in numbers]
        return Page(data, data[-1].id if more else None)

    def _number(self, item_id: str) -> int:
        try:
            return self._numbers[item_id]
        except KeyError:
            raise NotFound from None


@dataclass(slots=True)
class _Thread:
    """A thread and all that goes when it goes."""

    owner: Owner
    record: ThreadRecord
    items: _Items = field(default_factory=_Items)
    attachments: set[str] = field(default_factory=set)
    feedback: dict[str, FeedbackRecord] = field(default_factory=dict)
    turns: list[TurnRecord] = field(default_factory=list)
    active: TurnRecord | None = None
    states: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[datetime, str]:
        return (self.record.touched_at or self.record.created_at, self.record.id)

    def delete_items(self, item_ids: Iterable[str]) -> None:
        for item_id in item_ids:
            self.items.delete(item_id)
            self.feedback.pop(item_id, None)


class _Journal:
    """What a turn has streamed: pieces by the number of entries before them."""

    def __init__(self, turn: TurnRecord) -> None:
        self.turn = turn
        self.pieces: dict[int, Checkpoint] = {}

    def keep(self, piece: Checkpoint) -> None:
        known = self.pieces.get(piece.number)
        if known is None or len(known.data) <= len(piece.data):
            self.pieces[piece.number] = piece


class MemoryStore(Store, Purges):
    """Keeps everything in this process, and nothing when it ends.

    Each method runs without awaiting, so on one event loop each is a
    transaction. Records that can be changed are copied on their way in and out.
    """

    shared = False

    def __init__(self) -> None:
        self._threads: dict[tuple[str, str], _Thread] = {}
        self._thread_keys: defaultdict[Owner, list[tuple[datetime, str]]] = defaultdict(list)
        self._attachments: dict[tuple[str, str], tuple[Owner, AttachmentRecord]] = {}
        self._turns: dict[tuple[str, str], TurnRecord] = {}
        self._requests: defaultdict[tuple[Owner, str], list[TurnRecord]] = defaultdict(list)
        self._active: dict[str, TurnRecord] = {}
        self._journals: dict[str, _Journal] = {}
        self._began = datetime.now(UTC) - timedelta(seconds=monotonic())

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def ping(self) -> None:
        pass

    # Threads

    async def get_thread(self, owner: Owner, thread_id: str) -> ThreadRecord:
        return _copied_thread(self._thread(owner, thread_id).record)

    async def list_threads(self, owner: Owner, query: PageQuery) -> Page[ThreadRecord]:
        after = None
        if query.after is not None:
            after = place(query.after) or self._thread(owner, query.after).key
        keys, more = _cut(self._thread_keys.get(owner, []), query, after)
        tenant = owner.tenant
        data = [_copied_thread(self._threads[tenant, thread_id].record) for _, thread_id in keys]
        return Page(data, cursor(*keys[-1]) if more else None)

    async def save_thread(self, owner: Owner, thread: ThreadRecord) -> None:
        self._check_free_or_own(owner, thread.id)
        self._put_thread(owner, thread)

    async def update_thread(
        self, owner: Owner, thread_id: str, changes: ThreadChanges, *, turn: str | None = None
    ) -> ThreadRecord:
        record = self._fenced(owner, thread_id, turn).record
        kept = changes.keep_user_title and record.title_source == "user"
        if not isinstance(changes.title, UnsetType) and not kept:
            record.title = changes.title
            record.title_source = changes.title_source
        for name in ("status", "allowed_image_domains"):
            value: Any = getattr(changes, name)
            if value is not UNSET:
                setattr(record, name, _copied(value))
        for key in changes.metadata_removed:
            record.metadata.pop(key, None)
        record.metadata.update(_copied(dict(changes.metadata)))
        return _copied_thread(record)

    async def delete_thread(self, owner: Owner, thread_id: str) -> list[str]:
        thread = self._thread(owner, thread_id)
        del self._threads[owner.tenant, thread_id]
        _discard(self._thread_keys[owner], thread.key)
        for attachment_id in thread.attachments:
            del self._attachments[owner.tenant, attachment_id]
        for turn in thread.turns:
            self._forget_turn(turn)
        return sorted(thread.attachments)

    # Items

    async def get_item(self, owner: Owner, thread_id: str, item_id: str) -> ItemRecord:
        return self._thread(owner, thread_id).items.get(item_id)

    async def list_items(
        self, owner: Owner, thread_id: str, query: PageQuery, *, hidden: bool = False
    ) -> Page[ItemRecord]:
        return self._thread(owner, thread_id).items.page(query, hidden)

    async def save_items(
        self,
        owner: Owner,
        thread_id: str,
        items: Sequence[ItemRecord],
        *,
        turn: str | None = None,
    ) -> None:
        thread = self._fenced(owner, thread_id, turn)
        for item in items:
            thread.items.save(item)

    async def delete_items(
        self, owner: Owner, thread_id: str, item_ids: Sequence[str], *, turn: str | None = None
    ) -> None:
        self._fenced(owner, thread_id, turn).delete_items(item_ids)

    # Attachments

    async def save_attachment(self, owner: Owner, attachment: AttachmentRecord) -> None:
        self._check_attachment(owner, attachment, None)
        self._put_attachment(owner, attachment)

    async def get_attachment(self, owner: Owner, attachment_id: str) -> AttachmentRecord:
        return self._attachment(owner, attachment_id)

    async def list_attachments(self, owner: Owner, thread_id: str) -> list[AttachmentRecord]:
        ids = self._thread(owner, thread_id).attachments
        found = [self._attachments[owner.tenant, attachment_id][1] for attachment_id in ids]
        return sorted(found, key=lambda attachment: (attachment.created_at, attachment.id))

    async def delete_attachment(self, owner: Owner, attachment_id: str) -> None:
        self._unlink_attachment(owner, self._attachment(owner, attachment_id))
        del self._attachments[owner.tenant, attachment_id]

    # Feedback

    async def save_feedback(
        self, owner: Owner, thread_id: str, item_ids: Sequence[str], kind: FeedbackKind
    ) -> None:
        thread = self._thread(owner, thread_id)
        if not all(item_id in thread.items for item_id in item_ids):
            raise NotFound
        now = datetime.now(UTC)
        thread.feedback.update({id_: FeedbackRecord(id_, kind, now) for id_ in item_ids})

    async def list_feedback(self, owner: Owner, thread_id: str) -> list[FeedbackRecord]:
        thread = self._thread(owner, thread_id)
        return sorted(thread.feedback.values(), key=lambda given: thread.items.place(given.item_id))

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
        owner = turn.owner
        if thread is None:
            self._thread(owner, turn.thread_id)
        else:
            self._check_free_or_own(owner, thread.id)
        if repeated_since is not None and (earlier := self._repeated(turn, repeated_since)):
            raise TurnRepeated(self._seen(earlier))
        held = self._threads.get((owner.tenant, turn.thread_id))
        if held is not None and held.active is not None:
            raise TurnActive(self._seen(held.active))
        self._check_room(owner, max_active)
        for attachment in attachments:
            self._check_attachment(owner, attachment, thread)

        if thread is not None:
            self._put_thread(owner, thread)
        for item in items:
            self._thread(owner, turn.thread_id).items.save(item)
        for attachment in attachments:
            self._put_attachment(owner, attachment)
        self._put_turn(turn, lease_seconds)
        if items:
            self._touch(owner, turn.thread_id, turn.started_at)

    async def repeated_turn(self, turn: TurnRecord, since: datetime) -> TurnRecord | None:
        earlier = self._repeated(turn, since)
        return None if earlier is None else self._seen(earlier)

    async def get_turn(self, owner: Owner, turn_id: str) -> TurnRecord:
        return self._seen(self._turn(owner, turn_id))

    async def active_turn(self, owner: Owner, thread_id: str) -> TurnRecord | None:
        turn = self._thread(owner, thread_id).active
        return None if turn is None else self._seen(turn)

    async def request_stop(self, owner: Owner, thread_id: str) -> TurnRecord | None:
        turn = self._thread(owner, thread_id).active
        if turn is None:
            return None
        turn.stop_requested = True
        return self._seen(turn)

    async def mark_delivered(self, owner: Owner, turn_id: str, delivered: bool) -> None:
        self._turn(owner, turn_id).delivered = delivered

    async def renew(self, holder: str, lease_seconds: float) -> Held:
        held = [turn for turn in self._active.values() if turn.holder == holder]
        for turn in held:
            turn.lease_expires_at = self._now() + timedelta(seconds=lease_seconds)
        return Held(
            active=frozenset(turn.id for turn in held),
            to_stop=frozenset(turn.id for turn in held if turn.stop_requested),
        )

    async def checkpoint(self, holder: str, pieces: Sequence[Checkpoint]) -> None:
        for piece in pieces:
            turn = self._active.get(piece.turn_id)
            if turn is not None and turn.holder == holder:
                self._journals[turn.id].keep(piece)

    async def load_checkpoints(self, turn: TurnRecord, start: int = 0) -> list[Checkpoint]:
        journal = self._journals.get(turn.id)
        if journal is None or journal.turn.owner != turn.owner:
            return []
        pieces = [journal.pieces[number] for number in sorted(journal.pieces)]
        return [piece for piece in pieces if piece.first + piece.frames > start or not piece.frames]

    async def finish_turn(
        self, turn: TurnRecord, status: TurnStatus, changes: TurnChanges, *, takeover: bool = False
    ) -> bool:
        ended = self._active.get(turn.id)
        if ended is None or ended.owner != turn.owner:
            return False
        if takeover and ended.lease_expires_at != turn.lease_expires_at:
            return False
        thread = self._thread(ended.owner, ended.thread_id)
        for item in changes.items:
            thread.items.save(item)
        thread.delete_items(changes.removed)
        thread.states.update(_copied(dict(changes.state)))
        thread.active = None
        if changes.touched_at is not None:
            self._touch(ended.owner, ended.thread_id, changes.touched_at)
        self._end(ended, status, changes)
        return True

    def _end(self, ended: TurnRecord, status: TurnStatus, changes: TurnChanges) -> None:
        delivered = ended.delivered if changes.delivered is None else changes.delivered
        ended.status = status
        ended.delivered = delivered and status != "interrupted"
        ended.ended_at = datetime.now(UTC)
        ended.usage = _copied(changes.usage)
        ended.error_id = changes.error_id
        del self._active[ended.id]
        if changes.tail is not None:
            self._journals[ended.id].keep(changes.tail)

    async def orphaned_turns(self, holder_prefix: str) -> list[TurnRecord]:
        return [
            self._seen(turn)
            for turn in self._active.values()
            if self._has_lapsed(turn) or turn.holder.startswith(holder_prefix)
        ]

    async def get_state(self, owner: Owner, thread_id: str, name: str) -> Any:
        return _copied(self._thread(owner, thread_id).states.get(name))

    async def purge(self, *, streamed_seconds: float, turns_seconds: float, limit: int) -> int:
        now = datetime.now(UTC)
        ended = [turn for turn in self._turns.values() if turn.ended_at is not None]

        def older(turns: Iterable[TurnRecord], seconds: float) -> list[TurnRecord]:
            until = now - timedelta(seconds=seconds)
            return [turn for turn in turns if turn.ended_at and turn.ended_at <= until][:limit]

        streamed = older((turn for turn in ended if turn.id in self._journals), streamed_seconds)
        for turn in streamed:
            del self._journals[turn.id]
        forgotten = older(ended, turns_seconds)
        for turn in forgotten:
            self._threads[turn.owner.tenant, turn.thread_id].turns.remove(turn)
            self._forget_turn(turn)
        return max(len(streamed), len(forgotten))

    # Time

    def _now(self) -> datetime:
        """The time for leases: it never jumps."""
        return self._began + timedelta(seconds=monotonic())

    def _has_lapsed(self, turn: TurnRecord) -> bool:
        return turn.lease_expires_at is not None and turn.lease_expires_at <= self._now()

    def _seen(self, turn: TurnRecord) -> TurnRecord:
        """A turn as the caller may have it: a copy."""
        return replace(turn, usage=_copied(turn.usage), lapsed=self._has_lapsed(turn))

    # Looking up: what is another's is not found

    def _thread(self, owner: Owner, thread_id: str) -> _Thread:
        thread = self._threads.get((owner.tenant, thread_id))
        if thread is None or thread.owner != owner:
            raise NotFound
        return thread

    def _fenced(self, owner: Owner, thread_id: str, turn_id: str | None) -> _Thread:
        """The thread that a turn writes in, if it still holds it."""
        thread = self._thread(owner, thread_id)
        if turn_id is not None and (thread.active is None or thread.active.id != turn_id):
            raise TurnLost
        return thread

    def _attachment(self, owner: Owner, attachment_id: str) -> AttachmentRecord:
        kept = self._attachments.get((owner.tenant, attachment_id))
        if kept is None or kept[0] != owner:
            raise NotFound
        return kept[1]

    def _turn(self, owner: Owner, turn_id: str) -> TurnRecord:
        turn = self._turns.get((owner.tenant, turn_id))
        if turn is None or turn.owner != owner:
            raise NotFound
        return turn

    def _check_free_or_own(self, owner: Owner, thread_id: str) -> None:
        if (owner.tenant, thread_id) in self._threads:
            self._thread(owner, thread_id)

    def _check_attachment(
        self, owner: Owner, attachment: AttachmentRecord, coming: ThreadRecord | None
    ) -> None:
        if (owner.tenant, attachment.id) in self._attachments:
            self._attachment(owner, attachment.id)
        if attachment.thread_id is not None and (
            coming is None or attachment.thread_id != coming.id
        ):
            self._thread(owner, attachment.thread_id)

    def _repeated(self, turn: TurnRecord, since: datetime) -> TurnRecord | None:
        if turn.request_key is None:
            return None
        began = self._requests.get((turn.owner, turn.request_key), [])
        for earlier in sorted(began, key=lambda turn: turn.started_at, reverse=True):
            if earlier.started_at < since:
                break
            under_way = earlier.status == "active" and earlier.thread_id == turn.thread_id
            if under_way or not earlier.delivered:
                return earlier
        return None

    def _check_room(self, owner: Owner, max_active: int | None) -> None:
        if max_active is None:
            return
        if sum(turn.owner == owner for turn in self._active.values()) >= max_active:
            raise TooManyTurns

    # Writing: everything has been checked

    def _put_thread(self, owner: Owner, record: ThreadRecord) -> None:
        record = _copied_thread(record)
        keys = self._thread_keys[owner]
        known = self._threads.get((owner.tenant, record.id))
        if known is None:
            known = self._threads[owner.tenant, record.id] = _Thread(owner, record)
        else:
            _discard(keys, known.key)
            record.touched_at = record.touched_at or known.record.touched_at
            known.record = record
        record.touched_at = record.touched_at or record.created_at
        insort(keys, known.key)

    def _touch(self, owner: Owner, thread_id: str, at: datetime) -> None:
        thread, keys = self._thread(owner, thread_id), self._thread_keys[owner]
        _discard(keys, thread.key)
        thread.record.touched_at = max(thread.key[0], at)
        insort(keys, thread.key)

    def _put_attachment(self, owner: Owner, attachment: AttachmentRecord) -> None:
        known = self._attachments.get((owner.tenant, attachment.id))
        if known is not None:
            self._unlink_attachment(owner, known[1])
        if attachment.thread_id is not None:
            self._thread(owner, attachment.thread_id).attachments.add(attachment.id)
        self._attachments[owner.tenant, attachment.id] = (owner, attachment)

    def _unlink_attachment(self, owner: Owner, attachment: AttachmentRecord) -> None:
        if attachment.thread_id is not None:
            self._thread(owner, attachment.thread_id).attachments.discard(attachment.id)

    def _put_turn(self, turn: TurnRecord, lease_seconds: float) -> None:
        thread = self._thread(turn.owner, turn.thread_id)
        kept = thread.active = self._seen(turn)
        kept.lease_expires_at = self._now() + timedelta(seconds=lease_seconds)
        thread.turns.append(kept)
        self._turns[turn.owner.tenant, turn.id] = kept
        self._active[turn.id] = kept
        self._journals[turn.id] = _Journal(kept)
        if turn.request_key is not None:
            self._requests[turn.owner, turn.request_key].append(kept)

    def _forget_turn(self, turn: TurnRecord) -> None:
        del self._turns[turn.owner.tenant, turn.id]
        self._active.pop(turn.id, None)
        self._journals.pop(turn.id, None)
        if turn.request_key is None:
            return
        key = (turn.owner, turn.request_key)
        self._requests[key] = [other for other in self._requests[key] if other.id != turn.id]
        if not self._requests[key]:
            del self._requests[key]
