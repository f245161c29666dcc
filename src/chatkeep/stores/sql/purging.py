"""Forgetting in SQL what ended long ago."""

from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    and_,
    bindparam,
    delete,
    false,
    select,
    update,
)

from .clock import before_now, microseconds
from .connection import Connection
from .tables import STREAMED, checkpoints, turns
from .transactions import StorePart, writing

_LONG_AGO = turns.c.ended_at <= before_now("age")
_OLD = select(turns.c.tenant, turns.c.id).where(_LONG_AGO).limit(bindparam("limit_", type_=Integer))
_STREAMED = _OLD.where(STREAMED)

_TURN = and_(turns.c.tenant == bindparam("tenant_"), turns.c.id == bindparam("id_"))
_ITS_CHECKPOINTS = and_(
    checkpoints.c.tenant == bindparam("tenant_"), checkpoints.c.turn_id == bindparam("id_")
)
_FORGET_STREAMED = delete(checkpoints).where(_ITS_CHECKPOINTS)
_NOTE_FORGOTTEN = update(turns).where(_TURN).values(streamed=false())
_FORGET_TURN = delete(turns).where(_TURN)


class Purging(StorePart):
    """The method of `Purges`."""

    @writing
    def purge(
        self,
        connection: Connection,
        *,
        streamed_seconds: float,
        turns_seconds: float,
        limit: int,
    ) -> int:
        streamed = _keys(connection, _STREAMED, streamed_seconds, limit)
        if streamed:
            connection.execute(_FORGET_STREAMED, streamed)
            connection.execute(_NOTE_FORGOTTEN, streamed)
        old = _keys(connection, _OLD, turns_seconds, limit)
        if old:
            connection.execute(_FORGET_TURN, old)
        return max(len(streamed), len(old))


def _keys(
    connection: Connection, statement: Select[Any], seconds: float, limit: int
) -> list[dict[str, str]]:
    rows = connection.execute(statement, {"age": microseconds(seconds), "limit_": limit})
    return [{"tenant_": row[0], "id_": row[1]} for row in rows]
