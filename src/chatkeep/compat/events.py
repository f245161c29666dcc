"""The events of a `ChatKitServer` as the engine takes them.

The SDK lets text pass for a message that was never added. The engine refuses
what fits no item, so such a message is added here, before its text.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from ..protocol.types import (
    AssistantMessageItem,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemRemovedEvent,
    ThreadItemUpdatedEvent,
    ThreadStreamEvent,
)


class MessagesUnderWay:
    """The items that one answer has added and not finished.

    It is told of events from a loop that runs for every token, and is no generator
    round that loop: that would cost as much as all else which compat does there.

    Args:
        thread_id: The thread that is answered in.
        has_item: Whether the store has an item of this id.
        now: Tells the time for a message that nobody added.

    Attributes:
        ids: Their ids.
    """

    def __init__(
        self,
        thread_id: str,
        has_item: Callable[[str], Awaitable[bool]],
        now: Callable[[], datetime],
    ) -> None:
        self.ids: set[str] = set()
        self._thread_id = thread_id
        self._has_item = has_item
        self._now = now

    def take(self, event: ThreadStreamEvent) -> None:
        """Take note of an event that is no update."""
        if isinstance(event, ThreadItemAddedEvent):
            self.ids.add(event.item.id)
        elif isinstance(event, ThreadItemDoneEvent):
            self.ids.discard(event.item.id)
        elif isinstance(event, ThreadItemRemovedEvent):
            self.ids.discard(event.item_id)

    async def missing(self, event: ThreadItemUpdatedEvent) -> ThreadItemAddedEvent | None:
        """Return what has to come before an update of none of them, if anything has to."""
        item_id = event.item_id
        if not _is_text(event) or await self._has_item(item_id):
            return None
        self.ids.add(item_id)
        message = AssistantMessageItem(
            id=item_id, thread_id=self._thread_id, created_at=self._now(), content=[]
        )
        return ThreadItemAddedEvent(item=message)


def _is_text(event: ThreadItemUpdatedEvent) -> bool:
    return event.update.type.startswith("assistant_message.")
