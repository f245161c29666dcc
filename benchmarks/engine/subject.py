"""Chatkeep in process."""

from collections.abc import AsyncIterable
from datetime import UTC, datetime, timedelta

from chatkeep import Chatkeep, Context
from chatkeep.engine.dispatch import JSONReply, StreamReply
from chatkeep.ids import item_id, thread_id
from chatkeep.protocol.wire import to_json
from chatkeep.stores.base import ItemRecord, ThreadRecord

from ..script import WORD
from .script import script_chat

_OWNER = Context().owner


class EngineSubject:
    """A worker's subject: a Chatkeep."""

    def __init__(self, chat: Chatkeep) -> None:
        self.chat = chat

    async def open(self) -> None:
        await self.chat.open()

    async def close(self) -> None:
        await self.chat.close()

    async def process(self, body: bytes) -> AsyncIterable[bytes] | bytes:
        reply = await self.chat.process(body)
        if isinstance(reply, StreamReply):
            return reply.stream
        assert isinstance(reply, JSONReply)
        return reply.json

    async def fill(self, threads: int, items: int) -> str:
        began = datetime.now(UTC)
        for number in range(threads):
            created_at = began + timedelta(milliseconds=number)
            thread = ThreadRecord(thread_id(), created_at, title="A thread")
            await self.chat.store.save_thread(_OWNER, thread)
            records = [_message(thread.id, created_at) for _ in range(items)]
            await self.chat.store.save_items(_OWNER, thread.id, records)
        return thread.id


def _message(thread: str, created_at: datetime) -> ItemRecord:
    new_id = item_id("assistant_message")
    content = [{"type": "output_text", "text": WORD * 20, "annotations": []}]
    data = {
        "id": new_id,
        "thread_id": thread,
        "created_at": created_at,
        "type": "assistant_message",
        "content": content,
    }
    return ItemRecord(new_id, "assistant_message", created_at, to_json(data))


def subject(database: str) -> EngineSubject:
    """A Chatkeep over that database."""
    return EngineSubject(script_chat(database))
