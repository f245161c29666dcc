"""The store that keeps nothing past the process: for tests, demos and trials."""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from ..context import Owner
from ..encoding import from_json, to_json
from ..errors import NotFound, TurnActive, TurnRepeated
from .base import (
    UNSET,
    AttachmentRecord,
    FeedbackKind,
    FeedbackRecord,
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
    )


def _copied_turn(turn: TurnRecord) -> TurnRecord:
    return replace(turn, usage=_copied(turn.usage))


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

    @property
    def key(self) -> tuple[datetime, str]:
        return (self.record.created_at, self.record.id)

    def delete_items(self, item_ids: Iterable[str]) -> None:
        for item_id in item_ids:
            self.items.delete(item_id)
            self.feedback.pop(item_id, None)


class MemoryStore(Store):
    """Keeps everything in this process, and nothing when it ends.

    Each method runs without awaiting, so on one event loop each is a
    transaction. Records that can be changed are copied on their way in and out.
    """

    def __init__(self) -> None:
        self._threads: dict[tuple[str, str], _Thread] = {}
        self._thread_keys: defaultdict[Owner, list[tuple[datetime, str]]] = defaultdict(list)
        self._attachments: dict[tuple[str, str], tuple[Owner, AttachmentRecord]] = {}
        self._turns: dict[tuple[str, str], TurnRecord] = {}
        self._requests: defaultdict[tuple[Owner, str], list[TurnRecord]] = defaultdict(list)
        self._logs: dict[str, tuple[TurnRecord, list[bytes]]] = {}

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
        after = None if query.after is None else self._thread(owner, query.after).key
        keys, more = _cut(self._thread_keys.get(owner, []), query, after)
        tenant = owner.tenant
        data = [_copied_thread(self._threads[tenant, thread_id].record) for _, thread_id in keys]
        return Page(data, data[-1].id if more else None)

    async def save_thread(self, owner: Owner, thread: ThreadRecord) -> None:
        self._check_free_or_own(owner, thread.id)
        self._put_thread(owner, thread)

    async def update_thread(
        self, owner: Owner, thread_id: str, changes: ThreadChanges
    ) -> ThreadRecord:
        record = self._thread(owner, thread_id).record
        kept = changes.keep_user_title and record.title_source == "user"
        if not isinstance(changes.title, UnsetType) and not kept:
            record.title = changes.title
            record.title_source = changes.title_source
        for name in ("status", "allowed_image_domains", "metadata"):
            value: Any = getattr(changes, name)
            if value is not UNSET:
                setattr(record, name, _copied(value))
        return _copied_thread(record)

    async def delete_thread(self, owner: Owner, thread_id: str) -> list[str]:
        thread = self._thread(owner, thread_id)
        del self._threads[owner.tenant, thread_id]
        _discard(self._thread_keys[owner], thread.key)
        for attachment_id in thread.attachments:
            del self._attachments[owner.tenant, attachment_id]
        for turn in thread.turns:
            del self._turns[owner.tenant, turn.id]
            self._logs.pop(turn.id, None)
            if turn.request_key is not None:
                self._forget_request(turn, turn.request_key)
        return sorted(thread.attachments)

    # Items

    async def get_item(self, owner: Owner, thread_id: str, item_id: str) -> ItemRecord:
        return self._thread(owner, thread_id).items.get(item_id)

    async def list_items(
        self, owner: Owner, thread_id: str, query: PageQuery, *, hidden: bool = False
    ) -> Page[ItemRecord]:
        return self._thread(owner, thread_id).items.page(query, hidden)

    async def save_items(self, owner: Owner, thread_id: str, items: Sequence[ItemRecord]) -> None:
        thread = self._thread(owner, thread_id)
        for item in items:
            thread.items.save(item)

    async def delete_items(self, owner: Owner, thread_id: str, item_ids: Sequence[str]) -> None:
        self._thread(owner, thread_id).delete_items(item_ids)

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
        thread: ThreadRecord | None = None,
        items: Sequence[ItemRecord] = (),
        attachments: Sequence[AttachmentRecord] = (),
        repeated_since: datetime | None = None,
    ) -> None:
        owner = turn.owner
        if thread is None:
            self._thread(owner, turn.thread_id)
        else:
            self._check_free_or_own(owner, thread.id)
        self._check_repeated(turn, repeated_since)
        held = self._threads.get((owner.tenant, turn.thread_id))
        if held is not None and held.active is not None:
            raise TurnActive(_copied_turn(held.active))
        for attachment in attachments:
            self._check_attachment(owner, attachment, thread)

        if thread is not None:
            self._put_thread(owner, thread)
        for item in items:
            self._thread(owner, turn.thread_id).items.save(item)
        for attachment in attachments:
            self._put_attachment(owner, attachment)
        self._put_turn(turn)

    async def get_turn(self, owner: Owner, turn_id: str) -> TurnRecord:
        return _copied_turn(self._turn(owner, turn_id))

    async def request_stop(self, owner: Owner, thread_id: str) -> TurnRecord | None:
        turn = self._thread(owner, thread_id).active
        if turn is None:
            return None
        turn.stop_requested = True
        return _copied_turn(turn)

    async def mark_delivered(self, owner: Owner, turn_id: str, delivered: bool) -> None:
        self._turn(owner, turn_id).delivered = delivered

    async def checkpoint(
        self, holder: str, lease_expires_at: datetime, frames: Sequence[tuple[str, bytes]]
    ) -> list[str]:
        held = {id_: log for id_, log in self._logs.items() if log[0].holder == holder}
        for turn, _ in held.values():
            turn.lease_expires_at = lease_expires_at
        for turn_id, frame in frames:
            if turn_id in held:
                held[turn_id][1].append(frame)
        return [turn.id for turn, _ in held.values() if turn.stop_requested]

    async def load_checkpoints(self, turn: TurnRecord) -> list[bytes]:
        kept = self._logs.get(turn.id)
        return list(kept[1]) if kept is not None and kept[0].owner == turn.owner else []

    async def finish_turn(self, turn: TurnRecord, status: TurnStatus, changes: TurnChanges) -> bool:
        ended = self._turns.get((turn.owner.tenant, turn.id))
        if ended is None or ended.owner != turn.owner or ended.status != "active":
            return False
        thread = self._thread(ended.owner, ended.thread_id)
        for item in changes.items:
            thread.items.save(item)
        thread.delete_items(changes.removed)
        thread.active = None
        ended.status = status
        ended.delivered = ended.delivered and status != "interrupted"
        ended.ended_at = datetime.now(UTC)
        ended.usage = _copied(changes.usage)
        ended.error_id = changes.error_id
        del self._logs[turn.id]
        return True

    async def expired_turns(self, now: datetime, holder_prefix: str) -> list[TurnRecord]:
        return [
            _copied_turn(turn)
            for turn, _ in self._logs.values()
            if turn.lease_expires_at < now or turn.holder.startswith(holder_prefix)
        ]

    # Looking up: what is another's is not found

    def _thread(self, owner: Owner, thread_id: str) -> _Thread:
        thread = self._threads.get((owner.tenant, thread_id))
        if thread is None or thread.owner != owner:
            raise NotFound
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

    def _check_repeated(self, turn: TurnRecord, since: datetime | None) -> None:
        if since is None or turn.request_key is None:
            return
        for earlier in reversed(self._requests.get((turn.owner, turn.request_key), [])):
            under_way = earlier.status == "active" and earlier.thread_id == turn.thread_id
            if earlier.started_at >= since and (under_way or not earlier.delivered):
                raise TurnRepeated(_copied_turn(earlier))

    # Writing: everything has been checked

    def _put_thread(self, owner: Owner, record: ThreadRecord) -> None:
        record = _copied_thread(record)
        keys = self._thread_keys[owner]
        known = self._threads.get((owner.tenant, record.id))
        if known is None:
            known = self._threads[owner.tenant, record.id] = _Thread(owner, record)
        else:
            _discard(keys, known.key)
            known.record = record
        insort(keys, known.key)

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

    def _put_turn(self, turn: TurnRecord) -> None:
        thread = self._thread(turn.owner, turn.thread_id)
        kept = thread.active = _copied_turn(turn)
        thread.turns.append(kept)
        self._turns[turn.owner.tenant, turn.id] = kept
        self._logs[turn.id] = (kept, [])
        if turn.request_key is not None:
            self._requests[turn.owner, turn.request_key].append(kept)

    def _forget_request(self, turn: TurnRecord, request_key: str) -> None:
        began = self._requests[turn.owner, request_key]
        began[:] = [other for other in began if other.id != turn.id]
        if not began:
            del self._requests[turn.owner, request_key]
