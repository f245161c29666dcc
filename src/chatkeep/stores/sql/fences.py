"""Whether a turn still holds its thread: what every write of a turn asks first."""

from sqlalchemy import and_, literal, select

from ...context import Owner
from ...errors import TurnLost
from .conditions import given, keys_of, owned
from .connection import Connection
from .tables import ACTIVE, turns

_HOLDS = select(literal(1)).where(
    and_(owned(turns), given(turns.c.id), given(turns.c.thread_id), ACTIVE)
)


def require_turn(connection: Connection, owner: Owner, thread_id: str, turn_id: str | None) -> None:
    """Raise `TurnLost` unless the turn, if one is named, has the thread, which is held."""
    if turn_id is None:
        return
    key = keys_of(owner, id=turn_id, thread_id=thread_id)
    if connection.execute(_HOLDS, key).first() is None:
        raise TurnLost
