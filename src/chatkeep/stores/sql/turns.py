"""Turns in SQL: how they begin, run and end."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Insert,
    and_,
    bindparam,
    delete,
    false,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from ...context import Owner
from ...errors import NotFound, TurnActive, TurnRepeated
from ..base import (
    AttachmentRecord,
    ItemRecord,
    ThreadRecord,
    TurnChanges,
    TurnRecord,
    TurnStatus,
)
from .attachments import put_attachment
from .conditions import Parameters, given, of, owned
from .dialects import insert_into
from .items import put_items, remove_items
from .tables import ACTIVE, checkpoints, turns
from .threads import hold_thread, put_thread, require_thread
from .work import Part, reading, writing

_RECORD = (
    turns.c.id,
    turns.c.tenant,
    turns.c.user_id,
    turns.c.thread_id,
    turns.c.kind,
    turns.c.holder,
    turns.c.started_at,
    turns.c.lease_expires_at,
    turns.c.status,
    turns.c.request_key,
    turns.c.input_item_id,
    turns.c.delivered,
    turns.c.stop_requested,
    turns.c.ended_at,
    turns.c.usage,
    turns.c.error_id,
)
_THIS = owned(turns) & given(turns.c.id)
_HOLDING = and_(owned(turns), given(turns.c.thread_id), ACTIVE)

_GET = select(*_RECORD).where(_THIS)
_ACTIVE_ON = select(*_RECORD).where(_HOLDING)
_REPEATED = (
    select(*_RECORD)
    .where(
        owned(turns),
        given(turns.c.request_key),
        turns.c.started_at >= bindparam("since", type_=turns.c.started_at.type),
        or_(
            turns.c.delivered == false(),
            and_(ACTIVE, given(turns.c.thread_id)),
        ),
    )
    .order_by(turns.c.started_at.desc())
    .limit(1)
)
_STOP = update(turns).where(_HOLDING).values(stop_requested=true()).returning(*_RECORD)
_MARK = (
    update(turns)
    .where(_THIS)
    .values(delivered=bindparam("delivered_", type_=turns.c.delivered.type))
)
_NEW_STATUS = bindparam("new_status", type_=turns.c.status.type)
_END = (
    update(turns)
    .where(_THIS, given(turns.c.thread_id), ACTIVE)
    .values(
        status=_NEW_STATUS,
        delivered=and_(turns.c.delivered, _NEW_STATUS != "interrupted"),
        ended_at=bindparam("new_ended_at", type_=turns.c.ended_at.type),
        usage=bindparam("new_usage", type_=turns.c.usage.type),
        error_id=bindparam("new_error_id", type_=turns.c.error_id.type),
    )
)
_RENEW = (
    update(turns)
    .where(given(turns.c.holder), ACTIVE)
    .values(
        lease_expires_at=bindparam("new_lease", type_=turns.c.lease_expires_at.type),
        next_number=turns.c.next_number + bindparam("count"),
    )
    .returning(
        turns.c.id, turns.c.tenant, turns.c.user_id, turns.c.next_number, turns.c.stop_requested
    )
)
_KEEP = insert(checkpoints)
_LOG = (
    select(checkpoints.c.data)
    .where(owned(checkpoints), given(checkpoints.c.turn_id))
    .order_by(checkpoints.c.number)
)
_DROP_LOG = delete(checkpoints).where(owned(checkpoints), given(checkpoints.c.turn_id))
_PREFIX = bindparam("prefix", type_=turns.c.holder.type)
_EXPIRED = select(*_RECORD).where(
    ACTIVE,
    or_(
        turns.c.lease_expires_at < bindparam("now", type_=turns.c.lease_expires_at.type),
        func.substr(turns.c.holder, 1, func.length(_PREFIX)) == _PREFIX,
    ),
)


@cache
def _insert(dialect: str) -> Insert:
    """Insert a turn, or nothing if another one holds the thread."""
    return insert_into(turns, dialect).on_conflict_do_nothing(
        index_elements=[turns.c.tenant, turns.c.thread_id], index_where=ACTIVE
    )


def _turn(row: Sequence[Any]) -> TurnRecord:
    turn_id, tenant, user, *rest = row
    return TurnRecord(turn_id, Owner(tenant, user), *rest)


def _row(turn: TurnRecord) -> Parameters:
    return {
        "tenant": turn.owner.tenant,
        "id": turn.id,
        "user_id": turn.owner.user,
        "thread_id": turn.thread_id,
        "kind": turn.kind,
        "holder": turn.holder,
        "started_at": turn.started_at,
        "lease_expires_at": turn.lease_expires_at,
        "status": turn.status,
        "request_key": turn.request_key,
        "input_item_id": turn.input_item_id,
        "delivered": turn.delivered,
        "stop_requested": turn.stop_requested,
        "ended_at": turn.ended_at,
        "usage": turn.usage,
        "error_id": turn.error_id,
        "next_number": 0,
    }


class Turns(Part):
    """The methods of `Store` about turns.

    Locks are always taken in one order, the thread before its turn, so that no
    two transactions can wait for each other.
    """

    @writing
    def begin_turn(
        self,
        connection: Connection,
        turn: TurnRecord,
        *,
        thread: ThreadRecord | None = None,
        items: Sequence[ItemRecord] = (),
        attachments: Sequence[AttachmentRecord] = (),
        repeated_since: datetime | None = None,
    ) -> None:
        owner, thread_id = turn.owner, turn.thread_id
        if thread is not None:
            put_thread(connection, owner, thread)
        first = hold_thread(connection, owner, thread_id, len(items))
        if repeated_since is not None and turn.request_key is not None:
            _refuse_repeated(connection, turn, repeated_since)
        _take_thread(connection, turn)
        put_items(connection, owner, thread_id, items, first)
        for attachment in attachments:
            if attachment.thread_id not in {None, thread_id}:
                hold_thread(connection, owner, str(attachment.thread_id))
            put_attachment(connection, owner, attachment)

    @reading
    def get_turn(self, connection: Connection, owner: Owner, turn_id: str) -> TurnRecord:
        row = connection.execute(_GET, of(owner, id=turn_id)).first()
        if row is None:
            raise NotFound
        return _turn(row)

    @writing
    def request_stop(
        self, connection: Connection, owner: Owner, thread_id: str
    ) -> TurnRecord | None:
        row = connection.execute(_STOP, of(owner, thread_id=thread_id)).first()
        if row is None:
            require_thread(connection, owner, thread_id)
            return None
        return _turn(row)

    @writing
    def mark_delivered(
        self, connection: Connection, owner: Owner, turn_id: str, delivered: bool
    ) -> None:
        if connection.execute(_MARK, of(owner, id=turn_id, delivered=delivered)).rowcount == 0:
            raise NotFound

    @writing
    def checkpoint(
        self,
        connection: Connection,
        holder: str,
        lease_expires_at: datetime,
        frames: Sequence[tuple[str, bytes]],
    ) -> list[str]:
        renewal = {"holder_": holder, "new_lease": lease_expires_at, "count": len(frames)}
        held = {row.id: row for row in connection.execute(_RENEW, renewal)}
        kept = [
            {
                "tenant": held[turn_id].tenant,
                "turn_id": turn_id,
                "number": held[turn_id].next_number - len(frames) + place,
                "user_id": held[turn_id].user_id,
                "data": data,
            }
            for place, (turn_id, data) in enumerate(frames)
            if turn_id in held
        ]
        if kept:
            connection.execute(_KEEP, kept)
        return [turn_id for turn_id, row in held.items() if row.stop_requested]

    @reading
    def load_checkpoints(self, connection: Connection, turn: TurnRecord) -> list[bytes]:
        log = connection.execute(_LOG, of(turn.owner, turn_id=turn.id))
        return list(log.scalars())

    @writing
    def finish_turn(
        self,
        connection: Connection,
        turn: TurnRecord,
        status: TurnStatus,
        changes: TurnChanges,
    ) -> bool:
        owner, thread_id = turn.owner, turn.thread_id
        try:
            first = hold_thread(connection, owner, thread_id, len(changes.items))
        except NotFound:
            return False
        if not _end(connection, turn, status, changes):
            return False
        put_items(connection, owner, thread_id, changes.items, first)
        remove_items(connection, owner, thread_id, changes.removed)
        connection.execute(_DROP_LOG, of(owner, turn_id=turn.id))
        return True

    @reading
    def expired_turns(
        self, connection: Connection, now: datetime, holder_prefix: str
    ) -> list[TurnRecord]:
        rows = connection.execute(_EXPIRED, {"now": now, "prefix": holder_prefix})
        return [_turn(row) for row in rows]


def _refuse_repeated(connection: Connection, turn: TurnRecord, since: datetime) -> None:
    key = of(turn.owner, request_key=turn.request_key, thread_id=turn.thread_id)
    row = connection.execute(_REPEATED, {**key, "since": since}).first()
    if row is not None:
        raise TurnRepeated(_turn(row))


def _take_thread(connection: Connection, turn: TurnRecord) -> None:
    if connection.execute(_insert(connection.dialect.name), _row(turn)).rowcount == 0:
        holding = of(turn.owner, thread_id=turn.thread_id)
        raise TurnActive(_turn(connection.execute(_ACTIVE_ON, holding).one()))


def _end(
    connection: Connection, turn: TurnRecord, status: TurnStatus, changes: TurnChanges
) -> bool:
    parameters = {
        **of(turn.owner, id=turn.id, thread_id=turn.thread_id),
        "new_status": status,
        "new_ended_at": datetime.now(UTC),
        "new_usage": changes.usage,
        "new_error_id": changes.error_id,
    }
    return connection.execute(_END, parameters).rowcount == 1
