"""Turns whose worker died: what they had streamed becomes items again."""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from ..errors import NotFound, ServiceUnavailable, TurnInterrupted
from ..live.entries import entries_of
from ..protocol.sse import frame
from ..protocol.wire import aware, event_json, from_json, parse_item, public_item, to_json
from ..stores.base import Checkpoint, ItemRecord, Store, TurnChanges, TurnRecord
from .failures import error_event
from .folding import OpenItem, open_item
from .journal import event_of

logger = logging.getLogger("chatkeep.turn")

RECOVERED = 1_000_000_000
"""The number of the first frame that recovery adds to a turn's journal.

A client may have seen frames that no checkpoint has. Numbers that go on from the
last one kept would tell it nothing new; these come after all that it can have seen.
"""


async def recover(store: Store, turn: TurnRecord, *, takeover: bool = True) -> bool:
    """Keep what a dead worker's turn had streamed, and free its thread.

    Whatever can't be understood of it is logged and left out: the thread must be
    free in the end.

    Args:
        takeover: Whether another worker may still run it, and renew its lease.

    Returns:
        False if someone else was quicker, or its worker lives after all.
    """
    pieces = await store.load_checkpoints(turn)
    records = [record for item in _items(turn, pieces) if (record := _record_of(turn, item))]
    kept = [record for record in records if await _is_missing(store, turn, record)]
    changes = TurnChanges(
        items=[record.item for record in kept],
        tail=_tail(turn, pieces, [record.item for record in kept]),
        touched_at=max((record.item.created_at for record in kept), default=None),
    )
    try:
        return await store.finish_turn(turn, "interrupted", changes, takeover=takeover)
    except ServiceUnavailable:
        raise
    except Exception:
        logger.exception("turn %s: what it streamed can't be kept; its thread is freed", turn.id)
    nothing = TurnChanges(tail=_tail(turn, pieces, []))
    return await store.finish_turn(turn, "interrupted", nothing, takeover=takeover)


class _Recovered(NamedTuple):
    """An item as the journal has it, and as it was before, if an earlier turn made it."""

    item: ItemRecord
    base: bytes | None


def _tail(turn: TurnRecord, pieces: list[Checkpoint], records: list[ItemRecord]) -> Checkpoint:
    """What those who follow the turn are told: how its items were kept, and that it ended."""
    events = [
        event_json("thread.item.done", item=public_item(record))
        for record in records
        if not record.hidden
    ]
    frames = [frame(event) for event in (*events, error_event(TurnInterrupted()))]
    number = 0
    if pieces:
        number = pieces[-1].number + sum(1 for _ in entries_of(pieces[-1]))
    return Checkpoint(turn.id, number, RECOVERED, len(frames), b"".join(frames))


async def _is_missing(store: Store, turn: TurnRecord, record: _Recovered) -> bool:
    """Whether the store has not got an item as it is here, or better.

    An item of the turn itself may have been saved whole, and only word of that got
    lost; one that is there unfinished only holds a place for what was streamed. One
    of an earlier turn that is not as it was has been saved with these changes.
    """
    try:
        found = await store.get_item(turn.owner, turn.thread_id, record.item.id)
    except NotFound:
        return record.base is None
    return not found.finished if record.base is None else found.data == record.base


def _items(turn: TurnRecord, pieces: list[Checkpoint]) -> list[OpenItem]:
    under_way: dict[str, OpenItem] = {}
    for entry in _once(pieces):
        try:
            _fold(under_way, from_json(event_of(entry)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread must come free
            logger.warning("turn %s: a checkpoint makes no sense: %r", turn.id, error)
    return list(under_way.values())


def _once(pieces: list[Checkpoint]) -> Iterator[bytes]:
    """Yield the entries of pieces, those of which two have a part in common only once."""
    known = 0
    for piece in pieces:
        for number, entry in enumerate(entries_of(piece), piece.number):
            if number >= known:
                known = number + 1
                yield entry


def _record_of(turn: TurnRecord, item: OpenItem) -> _Recovered | None:
    """Return what is kept of an item; nothing if it is empty, or can't be kept."""
    if item.empty:
        return None
    try:
        record = item.record(finished=item.stored)
        parse_item(record.data)  # what can't be read again would fail every later turn
        return _Recovered(record, item.base)
    except Exception as error:  # noqa: BLE001 - whatever it is, the thread must come free
        logger.warning("turn %s: item %s can't be kept: %r", turn.id, item.id, error)
        return None


def _fold(under_way: dict[str, OpenItem], event: dict[str, Any]) -> None:
    match event:
        case {"type": "base", "item": item}:
            under_way[item["id"]] = open_item(_record(item), stored=True)
        case {"type": "thread.item.added", "item": item}:
            under_way[item["id"]] = open_item(_record(item))
        case {"type": "thread.item.done" | "thread.item.replaced", "item": item}:
            under_way.pop(item["id"], None)
        case {"type": "thread.item.removed", "item_id": item_id}:
            under_way.pop(item_id, None)
        case {"type": "thread.item.updated", "item_id": item_id, "update": update}:
            if item_id in under_way:
                under_way[item_id].update(update)


def _record(item: dict[str, Any]) -> ItemRecord:
    created_at = aware(datetime.fromisoformat(item["created_at"]))
    return ItemRecord(item["id"], item["type"], created_at, to_json(item))
