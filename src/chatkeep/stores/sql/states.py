"""What responders want to know again, in SQL."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select

from ...context import Owner
from .conditions import given, keys_of, owned, upsert
from .connection import Connection
from .tables import states
from .threads import require_thread
from .transactions import StorePart, reading

_THIS = owned(states) & given(states.c.thread_id, states.c.name)
_GET = select(states.c.data).where(_THIS)
_FORGET = delete(states).where(_THIS)


def put_states(
    connection: Connection, owner: Owner, thread_id: str, values: Mapping[str, Any]
) -> None:
    """Keep values by their names, in a thread that is held; forget those that are None."""
    for name, value in values.items():
        if value is None:
            connection.execute(_FORGET, keys_of(owner, thread_id=thread_id, name=name))
            continue
        row = {
            "tenant": owner.tenant,
            "thread_id": thread_id,
            "name": name,
            "user_id": owner.user,
            "data": value,
        }
        connection.execute(upsert(connection.dialect.name, states), row)


class States(StorePart):
    """The method of `Store` about what responders want to know again."""

    @reading
    def get_state(self, connection: Connection, owner: Owner, thread_id: str, name: str) -> Any:
        row = connection.execute(_GET, keys_of(owner, thread_id=thread_id, name=name)).first()
        if row is None:
            require_thread(connection, owner, thread_id)
            return None
        return row[0]
