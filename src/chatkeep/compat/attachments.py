"""Files that users attach: their bytes and what is known of them, each in a store of its own."""

import logging
import re
from typing import Any

from chatkit.server import ChatKitServer

from ..context import Owner
from ..errors import InvalidRequest
from ..protocol.types import AttachmentCreateParams
from ..protocol.wire import public_attachment
from .store import StoreAdapter

logger = logging.getLogger("chatkeep.compat")

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+*-]+(;.*)?", re.ASCII)


class Attachments:
    """The attachments that one request is about."""

    def __init__(self, server: ChatKitServer[Any], store: StoreAdapter, context: Any) -> None:
        self._server = server
        self._store = store
        self._context = context

    async def create(self, params: AttachmentCreateParams) -> bytes:
        """Let the program's store take a file, and return what the client is told (as JSON).

        Raises:
            InvalidRequest: It has no name, no type, or a size below nothing.
        """
        files = self._server._get_attachment_store()
        typed = _MEDIA_TYPE.fullmatch(params.mime_type)
        if not (typed and params.name.strip() and params.size >= 0):
            raise InvalidRequest("params: a name, a size in bytes, and a type such as image/png.")
        attachment = await files.create_attachment(params, self._context)
        await self._server.store.save_attachment(attachment, context=self._context)
        return public_attachment(attachment)

    async def delete(self, owner: Owner, attachment_id: str) -> None:
        """Delete the metadata first: the store knows whose it is, and bytes can't come back."""
        files = self._server._get_attachment_store()
        await self._store.delete_attachment(owner, attachment_id)
        await files.delete_attachment(attachment_id, context=self._context)

    async def delete_with_thread(self, owner: Owner, thread_id: str) -> None:
        """Delete a thread, and then the files of its messages."""
        attachments = await self._store.delete_thread(owner, thread_id)
        if self._server.attachment_store is not None:
            for attachment_id in attachments:
                await self._delete_file(attachment_id)

    async def _delete_file(self, attachment_id: str) -> None:
        try:
            files = self._server._get_attachment_store()
            await files.delete_attachment(attachment_id, context=self._context)
        except Exception:
            logger.exception("the file of attachment %s is left over", attachment_id)
