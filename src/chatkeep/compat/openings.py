"""Openings as a `ChatKitServer` makes them."""

from functools import partial
from typing import TYPE_CHECKING, Any

from ..context import Owner
from ..engine.openings import Opening, Openings
from ..protocol.requests import StreamingRequest
from ..protocol.wire import event_json, model_json
from ..settings import Settings
from ..stores.base import MAX_PAGE_SIZE, PageQuery, ThreadRecord
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

    async def open(self, request: StreamingRequest) -> Opening:
        opening = await super().open(request)
        return opening if opening.kind == "retry" else self._served(opening)

    async def retry(self, thread: ThreadRecord, item_id: str) -> Opening:
        return self._served(await super().retry(thread, item_id))

    def _served(self, opening: Opening) -> Opening:
        thread = self._adapter.thread(opening.thread)
        options = self._server.get_stream_options(thread, self._context)
        opening.stream_options = event_json("stream_options", stream_options=model_json(options))
        opening.new_item_id = partial(self.new_item_id, opening.thread)
        opening.implicit_messages = True  # as the SDK lets them pass
        opening.in_order = False  # a store for the SDK orders items by their times
        return opening

    def new_thread(self) -> ThreadRecord:
        return self._adapter.new_thread()

    def new_item_id(self, thread: ThreadRecord, item_type: str) -> str:
        return self._adapter.new_item_id(thread, item_type)

    async def ids_after(self, thread_id: str, item_id: str) -> list[str]:
        """Read from the newest item back: not every store takes an item's id for a cursor."""
        found = await self._read_back_to(thread_id, item_id)
        self._adapter.superseded = frozenset(found)
        return found

    async def _read_back_to(self, thread_id: str, item_id: str) -> list[str]:
        found: list[str] = []
        after: str | None = None
        while True:
            query = PageQuery(MAX_PAGE_SIZE, after)
            page = await self.store.list_items(self.owner, thread_id, query, hidden=True)
            for record in page.data:
                if record.id == item_id:
                    return found
                found.append(record.id)
            after = page.after
            if after is None:
                return []  # what follows an item that isn't listed can't be known

    async def _tool_output(self, thread: ThreadRecord, result: Any) -> Opening:
        """Let other calls that wait go with the answer, as the SDK does; models refuse them."""
        opening = await super()._tool_output(thread, result)
        opening.items, others = opening.items[:1], opening.items[1:]
        opening.superseded = [record.id for record in others]
        self._adapter.superseded = frozenset(opening.superseded)
        return opening
