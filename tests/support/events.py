"""What a client was told, in words that a test can compare."""

from collections.abc import AsyncIterable, Iterable
from typing import Any

import msgspec

Event = dict[str, Any]
Item = dict[str, Any]


async def collected(events: AsyncIterable[Event]) -> list[Event]:
    """All events of a stream."""
    return [event async for event in events]


def parsed(body: bytes) -> list[Event]:
    """The events of a whole stream of plain frames."""
    assert body.endswith(b"\n\n")
    frames = body.removesuffix(b"\n\n").split(b"\n\n")
    assert all(frame.startswith(b"data: {") for frame in frames)
    return [msgspec.json.decode(frame.removeprefix(b"data: ")) for frame in frames]


def of_type(events: Iterable[Event], event_type: str) -> list[Event]:
    """The events of one type."""
    return [event for event in events if event["type"] == event_type]


def the(events: Iterable[Event], event_type: str) -> Event:
    """The one event of a type."""
    (event,) = of_type(events, event_type)
    return event


def errors(events: Iterable[Event]) -> list[Event]:
    """The errors that the user is shown."""
    return of_type(events, "error")


def done(events: Iterable[Event], item_type: str | None = None) -> list[Item]:
    """The items that came to their end, of one type if told."""
    items = [event["item"] for event in of_type(events, "thread.item.done")]
    return [item for item in items if item_type in {None, item["type"]}]


def streamed_text(events: Iterable[Event]) -> str:
    """The text that came piece by piece."""
    updates = [event["update"] for event in of_type(events, "thread.item.updated")]
    return "".join(update["delta"] for update in updates if "delta" in update)


def thread_id_of(events: Iterable[Event]) -> str:
    """The id of the thread that a stream created."""
    found: str = the(events, "thread.created")["thread"]["id"]
    return found


def text_of(item: Item) -> str:
    """A message's text."""
    return "".join(part["text"] for part in item["content"])


def conversation(items: Iterable[Item]) -> list[tuple[str, str]]:
    """The messages among some items: who said what."""
    roles = {"user_message": "user", "assistant_message": "assistant"}
    return [(roles[item["type"]], text_of(item)) for item in items if item["type"] in roles]
