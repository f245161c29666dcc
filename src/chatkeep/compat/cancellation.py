"""An answer that is cancelled, and what its server is told of it."""

import logging
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from chatkit.server import ChatKitServer

from ..protocol.types import ThreadItem, ThreadMetadata

logger = logging.getLogger("chatkeep.turn")

client_left: ContextVar[bool] = ContextVar("chatkeep_client_left", default=False)
"""Whether a cancellation that is handled is that of a client who left without a word."""


class Cancellation:
    """How the answer to one request was cancelled, if it was.

    Attributes:
        thread: The thread as the server's code has it, once that runs.
        by_itself: Whether the responder raised ``CancelledError`` itself.
    """

    def __init__(self, server: ChatKitServer[Any], context: Any) -> None:
        self._server = server
        self._context = context
        self._handled: bool | None = None
        self.thread: ThreadMetadata | None = None
        self.by_itself = False

    async def handle(self, pending: Sequence[ThreadItem], *, asked_for: bool) -> bool:
        """Let the server decide what becomes of items that were not done.

        It is asked once, though the end of a turn may have to be tried again.

        Args:
            asked_for: Whether a user asked for it, with ``threads.stop``.

        Returns:
            False if its hook failed, so that nobody has decided.
        """
        if self._handled is None and self.thread is not None:
            self._handled = await self._call_hook(self.thread, pending, asked_for)
        return self._handled is not False

    async def _call_hook(
        self, thread: ThreadMetadata, pending: Sequence[ThreadItem], asked_for: bool
    ) -> bool:
        token = client_left.set(not (asked_for or self.by_itself))
        try:
            await self._server.handle_stream_cancelled(thread, [*pending], self._context)
        except Exception:
            logger.exception("handle_stream_cancelled failed; the text is kept without it")
            return False
        finally:
            client_left.reset(token)
        return True
