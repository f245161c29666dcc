"""The drop-in for ``chatkit.server.ChatKitServer``."""

from functools import cached_property
from typing import Any

from chatkit import server as sdk
from chatkit.server import NonStreamingResult, StreamingResult, TContext
from chatkit.store import AttachmentStore, Store

from ..protocol.types import AssistantMessageItem, ThreadItem, ThreadMetadata
from ..settings import Settings
from .cancellation import client_left
from .engine import Engine
from .exchange import Exchange
from .ids import use_safe_ids
from .unused import warn_of_unused
from .views import as_seen

DEFAULT_SETTINGS = Settings(turn_timeout=3600, idle_timeout=900, request_timeout=3600)
"""An agent's tools may be silent for long, hooks may ask models, and the SDK has no deadlines."""


class ChatKitServer(sdk.ChatKitServer[TContext]):
    """The SDK's server on Chatkeep's engine: subclass it as you would subclass that one.

    Args:
        store: Your store; it may be replaced later.
        attachment_store: Your store of files, if you take attachments.
        settings: Bounds and deadlines.

    A subclass that overrides what the SDK calls for itself is warned
    (`UnusedOverride`): here nobody calls it.
    """

    _chatkeep_settings = DEFAULT_SETTINGS

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        warn_of_unused(cls, ChatKitServer)

    def __init__(
        self,
        store: Store[TContext],
        attachment_store: AttachmentStore[TContext] | None = None,
        *,
        settings: Settings | None = None,
    ) -> None:
        super().__init__(store, attachment_store)
        if settings is not None:
            self._chatkeep_settings = settings

    @cached_property
    def _chatkeep(self) -> Engine:
        return Engine(self._chatkeep_settings)

    @property
    def store(self) -> Any:
        """Your store. While a message is answered again, without what followed it."""
        return as_seen(vars(self)["store"])

    @store.setter
    def store(self, store: Store[TContext]) -> None:
        vars(self)["store"] = store

    async def process(
        self, request: str | bytes | bytearray, context: TContext
    ) -> StreamingResult | NonStreamingResult:
        """Answer one ChatKit request, from its body.

        What is missing is raised here, as your store raises it. A turn begins
        when its stream is first read.

        Raises:
            RequestRefused: The request can't be answered. FastAPI and
                Starlette turn it into a response with the right status.
        """
        use_safe_ids(self.store)
        use_safe_ids(self.attachment_store)
        body = bytes(request) if isinstance(request, bytearray) else request
        return await Exchange(self, self._chatkeep, context).process(body)

    async def handle_stream_cancelled(
        self, thread: ThreadMetadata, pending_items: list[ThreadItem], context: TContext
    ) -> None:
        """Keep what the user has seen of the answer.

        Runs in a task of its own that nobody cancels, so it may await. A client
        that leaves is no user who cancels: only after a stop, or where the
        responder cancelled itself, are later turns told that the user did.

        Args:
            thread: The thread.
            pending_items: The items that were not done, as far as they got.
            context: The context of the request.
        """
        if not client_left.get():
            await super().handle_stream_cancelled(thread, pending_items, context)
            return
        for item in pending_items:
            if isinstance(item, AssistantMessageItem) and any(
                part.text.strip() for part in item.content
            ):
                await self.store.add_thread_item(thread.id, item, context=context)

    async def close(self) -> None:
        """Let turns under way finish for a while, then keep what they have. For shutdown."""
        await self._chatkeep.here.worker.close()
