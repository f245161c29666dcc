"""SDK events that make up an answer."""

from datetime import UTC, datetime

from chatkit.types import (
    AssistantMessageContent,
    AssistantMessageContentPartTextDelta,
    AssistantMessageItem,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemUpdatedEvent,
)

from ..script import WORD

_ITEM_ID = f"msg_{0:032x}"


def delta(text: str) -> ThreadItemUpdatedEvent:
    """The event that adds a piece of text to the answer."""
    update = AssistantMessageContentPartTextDelta(content_index=0, delta=text)
    return ThreadItemUpdatedEvent(item_id=_ITEM_ID, update=update)


WORD_DELTA = delta(WORD)


def added(thread_id: str) -> ThreadItemAddedEvent:
    """The event that begins the answer."""
    return ThreadItemAddedEvent(item=_item(thread_id, ""))


def done(thread_id: str, text: str) -> ThreadItemDoneEvent:
    """The event that ends the answer."""
    return ThreadItemDoneEvent(item=_item(thread_id, text))


def _item(thread_id: str, text: str) -> AssistantMessageItem:
    return AssistantMessageItem(
        id=_ITEM_ID,
        thread_id=thread_id,
        created_at=datetime.now(UTC).replace(tzinfo=None),  # the SDK's own times are naive
        content=[AssistantMessageContent(text=text)],
    )
