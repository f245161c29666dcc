"""A server's ``respond`` or ``action`` as a responder of the engine."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from functools import partial
from typing import Any

from chatkit.server import ChatKitServer, agents_sdk_user_agent_override

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
from .cancellation import Cancellation
from .events import MessagesUnderWay
from .store import StoreAdapter


class Answer:
    """Makes the answer to one request.

    Args:
        closed_calls: The ids of tool calls that nobody runs any more: the server
            does not see them, and they go when the answer is there.
    """

    def __init__(
        self,
        server: ChatKitServer[Any],
        store: StoreAdapter,
        context: Any,
        cancellation: Cancellation,
        closed_calls: Sequence[str] = (),
    ) -> None:
        self._server = server
        self._store = store
        self._context = context
        self._cancellation = cancellation
        self._closed_calls = closed_calls

    async def respond(self, turn: Turn) -> AsyncGenerator[ThreadStreamEvent]:
        """Yield the server's events."""
        self._store.begin_answer(turn.thread, {*turn.replaces, *self._closed_calls})
        self._cancellation.thread = turn.thread
        messages = self._messages(turn)
        events: AsyncIterator[ThreadStreamEvent] | None = None
        try:
            with agents_sdk_user_agent_override():
                events = self._events(turn)
                async for event in events:
                    if type(event) is ThreadItemUpdatedEvent:
                        if event.item_id not in messages.ids and (
                            added := await messages.missing(event)
                        ):
                            self._store.note_time(added.item)
                            yield added
                    else:
                        messages.take(event)
                        if hasattr(event, "item"):
                            self._store.note_time(event.item)
                    yield event
            owner, thread_id = turn.context.owner, turn.thread.id
            await self._store.delete_items(owner, thread_id, self._closed_calls)
        except asyncio.CancelledError:
            self._cancellation.by_itself = self._cancel()
            raise
        except (TurnError, CustomStreamError, StreamError):
            raise
        except Exception as error:
            raise StreamError(ErrorCode.STREAM_ERROR) from error  # the code that clients know
        finally:
            if (aclose := getattr(events, "aclose", None)) is not None:
                await aclose()

    def _messages(self, turn: Turn) -> MessagesUnderWay:
        thread_id = turn.thread.id
        return MessagesUnderWay(thread_id, partial(self._store.has_item, thread_id), turn.now)

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
