"""The recorder: folds each event into its item, keeps it, and publishes it.

Plain text is the hot path: one list append, one encoding, one frame. Whatever
ends an item is written to the store before anyone is shown that it ended.

Writes run in tasks of their own, so that a responder that is cancelled in the
middle of one leaves it whole: the SDK loses the partial answer there.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any, Protocol

from pydantic import BaseModel

from ..errors import AnswerTooLong, InvalidOutput, NotFound
from ..live.base import LogWriter
from ..protocol.types import (
    ITEM_TYPES,
    NOTE_TYPES,
    Annotation,
    AssistantMessageContentPartTextDelta,
    ThreadCreatedEvent,
    ThreadItem,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemRemovedEvent,
    ThreadItemReplacedEvent,
    ThreadItemUpdatedEvent,
    ThreadMetadata,
    ThreadUpdatedEvent,
    WidgetComponentBase,
)
from ..protocol.wire import (
    EMPTY_PAGE,
    aware,
    event_json,
    from_json,
    item_record,
    model_json,
    public_item,
    text_json,
    to_json,
)
from ..stores.base import HIDDEN_ITEM_TYPES, ItemRecord
from .channel import Channel
from .folding import OpenItem, OpenMessage, Part, open_item
from .journal import Journal
from .revisions import Revision

_ANYTHING = (Exception, asyncio.CancelledError)

FAKE_ID = "__fake_id__"
"""What the Agents SDK calls every answer of a model that gives no ids."""


class ItemStore(Protocol):
    """What the recorder needs of a store: one thread's items."""

    def new_item_id(self, item_type: str) -> str:
        """Return an id for an item of a wire type."""
        ...

    async def get_item(self, item_id: str) -> ItemRecord:
        """Return an item of the thread."""
        ...

    async def save_items(self, items: Sequence[ItemRecord]) -> None:
        """Append new items, replace known ones in their place."""
        ...

    async def delete_items(self, item_ids: Sequence[str]) -> None:
        """Delete the items that are there."""
        ...


class Recorder:
    """What one turn has streamed, and the items that it makes.

    Args:
        thread_id: The thread that every item belongs to.
        journal: Where all that happens is kept until the store has it.
        log: Where followers read what they are to see.
        store: Where items are kept.
        max_bytes: How much may be published before `AnswerTooLong` is raised.
    """

    def __init__(
        self,
        thread_id: str,
        journal: Journal,
        log: LogWriter,
        store: ItemStore,
        max_bytes: int,
    ) -> None:
        self._thread_id = thread_id
        self._journal = journal
        self._channel = Channel(journal, log, max_bytes, self._begin_message)
        self.write = self._channel.write
        """Streams a piece of the assistant's text; raises `AnswerTooLong`."""
        self.publish = self._channel.publish
        """Publishes one event's JSON."""
        self._store = store
        self._max_bytes = max_bytes
        self._open: dict[str, OpenItem] = {}
        self._revisions: dict[str, Revision] = {}
        self._given_id: str | None = None
        """The id that an answer without one of its own was given."""
        self._message: OpenMessage | None = None
        self._citations: list[tuple[Annotation, int | None]] = []
        self._writing: list[asyncio.Task[None]] = []
        self._sealed = False
        self.saved_ids: list[str] = []
        """The items that the turn saved, in place of older ones or not."""
        self.kept_any = False
        """Whether an item that a client can see was saved."""

    @property
    def size(self) -> int:
        """How many bytes of frames the turn has streamed."""
        return self._max_bytes - self._channel.room()

    def new_item_id(self, item_type: str) -> str:
        """Return an id for an item of a wire type, of the store's own kind."""
        return self._store.new_item_id(item_type)

    # What a responder yields

    def text_delta(self, event: ThreadItemUpdatedEvent, item: OpenItem | None = None) -> bool:
        """Stream a piece of text that comes as an event, if it is one to an open message.

        Raises:
            AnswerTooLong: There is no room for it.
        """
        item, update = item or self._open.get(event.item_id), event.update
        if (
            type(update) is AssistantMessageContentPartTextDelta
            and type(item) is OpenMessage
            and not item.stored
        ):
            parts, index = item.parts, update.content_index
            part = parts[index] if 0 <= index < len(parts) else item.part(index)
            self.write(update.delta, part)
            return True
        return False

    async def output(self, output: Any) -> None:
        """Take anything that a responder may yield.

        Raises:
            InvalidOutput: It is nothing that a responder may yield, or an
                event that doesn't fit the thread.
            AnswerTooLong: There is no room for it.
        """
        self._refuse_after_end()
        if self._channel.room() <= 0:
            raise AnswerTooLong
        if isinstance(output, ThreadItemUpdatedEvent):
            await self._updated(output)
        elif isinstance(output, str):
            self.write(output)
        elif isinstance(output, BaseModel):
            await self._model(output)
        else:
            raise InvalidOutput(f"a responder yielded {type(output).__name__}")

    async def _model(self, output: BaseModel) -> None:
        match output:
            case ThreadItemAddedEvent(item=item):
                await self.end_message()
                self._refuse_after_end()
                self._added(self._own(item))
            case ThreadItemDoneEvent(item=item):
                await self._done(self._own(item), "thread.item.done")
            case ThreadItemReplacedEvent(item=item):
                await self._done(self._own(item), "thread.item.replaced")
            case ThreadItemRemovedEvent(item_id=item_id):
                await self._removed(item_id)
            case ThreadUpdatedEvent(thread=thread) | ThreadCreatedEvent(thread=thread):
                self.publish(event_json(output.type, thread=_public_thread(thread)))
            case WidgetComponentBase():
                await self._widget(output)
            case _ if isinstance(output, ITEM_TYPES):
                await self._done(self._own(output), "thread.item.done")
            case _ if isinstance(output, NOTE_TYPES):
                self.publish(model_json(output))
            case _:
                raise InvalidOutput(f"a responder yielded {type(output).__name__}")

    # The assistant's plain text

    def _begin_message(self) -> Part:
        record = self._new_record("assistant_message", b'"content":[]')
        message = self._message = OpenMessage(record)
        self._open[message.id] = message
        self.publish(event_json("thread.item.added", item=record.data))
        part = message.part(0)
        self._channel.plain(part)
        self._publish_update(message, self._part_event("added", part))
        for annotation, index in self._citations:
            self._cite(message, annotation, index)
        self._citations.clear()
        return part

    def cite(self, annotation: Annotation, index: int | None) -> None:
        """Attach a source to the assistant's text: after ``index`` code points, or at its end."""
        if self._sealed:
            return
        if self._message is None:
            self._citations.append((annotation, index))
        else:
            self._cite(self._message, annotation, index)

    def _cite(self, message: OpenMessage, annotation: Annotation, index: int | None) -> None:
        part = message.part(0)
        at = part.length if index is None else index
        update = {
            "type": "assistant_message.content_part.annotation_added",
            "content_index": 0,
            "annotation_index": len(part.annotations),
            "annotation": from_json(model_json(annotation.model_copy(update={"index": at}))),
        }
        message.update(update)
        self._publish_update(message, to_json(update))

    async def end_message(self) -> None:
        """End the plain text that is open, if any; further text begins a new message."""
        message, self._message = self._message, None
        self._channel.plain(None)
        if message is not None:
            await self._durably(self._save_message(message))

    async def _save_message(self, message: OpenMessage) -> None:
        record = message.record(finished=True)
        await self._store.save_items([*self._places_before(record.id), record])
        self.saved_ids.append(record.id)
        self._message_ended(message)
        self.publish_end(record)

    def _message_ended(self, message: OpenMessage) -> None:
        self._publish_update(message, self._part_event("done", message.part(0)))
        self._open.pop(message.id, None)

    @staticmethod
    def _part_event(what: str, part: Part) -> bytes:
        kind = f"assistant_message.content_part.{what}"
        return event_json(kind, content_index=b"0", content=part.json())

    # Items and the updates to them

    async def _updated(self, event: ThreadItemUpdatedEvent) -> None:
        item = self._open.get(event.item_id) or await self._open_stored(event.item_id)
        if self.text_delta(event, item):
            return
        encoded = model_json(event.update)
        update = from_json(encoded)
        try:
            item.update(update)
        except (ValueError, LookupError) as error:
            raise InvalidOutput(f"an update does not fit its item: {error}") from error
        if item.stored:
            self._revisions[item.id].updates.append(update)
        if item.type not in HIDDEN_ITEM_TYPES:
            self._publish_update(item, encoded)

    async def _open_stored(self, item_id: str) -> OpenItem:
        """Open an item of an earlier turn, to be updated.

        Recovery gets it as it was: the store may have it with these updates
        before a checkpoint has them.
        """
        if item_id == FAKE_ID and self._given_id is not None:
            return self._open[self._given_id]
        record = await self._store.get_item(item_id)
        self._refuse_after_end()
        if item_id not in self._open:  # another task of the responder's may have been faster
            self._open[item_id] = open_item(record, stored=True)
            self._revisions[item_id] = Revision(record)
            self._journal.note(event_json("base", item=record.data))
        return self._open[item_id]

    def _added(self, item: ThreadItem) -> None:
        record = item_record(item)
        self._open[item.id] = open_item(record)
        if record.hidden:
            self._journal.note(event_json("thread.item.added", item=record.data))
        else:
            self.publish(event_json("thread.item.added", item=public_item(record)))

    async def _done(self, item: ThreadItem, event: str) -> None:
        await self.end_message()
        await self._durably(self._save(item_record(item), event))

    async def _save(self, record: ItemRecord, event: str) -> None:
        await self._store.save_items([*self._places_before(record.id), record])
        self.saved_ids.append(record.id)
        self._open.pop(record.id, None)
        if record.id == self._given_id:
            self._given_id = None
        self.publish_end(record, event)

    def _places_before(self, item_id: str) -> list[ItemRecord]:
        """Items that were added before another ends: saved as they stand, to stand before it."""
        before = takewhile(lambda item: item.id != item_id, self._open.values())
        unplaced = [item for item in before if not item.placed]
        for item in unplaced:
            item.placed = True
        return [item.record(finished=False) for item in unplaced]

    async def _removed(self, item_id: str) -> None:
        await self.end_message()
        if item_id == FAKE_ID and self._given_id is not None:
            item_id, self._given_id = self._given_id, None
        await self._durably(self._delete(item_id))

    async def _delete(self, item_id: str) -> None:
        hidden = await self._is_hidden(item_id)
        await self._store.delete_items([item_id])
        self._open.pop(item_id, None)
        removed = _removed(item_id)
        if hidden:
            self._journal.note(removed)
        else:
            self.publish(removed)

    async def _is_hidden(self, item_id: str) -> bool:
        try:
            item = self._open.get(item_id) or await self._store.get_item(item_id)
        except NotFound:
            return False
        return item.type in HIDDEN_ITEM_TYPES

    async def _widget(self, widget: WidgetComponentBase) -> None:
        await self.end_message()
        record = self._new_record("widget", b'"widget":' + model_json(widget))
        await self._durably(self._save(record, "thread.item.done"))

    def _new_record(self, item_type: str, rest: bytes) -> ItemRecord:
        item_id, now = self._store.new_item_id(item_type), datetime.now(UTC)
        value = {"id": item_id, "thread_id": self._thread_id, "created_at": now, "type": item_type}
        return ItemRecord(item_id, item_type, now, to_json(value)[:-1] + b"," + rest + b"}")

    def _own(self, item: ThreadItem) -> ThreadItem:
        """The item as this thread's: with an id of its own, in this thread, in UTC."""
        changes: dict[str, Any] = {}
        if item.id == FAKE_ID:
            self._given_id = changes["id"] = self._given_id or self._store.new_item_id(item.type)
        if item.thread_id != self._thread_id:
            changes["thread_id"] = self._thread_id
        if item.created_at.tzinfo is not UTC:
            changes["created_at"] = aware(item.created_at)
        return item.model_copy(update=changes) if changes else item

    # The end

    def seal(self) -> None:
        """Take no more from the responder."""
        self._sealed = True

    def _refuse_after_end(self) -> None:
        """Raise if the turn has ended: to be asked after all that is awaited, too.

        A responder's own tasks may be in the middle of something when it does.
        """
        if self._sealed:
            raise InvalidOutput("the turn has ended")

    async def settle(self, seconds: float) -> None:
        """Wait for writes that are under way, however their callers ended, so long at most."""
        if self._writing:
            await asyncio.wait(self._writing, timeout=seconds)

    async def catch_up(self) -> None:
        """Take in what others made of open items of earlier turns, under the turn's own updates."""
        for item in [item for item in self._open.values() if item.stored]:
            revision = self._revisions[item.id]
            try:
                current = await self._store.get_item(item.id)
            except NotFound:
                del self._open[item.id]
                continue
            if current.data != revision.base.data:
                self._open[item.id] = revision.of(current)

    def remaining(self, *, finished: bool) -> list[ItemRecord]:
        """Return the items that are still open and hold anything, as they stand."""
        return [
            item.record(finished=finished or item.stored)
            for item in self._open.values()
            if item.stored or not item.empty
        ]

    def abandoned(self) -> list[str]:
        """Return the ids of items that hold a place, but nothing in it."""
        return [
            item.id
            for item in self._open.values()
            if item.placed and item.empty and not item.stored
        ]

    def last_events(self, kept: Sequence[ItemRecord]) -> list[bytes]:
        """Return the events (as JSON) that end every open item: those ``kept``, and the empty ones.

        They are to be published when the store has what they say.
        """
        events: list[bytes] = []
        if self._message is not None and not self._message.empty:
            done = self._part_event("done", self._message.part(0))
            events.append(_updated(self._message, done))
        kept_ids = {record.id for record in kept}
        events += [_removed(id_) for id_ in self._open if id_ not in kept_ids]
        for record in kept:
            if not (record.hidden or self._open[record.id].stored):
                events.append(_ended(record))
        return events

    # Publishing

    def publish_end(self, record: ItemRecord, event: str = "thread.item.done") -> None:
        """Publish that an item is as it will stay; of a hidden one only recovery is told."""
        if record.hidden:
            self._journal.note(event_json(event, item=record.data))
        else:
            self.kept_any = True
            self.publish(_ended(record, event))

    def _publish_update(self, item: OpenItem, update: bytes) -> None:
        self.publish(_updated(item, update))

    async def _durably(self, work: Coroutine[Any, Any, None]) -> None:
        """Do the work to its end, even if whoever waits for it is cancelled.

        Raises:
            InvalidOutput: The turn has ended meanwhile; nothing is written.
        """
        if self._sealed:
            work.close()
            raise InvalidOutput("the turn has ended")
        writing = asyncio.create_task(work)
        self._writing.append(writing)
        writing.add_done_callback(self._writing.remove)
        await asyncio.shield(writing)


def _updated(item: OpenItem, update: bytes) -> bytes:
    return event_json("thread.item.updated", item_id=text_json(item.id), update=update)


def _ended(record: ItemRecord, event: str = "thread.item.done") -> bytes:
    return event_json(event, item=public_item(record))


def _removed(item_id: str) -> bytes:
    return event_json("thread.item.removed", item_id=text_json(item_id))


def _public_thread(thread: ThreadMetadata) -> bytes:
    changes = {"metadata": {}, "created_at": aware(thread.created_at)}
    value = from_json(model_json(thread.model_copy(update=changes)))
    value["items"] = from_json(EMPTY_PAGE)
    return to_json(value)
