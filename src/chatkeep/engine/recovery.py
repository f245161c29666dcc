"""Turns whose worker died: what they had streamed becomes items again."""

import logging
import os
import secrets
import socket
from datetime import UTC, datetime
from typing import Any

from ..errors import NotFound
from ..protocol.wire import aware, from_json, to_json
from ..stores.base import ItemRecord, Store, TurnChanges, TurnRecord
from .folding import OpenItem, open_item

logger = logging.getLogger("chatkeep.turn")

_HOST = socket.gethostname()
_PROCESS = secrets.token_hex(4)


def new_holder() -> str:
    """Return a name for a worker that no other has, before or after it."""
    return f"{host_prefix()}{os.getpid()}:{_PROCESS}.{secrets.token_hex(4)}"


def host_prefix() -> str:
    """Return what the names of all workers of this host begin with."""
    return f"{_HOST}:"


def is_dead(turn: TurnRecord) -> bool:
    """Whether the worker that runs a turn is certain, or must be taken, to be gone.

    On this host that is known at once; elsewhere when its lease has ended.
    """
    if turn.lease_expires_at < datetime.now(UTC):
        return True
    host, pid, name = turn.holder.rsplit(":", 2)
    if host != _HOST:
        return False
    if int(pid) == os.getpid():  # or an earlier process had this one's number
        return not name.startswith(_PROCESS)
    return not _is_alive(int(pid))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


async def recover(store: Store, turn: TurnRecord) -> bool:
    """Keep what a dead worker's turn had streamed, and free its thread.

    Returns:
        False if someone else was quicker.
    """
    records = [
        item.record(finished=item.stored)
        for item in await _items(store, turn)
        if not (item.empty or await _is_kept(store, turn, item))
    ]
    return await store.finish_turn(turn, "interrupted", TurnChanges(items=records))


async def _is_kept(store: Store, turn: TurnRecord, item: OpenItem) -> bool:
    """Whether an item of the turn itself was saved whole, and only word of that got lost."""
    if item.stored:
        return False
    try:
        await store.get_item(turn.owner, turn.thread_id, item.id)
    except NotFound:
        return False
    return True


async def _items(store: Store, turn: TurnRecord) -> list[OpenItem]:
    under_way: dict[str, OpenItem] = {}
    for chunk in await store.load_checkpoints(turn):
        for frame in filter(None, chunk.split(b"\n\n")):
            try:
                await _fold(store, turn, under_way, from_json(frame.removeprefix(b"data: ")))
            except (ValueError, LookupError) as error:
                logger.warning("turn %s: a checkpoint makes no sense: %r", turn.id, error)
    return list(under_way.values())


async def _fold(
    store: Store, turn: TurnRecord, under_way: dict[str, OpenItem], event: dict[str, Any]
) -> None:
    match event:
        case {"type": "thread.item.added", "item": item}:
            under_way[item["id"]] = open_item(_record(item))
        case {"type": "thread.item.done" | "thread.item.replaced", "item": item}:
            under_way.pop(item["id"], None)
        case {"type": "thread.item.removed", "item_id": item_id}:
            under_way.pop(item_id, None)
        case {"type": "thread.item.updated", "item_id": item_id, "update": update}:
            if item_id not in under_way:
                try:
                    known = await store.get_item(turn.owner, turn.thread_id, item_id)
                except NotFound:
                    return
                under_way[item_id] = open_item(known, stored=True)
            under_way[item_id].update(update)


def _record(item: dict[str, Any]) -> ItemRecord:
    created_at = aware(datetime.fromisoformat(item["created_at"]))
    return ItemRecord(item["id"], item["type"], created_at, to_json(item))
