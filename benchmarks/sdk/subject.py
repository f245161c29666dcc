"""The SDK in process."""

from collections.abc import AsyncIterable
from datetime import UTC, datetime

from chatkit.server import ChatKitServer, StreamingResult
from chatkit.types import AssistantMessageContent, AssistantMessageItem, ThreadMetadata

from ..script import WORD
from .server import ReadyMadeServer
from .store import Context, DictStore


class SdkSubject:
    """A worker's subject: a server of the SDK over the dict store."""

    def __init__(self, server: ChatKitServer[Context]) -> None:
        self.server = server

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def process(self, body: bytes) -> AsyncIterable[bytes] | bytes:
        result = await self.server.process(body, {})
        return result if isinstance(result, StreamingResult) else result.json

    async def fill(self, threads: int, items: int) -> str:
        now = datetime.now(UTC).replace(tzinfo=None)  # the SDK's own times are naive
        for number in range(threads):
            thread = ThreadMetadata(id=f"thr_{number:032x}", created_at=now, title="A thread")
            await self.server.store.save_thread(thread, {})
            for item in range(items):
                message = AssistantMessageItem(
                    id=f"msg_{item:032x}",
                    thread_id=thread.id,
                    created_at=now,
                    content=[AssistantMessageContent(text=WORD * 20)],
                )
                await self.server.store.add_thread_item(thread.id, message, {})
        return f"thr_{0:032x}"


def subject(_: str) -> SdkSubject:
    """The SDK's own server."""
    return SdkSubject(ReadyMadeServer(DictStore()))
