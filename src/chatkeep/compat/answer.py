"""A server's ``respond`` or ``action`` as a responder of the engine."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Any

from chatkit.server import agents_sdk_user_agent_override

from ..errors import TurnError
from ..protocol.types import (
    AssistantMessageItem,
    CustomStreamError,
    ErrorCode,
    StreamError,
    ThreadItemAddedEvent,
    ThreadItemUpdatedEvent,
    ThreadStreamEvent,
    UserMessageItem,
)
from ..turn import Turn
from .store import StoreAdapter

if TYPE_CHECKING:
    from .server import ChatKitServer


class Answer:
    """Makes the answer to one request."""

    def __init__(self, server: "ChatKitServer[Any]", store: StoreAdapter, context: Any) -> None:
        self._server = server
        self._store = store
        self._context = context
        self._item_ids: set[str] = set()

    async def respond(self, turn: Turn) -> AsyncGenerator[ThreadStreamEvent]:
        """Yield the server's events."""
        self._store.begin_answer(turn.thread)
        events: AsyncIterator[ThreadStreamEvent] | None = None
        item_ids = self._item_ids
        try:
            with agents_sdk_user_agent_override():
                events = self._events(turn)
                async for event in events:
                    if type(event) is not ThreadItemUpdatedEvent:
                        self._note_item(event)
                    elif event.item_id not in item_ids:
                        async for missing in self._missing(turn, event):
                            yield missing
                    yield event
        except asyncio.CancelledError:
            task = asyncio.current_task()
            self._store.cancelled_itself = task is None or not task.cancelling()
            raise
        except (TurnError, CustomStreamError, StreamError):
            raise
        except Exception as error:
            raise StreamError(ErrorCode.STREAM_ERROR) from error  # the code that clients know
        finally:
            if (aclose := getattr(events, "aclose", None)) is not None:
                await aclose()

    def _events(self, turn: Turn) -> AsyncIterator[ThreadStreamEvent]:
        if turn.action is not None:
            sender = turn.sender and self._store.as_given(turn.sender)
            return self._server.action(turn.thread, turn.action, sender, self._context)
        message = None
        if isinstance(turn.input, UserMessageItem):
            message = self._store.as_given(turn.input)
        return self._server.respond(turn.thread, message, self._context)

    def _note_item(self, event: ThreadStreamEvent) -> None:
        item = getattr(event, "item", None)
        if item is not None:
            self._store.note_time(item)
            self._item_ids.add(item.id)

    async def _missing(
        self, turn: Turn, update: ThreadItemUpdatedEvent
    ) -> AsyncGenerator[ThreadItemAddedEvent]:
        """Add a message whose text comes before it: the SDK lets that pass."""
        self._item_ids.add(update.item_id)
        is_message = update.update.type.startswith("assistant_message.")
        if not is_message or await self._store.has_item(turn.thread.id, update.item_id):
            return
        yield ThreadItemAddedEvent(
            item=AssistantMessageItem(
                id=update.item_id, thread_id=turn.thread.id, created_at=turn.now(), content=[]
            )
        )
