"""A server of a program's own, and the requests to it."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any, TypeAlias

from chatkit.types import (
    AssistantMessageContent,
    AssistantMessageContentPartTextDelta,
    AssistantMessageItem,
    ThreadItem,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemUpdatedEvent,
    ThreadMetadata,
    ThreadStreamEvent,
    UserMessageItem,
)

from chatkeep.compat import ChatKitServer, Settings
from compat.stores import ANN, AwaitingStore, FileStore, User

Events: TypeAlias = AsyncIterator[ThreadStreamEvent]
Responder: TypeAlias = Callable[["Server", ThreadMetadata, UserMessageItem | None, User], Events]


class Server(ChatKitServer[User]):
    """Answers with a function."""

    def __init__(
        self,
        responder: Responder,
        store: AwaitingStore | None = None,
        *,
        files: bool = False,
        settings: Settings | None = None,
    ) -> None:
        self.kept = store or AwaitingStore()
        self.files = FileStore(self.kept)
        super().__init__(self.kept, self.files if files else None, settings=settings)
        self.responder = responder

    def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: User
    ) -> Events:
        return self.responder(self, thread, input_user_message, context)

    def action(self, thread: ThreadMetadata, action: Any, sender: Any, context: User) -> Events:
        return self.responder(self, thread, sender, context)

    async def stream(self, type: str, context: User = ANN, **params: Any) -> list[dict[str, Any]]:  # noqa: A002
        """Send a request, and return the events of its answer."""
        result: Any = await self.process(body(type, **params), context)
        return [event_of(frame) async for frame in result]

    async def call(self, type: str, context: User = ANN, **params: Any) -> Any:  # noqa: A002
        """Send a request, and return its answer."""
        result: Any = await self.process(body(type, **params), context)
        return json.loads(result.json)

    async def begin(self, text: str = "hi", context: User = ANN) -> "Reading":
        """Begin a thread, and return its events as they are read."""
        result: Any = await self.process(body("threads.create", input=said(text)), context)
        return Reading(result.json_events)

    async def process_create(self, text: str, *attachments: str) -> Any:
        """Begin a thread, and read nothing of its events."""
        return await self.process(body("threads.create", input=said(text, *attachments)), ANN)

    async def upload(self) -> str:
        """Create an attachment, and return its id."""
        reply = await self.call("attachments.create", name="a.txt", size=3, mime_type="text/plain")
        attachment_id: str = reply["id"]
        return attachment_id

    def texts(self, thread_id: str) -> list[str]:
        """The texts of a thread's messages, as the store has them."""
        return [
            item.content[0].text
            for item in self.kept.items[thread_id].values()
            if isinstance(item, UserMessageItem | AssistantMessageItem)
        ]

    def types(self, thread_id: str) -> list[str]:
        """The types of a thread's items, as the store has them."""
        return [item.type for item in self.kept.items[thread_id].values()]


class Reading:
    """A stream that is read bit by bit."""

    def __init__(self, frames: Any) -> None:
        self.frames = frames
        self.events: list[dict[str, Any]] = []

    async def until(self, text: str) -> None:
        """Read on until a frame holds a text."""
        async for frame in self.frames:
            self.events.append(event_of(frame))
            if text.encode() in frame:
                return
        raise AssertionError(f"the stream ended without {text!r}: {self.events}")

    async def rest(self) -> list[dict[str, Any]]:
        """Read on to the end, and return all events."""
        self.events += [event_of(frame) async for frame in self.frames]
        return self.events

    @property
    def thread_id(self) -> str:
        """The id of the thread that was created."""
        return thread_id_of(self.events)


def body(type: str, **params: Any) -> bytes:  # noqa: A002
    """A request's body."""
    metadata = params.pop("metadata", {})
    return json.dumps({"type": type, "params": params, "metadata": metadata}).encode()


def said(text: str, *attachments: str) -> dict[str, Any]:
    """What a user sends."""
    content = [{"type": "input_text", "text": text}]
    return {"content": content, "attachments": list(attachments), "inference_options": {}}


def event_of(frame: bytes) -> dict[str, Any]:
    """The one event of a frame."""
    prefix, payload = frame.split(b"data: ", 1)
    assert prefix == b""
    assert frame.endswith(b"\n\n")
    event: dict[str, Any] = json.loads(payload)
    return event


def types_of(events: list[dict[str, Any]]) -> list[str]:
    """The types of events."""
    return [event["type"] for event in events]


def thread_id_of(events: list[dict[str, Any]]) -> str:
    """The id of the thread that was created."""
    thread_id: str = next(e["thread"]["id"] for e in events if e["type"] == "thread.created")
    return thread_id


def message(thread: ThreadMetadata, text: str, item_id: str = "msg_1") -> AssistantMessageItem:
    """An answer, with a naive time as the SDK's guides make it."""
    content = [AssistantMessageContent(text=text)] if text else []
    return AssistantMessageItem(
        id=item_id,
        thread_id=thread.id,
        created_at=datetime.now(),  # noqa: DTZ005
        content=content,
    )


def added(item: ThreadItem) -> ThreadItemAddedEvent:
    """The event that begins an item."""
    return ThreadItemAddedEvent(item=item)


def done(item: ThreadItem) -> ThreadItemDoneEvent:
    """The event that ends an item."""
    return ThreadItemDoneEvent(item=item)


def delta(text: str, item_id: str = "msg_1") -> ThreadItemUpdatedEvent:
    """The event that adds text to an answer."""
    update = AssistantMessageContentPartTextDelta(content_index=0, delta=text)
    return ThreadItemUpdatedEvent(item_id=item_id, update=update)


async def says_hello(
    server: Server, thread: ThreadMetadata, message_: UserMessageItem | None, context: User
) -> Events:
    """A plain answer."""
    yield added(message(thread, ""))
    yield delta("hello")
    yield done(message(thread, "hello"))
