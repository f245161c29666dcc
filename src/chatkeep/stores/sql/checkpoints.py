"""Checkpoints in SQL: what turns under way have streamed, and what becomes of it."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, func, or_, select

from ...context import Owner
from ..base import Checkpoint, Progress, TurnRecord
from .conditions import given, keys_of, owned
from .connection import Connection
from .dialects import insert_into
from .listening import notify
from .tables import ACTIVE, checkpoints, turns
from .transactions import StorePart, reading, writing

_HELD = select(turns.c.id, turns.c.tenant, turns.c.user_id).where(given(turns.c.holder), ACTIVE)
_START = bindparam("start", type_=BigInteger)
_LOG = (
    select(
        checkpoints.c.turn_id,
        checkpoints.c.number,
        checkpoints.c.first,
        checkpoints.c.frames,
        checkpoints.c.data,
    )
    .where(
        owned(checkpoints),
        given(checkpoints.c.turn_id),
        or_(checkpoints.c.first + checkpoints.c.frames > _START, checkpoints.c.frames == 0),
    )
    .order_by(checkpoints.c.number)
)

_LAST_FRAME = (
    select(checkpoints.c.first + checkpoints.c.frames)
    .where(checkpoints.c.tenant == turns.c.tenant, checkpoints.c.turn_id == turns.c.id)
    .order_by(checkpoints.c.number.desc())
    .limit(1)
    .scalar_subquery()
)
_PROGRESS = select(turns.c.id, turns.c.status, func.coalesce(_LAST_FRAME, 0)).where(
    *(
        column.in_(bindparam(f"{column.name}s", type_=column.type, expanding=True))
        for column in (turns.c.tenant, turns.c.user_id, turns.c.id)
    )
)


@cache
def _put(dialect: str) -> Any:
    """Insert a piece, or let it take the place of itself, sent before and shorter.

    An earlier try that nobody waited for any more may come behind a later one.
    """
    insert = insert_into(checkpoints, dialect)
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=list(checkpoints.primary_key.columns),
        set_={"data": new.data, "first": new.first, "frames": new.frames},
        where=and_(
            checkpoints.c.user_id == new.user_id,
            func.length(checkpoints.c.data) <= func.length(new.data),
        ),
    )


def put_checkpoints(connection: Connection, pieces: Iterable[tuple[Owner, Checkpoint]]) -> None:
    """Keep pieces of journals."""
    rows = [
        {
            "tenant": owner.tenant,
            "turn_id": piece.turn_id,
            "number": piece.number,
            "user_id": owner.user,
            "data": piece.data,
            "first": piece.first,
            "frames": piece.frames,
        }
        for owner, piece in pieces
    ]
    if rows:
        connection.execute(_put(connection.dialect.name), rows)


class Checkpoints(StorePart):
    """The methods of `Store` about what turns have streamed."""

    @writing
    def checkpoint(self, connection: Connection, holder: str, pieces: Sequence[Checkpoint]) -> None:
        owners = {
            turn_id: Owner(tenant, user)
            for turn_id, tenant, user in connection.execute(_HELD, {"holder_": holder})
        }
        kept = [(owners[piece.turn_id], piece) for piece in pieces if piece.turn_id in owners]
        put_checkpoints(connection, kept)
        if kept:
            notify(connection)

    @reading
    def load_checkpoints(
        self, connection: Connection, turn: TurnRecord, start: int = 0
    ) -> list[Checkpoint]:
        rows = connection.execute(_LOG, {**keys_of(turn.owner, turn_id=turn.id), "start": start})
        return [Checkpoint(*row) for row in rows]

    @reading
    def progress(self, connection: Connection, turns: Sequence[TurnRecord]) -> dict[str, Progress]:
        if not turns:
            return {}
        named = {
            "tenants": list({turn.owner.tenant for turn in turns}),
            "user_ids": list({turn.owner.user for turn in turns}),
            "ids": [turn.id for turn in turns],
        }
        rows = connection.execute(_PROGRESS, named)
        return {turn_id: Progress(status, frames) for turn_id, status, frames in rows}
