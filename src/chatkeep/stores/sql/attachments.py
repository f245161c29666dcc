"""Attachments' metadata in SQL."""

from sqlalchemy import delete, select

from ...context import Owner
from ...errors import NotFound
from ..base import AttachmentRecord
from .conditions import given, keys_of, owned, upsert
from .connection import Connection
from .tables import attachments
from .threads import hold_thread, require_thread
from .transactions import StorePart, reading, writing

_RECORD = (
    attachments.c.id,
    attachments.c.created_at,
    attachments.c.data,
    attachments.c.thread_id,
)
_THIS = owned(attachments) & given(attachments.c.id)

_GET = select(*_RECORD).where(_THIS)
_DELETE = delete(attachments).where(_THIS)
_LIST = (
    select(*_RECORD)
    .where(owned(attachments), given(attachments.c.thread_id))
    .order_by(attachments.c.created_at, attachments.c.id)
)


def put_attachment(connection: Connection, owner: Owner, attachment: AttachmentRecord) -> None:
    """Save an attachment whose thread, if any, is held.

    Raises:
        NotFound: The id is another's.
    """
    row = {
        "tenant": owner.tenant,
        "id": attachment.id,
        "user_id": owner.user,
        "thread_id": attachment.thread_id,
        "created_at": attachment.created_at,
        "data": attachment.data,
    }
    if connection.execute(upsert(connection.dialect.name, attachments), row).rowcount == 0:
        raise NotFound


class Attachments(StorePart):
    """The methods of `Store` about attachments."""

    @writing
    def save_attachment(
        self, connection: Connection, owner: Owner, attachment: AttachmentRecord
    ) -> None:
        if attachment.thread_id is not None:
            hold_thread(connection, owner, attachment.thread_id)
        put_attachment(connection, owner, attachment)

    @reading
    def get_attachment(
        self, connection: Connection, owner: Owner, attachment_id: str
    ) -> AttachmentRecord:
        row = connection.execute(_GET, keys_of(owner, id=attachment_id)).first()
        if row is None:
            raise NotFound
        return AttachmentRecord(*row)

    @reading
    def list_attachments(
        self, connection: Connection, owner: Owner, thread_id: str
    ) -> list[AttachmentRecord]:
        rows = connection.execute(_LIST, keys_of(owner, thread_id=thread_id))
        found = [AttachmentRecord(*row) for row in rows]
        if not found:
            require_thread(connection, owner, thread_id)
        return found

    @writing
    def delete_attachment(self, connection: Connection, owner: Owner, attachment_id: str) -> None:
        if connection.execute(_DELETE, keys_of(owner, id=attachment_id)).rowcount == 0:
            raise NotFound
