"""What a server's class answers without a stream, as handlers of the engine."""

from typing import Any

from chatkit.server import ChatKitServer

from ..context import Context
from ..handlers import Handlers, WidgetAction
from ..protocol.types import AudioInput, SyncCustomActionResponse, TranscriptionResult
from ..stores.base import FeedbackKind
from .store import StoreAdapter


class ServerHooks:
    """The methods of a server that answer actions, take feedback and hear, for one request."""

    def __init__(self, server: ChatKitServer[Any], store: StoreAdapter, context: Any) -> None:
        self._server = server
        self._store = store
        self._context = context

    @property
    def handlers(self) -> Handlers:
        """The handlers that the engine calls."""
        return Handlers(sync_action=self._sync_action, transcribe=self._transcribe)

    async def add_feedback(self, thread_id: str, item_ids: list[str], kind: FeedbackKind) -> None:
        """Let the server keep a person's verdict on some items."""
        await self._server.add_feedback(thread_id, item_ids, kind, self._context)

    async def _sync_action(self, action: WidgetAction) -> SyncCustomActionResponse:
        action.thread.created_at = self._store.time(action.thread)
        sender = action.sender and self._store.as_given(action.sender)
        response = await self._server.sync_action(
            action.thread, action.action, sender, self._context
        )
        if response.updated_item is not None:
            self._store.note_time(response.updated_item)
        return response

    async def _transcribe(self, audio: AudioInput, _: Context) -> TranscriptionResult:
        return await self._server.transcribe(audio, self._context)
