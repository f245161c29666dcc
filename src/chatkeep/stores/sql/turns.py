"""Turns in SQL: how they begin, run and end."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Insert,
    String,
    Update,
    and_,
    bindparam,
    false,
    func,
    or_,
    select,
    true,
    update,
)

from ...context import Owner
from ...errors import NotFound, TooManyTurns, TurnActive, TurnRepeated
from ..base import (
    AttachmentRecord,
    Held,
    ItemRecord,
    ThreadRecord,
    TurnChanges,
    TurnRecord,
    TurnStatus,
)
from .attachments import put_attachment
from .checkpoints import put_checkpoints
from .clock import NOW, after_now, microseconds
from .conditions import Parameters, given, keys_of, owned
from .connection import Connection
from .dialects import insert_into
from .items import put_items, remove_items
from .listening import notify
from .states import put_states
from .tables import ACTIVE, turns
from .threads import hold_thread, put_thread, require_thread, touch_thread
from .transactions import StorePart, reading, writing

_RECORD = (
    turns.c.id,
    turns.c.tenant,
    turns.c.user_id,
    turns.c.thread_id,
    turns.c.kind,
    turns.c.holder,
    turns.c.started_at,
    turns.c.status,
    turns.c.request_key,
    turns.c.input_item_id,
    turns.c.delivered,
    turns.c.stop_requested,
    turns.c.ended_at,
    turns.c.usage,
    turns.c.error_id,
    turns.c.lease_expires_at,
    (turns.c.lease_expires_at <= NOW).label("lapsed"),
)
_THIS = owned(turns) & given(turns.c.id)
_HOLDING = and_(owned(turns), given(turns.c.thread_id), ACTIVE)

_GET = select(*_RECORD).where(_THIS)
_ACTIVE_ON = select(*_RECORD).where(_HOLDING)
_ACTIVE_OF = select(func.count()).select_from(turns).where(owned(turns), ACTIVE)
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
_RENEW = (
    update(turns)
    .where(given(turns.c.holder), ACTIVE)
    .values(lease_expires_at=after_now("lease"))
    .returning(turns.c.id, turns.c.stop_requested)
)
_OWNER_KEY = func.hashtextextended(bindparam("owner", type_=String), 0)
_LOCK_OWNER = select(func.pg_advisory_xact_lock(_OWNER_KEY))
_PREFIX = bindparam("prefix", type_=turns.c.holder.type)
_ORPHANED = select(*_RECORD).where(
    ACTIVE,
    or_(
        turns.c.lease_expires_at <= NOW,
        func.substr(turns.c.holder, 1, func.length(_PREFIX)) == _PREFIX,
    ),
)


@cache
def _insert(dialect: str) -> Insert:
    """Insert a turn, or nothing if another one holds the thread."""
    return (
        insert_into(turns, dialect)
        .values(lease_expires_at=after_now("lease"))
        .on_conflict_do_nothing(
            index_elements=[turns.c.tenant, turns.c.thread_id], index_where=ACTIVE
        )
    )


@cache
def _end(takeover: bool) -> Update:
    """End an active turn; to take it over, only if it was not renewed."""
    status = bindparam("new_status", type_=turns.c.status.type)
    delivered = func.coalesce(
        bindparam("new_delivered", type_=turns.c.delivered.type), turns.c.delivered
    )
    statement = update(turns).where(_THIS, given(turns.c.thread_id), ACTIVE)
    if takeover:
        statement = statement.where(given(turns.c.lease_expires_at))
    return statement.values(
        status=status,
        delivered=and_(delivered, status != "interrupted"),
        ended_at=bindparam("new_ended_at", type_=turns.c.ended_at.type),
        usage=bindparam("new_usage", type_=turns.c.usage.type),
        error_id=bindparam("new_error_id", type_=turns.c.error_id.type),
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
        "status": turn.status,
        "request_key": turn.request_key,
        "input_item_id": turn.input_item_id,
        "delivered": turn.delivered,
        "stop_requested": turn.stop_requested,
        "ended_at": turn.ended_at,
        "usage": turn.usage,
        "error_id": turn.error_id,
    }


class Turns(StorePart):
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
        lease_seconds: float,
        thread: ThreadRecord | None = None,
        items: Sequence[ItemRecord] = (),
        attachments: Sequence[AttachmentRecord] = (),
        repeated_since: datetime | None = None,
        max_active: int | None = None,
    ) -> None:
        owner, thread_id = turn.owner, turn.thread_id
        if thread is not None:
            put_thread(connection, owner, thread)
        first = hold_thread(connection, owner, thread_id, len(items))
        earlier = _repeated(connection, turn, repeated_since) if repeated_since else None
        if earlier is not None:
            raise TurnRepeated(earlier)
        _take_thread(connection, turn, lease_seconds)
        if max_active is not None:
            _refuse_too_many(connection, owner, max_active)
        put_items(connection, owner, thread_id, items, first)
        if items:
            touch_thread(connection, owner, thread_id, turn.started_at)
        for attachment in attachments:
            if attachment.thread_id not in {None, thread_id}:
                hold_thread(connection, owner, str(attachment.thread_id))
            put_attachment(connection, owner, attachment)

    @reading
    def repeated_turn(
        self, connection: Connection, turn: TurnRecord, since: datetime
    ) -> TurnRecord | None:
        return _repeated(connection, turn, since)

    @reading
    def get_turn(self, connection: Connection, owner: Owner, turn_id: str) -> TurnRecord:
        row = connection.execute(_GET, keys_of(owner, id=turn_id)).first()
        if row is None:
            raise NotFound
        return _turn(row)

    @reading
    def active_turn(
        self, connection: Connection, owner: Owner, thread_id: str
    ) -> TurnRecord | None:
        row = connection.execute(_ACTIVE_ON, keys_of(owner, thread_id=thread_id)).first()
        if row is None:
            require_thread(connection, owner, thread_id)
            return None
        return _turn(row)

    @writing
    def request_stop(
        self, connection: Connection, owner: Owner, thread_id: str
    ) -> TurnRecord | None:
        row = connection.execute(_STOP, keys_of(owner, thread_id=thread_id)).first()
        if row is None:
            require_thread(connection, owner, thread_id)
            return None
        return _turn(row)

    @writing
    def mark_delivered(
        self, connection: Connection, owner: Owner, turn_id: str, delivered: bool
    ) -> None:
        if connection.execute(_MARK, keys_of(owner, id=turn_id, delivered=delivered)).rowcount == 0:
            raise NotFound

    @writing
    def renew(self, connection: Connection, holder: str, lease_seconds: float) -> Held:
        renewal = {"holder_": holder, "lease": microseconds(lease_seconds)}
        held = list(connection.execute(_RENEW, renewal))
        return Held(
            active=frozenset(turn_id for turn_id, _ in held),
            to_stop=frozenset(turn_id for turn_id, stop_requested in held if stop_requested),
        )

    @writing
    def finish_turn(
        self,
        connection: Connection,
        turn: TurnRecord,
        status: TurnStatus,
        changes: TurnChanges,
        *,
        takeover: bool = False,
    ) -> bool:
        owner, thread_id = turn.owner, turn.thread_id
        try:
            first = hold_thread(connection, owner, thread_id, len(changes.items))
        except NotFound:
            return False
        if not _ends(connection, turn, status, changes, takeover=takeover):
            return False
        put_items(connection, owner, thread_id, changes.items, first)
        remove_items(connection, owner, thread_id, changes.removed)
        if changes.touched_at is not None:
            touch_thread(connection, owner, thread_id, changes.touched_at)
        if changes.tail is not None:
            put_checkpoints(connection, [(owner, changes.tail)])
        put_states(connection, owner, thread_id, changes.state)
        notify(connection)
        return True

    @reading
    def orphaned_turns(self, connection: Connection, holder_prefix: str) -> list[TurnRecord]:
        rows = connection.execute(_ORPHANED, {"prefix": holder_prefix})
        return [_turn(row) for row in rows]


def _repeated(connection: Connection, turn: TurnRecord, since: datetime) -> TurnRecord | None:
    if turn.request_key is None:
        return None
    key = keys_of(turn.owner, request_key=turn.request_key, thread_id=turn.thread_id)
    row = connection.execute(_REPEATED, {**key, "since": since}).first()
    return None if row is None else _turn(row)


def _take_thread(connection: Connection, turn: TurnRecord, lease_seconds: float) -> None:
    row = {**_row(turn), "lease": microseconds(lease_seconds)}
    if connection.execute(_insert(connection.dialect.name), row).rowcount == 0:
        holding = keys_of(turn.owner, thread_id=turn.thread_id)
        raise TurnActive(_turn(connection.execute(_ACTIVE_ON, holding).one()))


def _refuse_too_many(connection: Connection, owner: Owner, max_active: int) -> None:
    """Count the owner's turns, this one included, and let others of the owner's wait meanwhile.

    Without the lock, transactions that don't see each other would all find room.
    SQLite has one writer at a time.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK_OWNER, {"owner": f"{owner.tenant}\x1f{owner.user}"})
    count = connection.execute(_ACTIVE_OF, keys_of(owner)).scalar()
    if count is not None and count > max_active:
        raise TooManyTurns


def _ends(
    connection: Connection,
    turn: TurnRecord,
    status: TurnStatus,
    changes: TurnChanges,
    *,
    takeover: bool,
) -> bool:
    parameters = {
        **keys_of(turn.owner, id=turn.id, thread_id=turn.thread_id),
        "new_status": status,
        "new_delivered": changes.delivered,
        "new_ended_at": datetime.now(UTC),
        "new_usage": changes.usage,
        "new_error_id": changes.error_id,
    }
    if takeover:
        parameters["lease_expires_at_"] = turn.lease_expires_at
    return connection.execute(_end(takeover), parameters).rowcount == 1
