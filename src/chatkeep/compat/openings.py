"""Openings as a `ChatKitServer` makes them."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..context import Owner
from ..engine.openings import Opening, Openings
from ..protocol.wire import event_json, model_json
from ..settings import Settings
from ..stores.base import MAX_PAGE_SIZE, ItemRecord, PageQuery, ThreadRecord
from .store import StoreAdapter

if TYPE_CHECKING:
    from .server import ChatKitServer


class ServerOpenings(Openings):
    """Makes openings with the ids of a user's store and the stream options of its server."""

    def __init__(
        self,
        server: "ChatKitServer[Any]",
        store: StoreAdapter,
        owner: Owner,
        settings: Settings,
        context: Any,
    ) -> None:
        super().__init__(store, owner, settings, default_titles=False)
        self._server = server
        self._adapter = store
        self._context = context

    def stream_options(self, thread: ThreadRecord) -> bytes:
        options = self._server.get_stream_options(self._adapter.thread(thread), self._context)
        return event_json("stream_options", stream_options=model_json(options))

    def new_thread(self) -> ThreadRecord:
        return self._adapter.new_thread()

    async def items_after(self, thread_id: str, item_id: str) -> list[ItemRecord]:
        """Read from the newest item back: not every store takes an item's id for a cursor."""
        found = await self._read_back_to(thread_id, item_id)
        self._adapter.superseded = frozenset(record.id for record in found)
        return found

    async def _read_back_to(self, thread_id: str, item_id: str) -> list[ItemRecord]:
        found: list[ItemRecord] = []
        after: str | None = None
        while True:
            query = PageQuery(MAX_PAGE_SIZE, after)
            page = await self.store.list_items(self.owner, thread_id, query, hidden=True)
            for record in page.data:
                if record.id == item_id:
                    return found
                found.append(record)
            after = page.after
            if after is None:
                return []  # what follows an item that isn't listed can't be known

    async def _tool_output(self, kind: str, thread: ThreadRecord, result: Any) -> Opening:
        """Let other calls that wait go with the answer, as the SDK does; models refuse them."""
        opening = await super()._tool_output(kind, thread, result)
        superseded = [record.id for record in opening.items[1:]]
        self._adapter.superseded = frozenset(superseded)
        return replace(opening, items=opening.items[:1], superseded=superseded)
