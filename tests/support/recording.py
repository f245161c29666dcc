"""A recorder with nothing around it."""

from collections.abc import Sequence
from typing import Any

import msgspec

from chatkeep import ids
from chatkeep.engine.journal import Journal
from chatkeep.engine.recorder import Recorder
from chatkeep.errors import NotFound
from chatkeep.live.base import LogWriter
from chatkeep.stores.base import ItemRecord

THREAD = "thr_1"


class ListLog(LogWriter):
    """A log that is a list of frames."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def append(self, frame: bytes) -> None:
        self.frames.append(frame)

    def end(self) -> None:
        raise NotImplementedError

    @property
    def readers(self) -> int:
        return 0


class DictStore:
    """One thread's items."""

    def __init__(self) -> None:
        self.items: dict[str, ItemRecord] = {}

    def new_item_id(self, item_type: str) -> str:
        return ids.item_id(item_type)

    async def get_item(self, item_id: str) -> ItemRecord:
        if item_id not in self.items:
            raise NotFound
        return self.items[item_id]

    async def save_items(self, items: Sequence[ItemRecord]) -> None:
        self.items |= {item.id: item for item in items}

    async def delete_items(self, item_ids: Sequence[str]) -> None:
        for item_id in item_ids:
            self.items.pop(item_id, None)


class Recording:
    """What a recorder publishes and keeps."""

    def __init__(self, max_bytes: int = 10_000_000) -> None:
        self.log = ListLog()
        self.store = DictStore()
        self.journal = Journal("trn_1")
        self.recorder = Recorder(THREAD, self.journal, self.log, self.store, max_bytes)

    async def __call__(self, *outputs: Any) -> list[bytes]:
        """Record some outputs, and return the frames that they made."""
        before = len(self.log.frames)
        for output in outputs:
            await self.recorder.output(output)
        return self.log.frames[before:]

    def value(self, item_id: str) -> Any:
        """A stored item."""
        return msgspec.json.decode(self.store.items[item_id].data)
