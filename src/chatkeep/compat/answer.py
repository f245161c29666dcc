"""A server's ``respond`` or ``action`` as a responder of the engine."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Any

from chatkit.server import agents_sdk_user_agent_override

from ..errors import TurnError
from ..protocol.types import (
    CustomStreamError,
    ErrorCode,
    StreamError,
    ThreadItemUpdatedEvent,
    ThreadStreamEvent,
    UserMessageItem,
)
from ..turn import Turn
from .events import with_messages_added
from .store import StoreAdapter

if TYPE_CHECKING:
    from .server import ChatKitServer


class Answer:
    """Makes the answer to one request."""

    def __init__(self, server: "ChatKitServer[Any]", store: StoreAdapter, context: Any) -> None:
        self._server = server
        self._store = store
        self._context = context

    async def respond(self, turn: Turn) -> AsyncGenerator[ThreadStreamEvent]:
        """Yield the server's events."""
        self._store.begin_answer(turn.thread)
        events: AsyncIterator[ThreadStreamEvent] | None = None
        try:
            with agents_sdk_user_agent_override():
                events = self._events(turn)
                async for event in self._whole(events, turn):
                    if type(event) is not ThreadItemUpdatedEvent and hasattr(event, "item"):
                        self._store.note_time(event.item)
                    yield event
        except asyncio.CancelledError:
            self._store.cancelled_itself = self._cancel()
            raise
        except (TurnError, CustomStreamError, StreamError):
            raise
        except Exception as error:
            raise StreamError(ErrorCode.STREAM_ERROR) from error  # the code that clients know
        finally:
            if (aclose := getattr(events, "aclose", None)) is not None:
                await aclose()

    def _whole(
        self, events: AsyncIterator[ThreadStreamEvent], turn: Turn
    ) -> AsyncIterator[ThreadStreamEvent]:
        thread_id = turn.thread.id
        return with_messages_added(
            events, thread_id, partial(self._store.has_item, thread_id), turn.now
        )

    def _events(self, turn: Turn) -> AsyncIterator[ThreadStreamEvent]:
        if turn.action is not None:
            sender = turn.sender and self._store.as_given(turn.sender)
            return self._server.action(turn.thread, turn.action, sender, self._context)
        message = None
        if isinstance(turn.input, UserMessageItem):
            message = self._store.as_given(turn.input)
        return self._server.respond(turn.thread, message, self._context)

    @staticmethod
    def _cancel() -> bool:
        """Stop the turn if its responder raised ``CancelledError`` itself; say if it did.

        To the engine that is a failure. To the SDK it is a cancellation.
        """
        task = asyncio.current_task()
        itself = task is not None and not task.cancelling()
        if task is not None and itself:
            task.cancel()
        return itself
