"""Items under way: each takes the updates to it, and can be had whole at any time.

Folding is linear: text is kept in pieces and joined when the item is wanted.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ..encoding import from_json, text_json, to_json
from ..protocol.sse import delta_prefix
from ..stores.base import ItemRecord

JSON = dict[str, Any]


class OpenItem:
    """An item that may still change, as its wire JSON.

    The value is its own copy: what a responder does to an object after it has
    yielded it changes nothing here. ``stored`` marks an item of an earlier turn,
    ``placed`` one that the store has, as far as it got, to hold its place.
    """

    def __init__(self, record: ItemRecord, *, stored: bool = False) -> None:
        self.stored = stored
        self.placed = stored
        self.id = record.id
        self.type = record.type
        self.created_at: datetime = record.created_at
        self.value: JSON = from_json(record.data)

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it that anyone would miss."""
        return False

    def update(self, update: JSON) -> None:
        """Apply one wire update.

        Raises:
            ValueError: This kind of item doesn't take this kind of update.
        """
        raise ValueError(f"a {self.type} item takes no {update['type']} update")

    def json(self) -> bytes:
        """Return the item's wire JSON as it stands."""
        return to_json(self.value)

    def record(self, *, finished: bool) -> ItemRecord:
        """Return the item as a store keeps it."""
        return ItemRecord(self.id, self.type, self.created_at, self.json(), finished)


class Part:
    """One content part of an assistant message under way."""

    __slots__ = ("_length", "_measured", "annotations", "prefix", "texts")

    def __init__(self, item_id: str, index: int, value: JSON | None = None) -> None:
        value = value or {}
        self.texts: list[str] = [value["text"]] if value.get("text") else []
        self.annotations: list[JSON] = value.get("annotations") or []
        self.prefix = delta_prefix(item_id, index)
        self._measured = 0
        self._length = 0

    @property
    def length(self) -> int:
        """Code points so far. Only what came since the last time is counted."""
        self._length += sum(map(len, self.texts[self._measured :]))
        self._measured = len(self.texts)
        return self._length

    def json(self) -> bytes:
        """Return the part's wire JSON."""
        text = text_json("".join(self.texts))
        annotations = to_json(self.annotations)
        return b'{"annotations":%s,"text":%s,"type":"output_text"}' % (annotations, text)


class OpenMessage(OpenItem):
    """An assistant message under way."""

    def __init__(self, record: ItemRecord, *, stored: bool = False) -> None:
        super().__init__(record, stored=stored)
        self.parts = [
            Part(self.id, index, part) for index, part in enumerate(self.value.pop("content", ()))
        ]

    @property
    def empty(self) -> bool:
        return not any(text.strip() for part in self.parts for text in part.texts)

    def part(self, index: int) -> Part:
        """Return a content part, making those up to it that are not there yet."""
        if index < 0:
            raise ValueError("a content index is not negative")
        while len(self.parts) <= index:
            self.parts.append(Part(self.id, len(self.parts)))
        return self.parts[index]

    def update(self, update: JSON) -> None:
        match update["type"].removeprefix("assistant_message.content_part."):
            case "text_delta":
                self.part(update["content_index"]).texts.append(update["delta"])
            case "added" | "done":
                index = update["content_index"]
                self.part(index)
                self.parts[index] = Part(self.id, index, update["content"])
            case "annotation_added":
                annotations = self.part(update["content_index"]).annotations
                annotations.insert(update["annotation_index"], update["annotation"])
            case _:
                super().update(update)

    def json(self) -> bytes:
        content = b",".join(part.json() for part in self.parts)
        return to_json(self.value)[:-1] + b',"content":[' + content + b"]}"


class OpenWidget(OpenItem):
    """A widget under way. Streamed text is folded into its component at the end."""

    def __init__(self, record: ItemRecord, *, stored: bool = False) -> None:
        super().__init__(record, stored=stored)
        self._texts: dict[str, list[str]] = {}
        self._ended: set[str] = set()

    def update(self, update: JSON) -> None:
        match update["type"]:
            case "widget.streaming_text.value_delta":
                self._texts.setdefault(update["component_id"], []).append(update["delta"])
                if update["done"]:
                    self._ended.add(update["component_id"])
            case "widget.component.updated":
                self._fold_texts()
                self._replace(update["component_id"], update["component"])
            case "widget.root.updated":
                self._texts.clear()
                self.value["widget"] = update["widget"]
            case _:
                super().update(update)

    def json(self) -> bytes:
        self._fold_texts()
        return super().json()

    def _fold_texts(self) -> None:
        if not self._texts:
            return
        for component in _components(self.value["widget"]):
            key = component.get("id", "")
            if texts := self._texts.pop(key, None):
                component["value"] = component.get("value", "") + "".join(texts)
            if key in self._ended:
                component["streaming"] = False

    def _replace(self, component_id: str, replacement: JSON) -> None:
        for component in _components(self.value["widget"]):
            if component.get("id") == component_id:
                component.clear()
                component.update(replacement)
                return
        raise ValueError("the widget has no component of this id")


def _components(widget: JSON) -> Iterator[JSON]:
    yield widget
    children = widget.get("children") or ()
    for child in [children] if isinstance(children, dict) else children:
        if isinstance(child, dict):
            yield from _components(child)


class OpenWorkflow(OpenItem):
    """A workflow under way."""

    def update(self, update: JSON) -> None:
        tasks: list[JSON] = self.value["workflow"]["tasks"]
        match update["type"]:
            case "workflow.task.added":
                tasks.insert(update["task_index"], update["task"])
            case "workflow.task.updated":
                if not 0 <= update["task_index"] < len(tasks):
                    raise ValueError("the workflow has no task of this index")
                tasks[update["task_index"]] = update["task"]
            case _:
                super().update(update)


class OpenImage(OpenItem):
    """A generated image under way."""

    @property
    def empty(self) -> bool:
        return "image" not in self.value

    def update(self, update: JSON) -> None:
        if update["type"] != "generated_image.updated":
            super().update(update)
        self.value["image"] = update["image"]


_KINDS: dict[str, type[OpenItem]] = {
    "assistant_message": OpenMessage,
    "widget": OpenWidget,
    "workflow": OpenWorkflow,
    "generated_image": OpenImage,
}


def open_item(record: ItemRecord, *, stored: bool = False) -> OpenItem:
    """Return an item that takes updates, from its present state."""
    return _KINDS.get(record.type, OpenItem)(record, stored=stored)
