"""The events of a `ChatKitServer` as the engine takes them.

The SDK lets text pass for a message that was never added. The engine refuses
what fits no item, so such a message is added here, before its text.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from datetime import datetime

from ..protocol.types import (
    AssistantMessageItem,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemRemovedEvent,
    ThreadItemUpdatedEvent,
    ThreadStreamEvent,
)


async def with_messages_added(
    events: AsyncIterator[ThreadStreamEvent],
    thread_id: str,
    has_item: Callable[[str], Awaitable[bool]],
    now: Callable[[], datetime],
) -> AsyncGenerator[ThreadStreamEvent]:
    """Yield the events, and before text for a message that is nowhere, the message.

    Args:
        has_item: Whether the store has an item of this id.
        now: Tells the time for a message that nobody added.
    """
    under_way: set[str] = set()
    async for event in events:
        if type(event) is ThreadItemUpdatedEvent:
            item_id = event.item_id
            if item_id not in under_way and _is_text(event) and not await has_item(item_id):
                under_way.add(item_id)
                message = AssistantMessageItem(
                    id=item_id, thread_id=thread_id, created_at=now(), content=[]
                )
                yield ThreadItemAddedEvent(item=message)
        elif isinstance(event, ThreadItemAddedEvent):
            under_way.add(event.item.id)
        elif isinstance(event, ThreadItemDoneEvent):
            under_way.discard(event.item.id)
        elif isinstance(event, ThreadItemRemovedEvent):
            under_way.discard(event.item_id)
        yield event


def _is_text(event: ThreadItemUpdatedEvent) -> bool:
    return event.update.type.startswith("assistant_message.")
