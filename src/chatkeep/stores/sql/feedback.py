"""Feedback in SQL."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import and_, select
from sqlalchemy.exc import IntegrityError

from ...context import Owner
from ...errors import NotFound
from ..base import FeedbackKind, FeedbackRecord
from .conditions import given, keys_of, owned, upsert
from .connection import Connection
from .tables import feedback, items
from .threads import hold_thread, require_thread
from .transactions import StorePart, reading, writing

_ITS_ITEM = and_(
    items.c.tenant == feedback.c.tenant,
    items.c.thread_id == feedback.c.thread_id,
    items.c.id == feedback.c.item_id,
)
_LIST = (
    select(feedback.c.item_id, feedback.c.kind, feedback.c.created_at)
    .join(items, _ITS_ITEM)
    .where(owned(feedback), given(feedback.c.thread_id))
    .order_by(items.c.number)
)


class Feedback(StorePart):
    """The methods of `Store` about feedback."""

    @writing
    def save_feedback(
        self,
        connection: Connection,
        owner: Owner,
        thread_id: str,
        item_ids: Sequence[str],
        kind: FeedbackKind,
    ) -> None:
        hold_thread(connection, owner, thread_id)
        now = datetime.now(UTC)
        rows = [
            {
                "tenant": owner.tenant,
                "thread_id": thread_id,
                "item_id": item_id,
                "user_id": owner.user,
                "kind": kind,
                "created_at": now,
            }
            for item_id in item_ids
        ]
        if not rows:
            return
        try:
            connection.execute(upsert(connection.dialect.name, feedback), rows)
        except IntegrityError:  # the foreign key: an item is not there
            raise NotFound from None

    @reading
    def list_feedback(
        self, connection: Connection, owner: Owner, thread_id: str
    ) -> list[FeedbackRecord]:
        rows = connection.execute(_LIST, keys_of(owner, thread_id=thread_id))
        found = [FeedbackRecord(*row) for row in rows]
        if not found:
            require_thread(connection, owner, thread_id)
        return found
