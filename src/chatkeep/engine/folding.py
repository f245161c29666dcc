"""Items under way: each takes the updates to it, and can be had whole at any time.

Folding is linear: text is kept in pieces and joined when the item is wanted. An
update that can't be folded is refused when it comes, and changes nothing, so an
item that is wanted can always be had.
"""

from datetime import datetime
from typing import Any, TypeVar

from ..encoding import MAX_DEPTH, from_json, nests_too_deep, text_json, to_json
from ..protocol.sse import delta_prefix
from ..protocol.widgets import components
from ..stores.base import ItemRecord

JSON = dict[str, Any]
T = TypeVar("T")

_TOO_DEEP = f"the item would nest more than {MAX_DEPTH} levels deep"

_MAX_PARTS = 1000
"""Of a message. An index beyond it is a mistake, and would make all the parts before it."""


class OpenItem:
    """An item that may still change, as its wire JSON.

    The value is its own copy: what a responder does to an object after it has
    yielded it changes nothing here. ``stored`` marks an item of an earlier turn,
    whose JSON was ``base``; ``placed`` one that the store has, as far as it got, to
    hold its place.
    """

    def __init__(self, record: ItemRecord, *, stored: bool = False) -> None:
        self.stored = stored
        self.placed = stored
        self.base = record.data if stored else None
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
            ValueError: This kind of item doesn't take this kind of update, or
                the update is not one that can be folded. It changed nothing.
        """
        raise ValueError(f"a {self.type} item takes no {update.get('type')} update")

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
        """Return a content part, making those up to it that are not there yet.

        Raises:
            ValueError: No message has a part of this index.
        """
        if not 0 <= index < _MAX_PARTS:
            raise ValueError(f"a message has no part of the index {index}")
        while len(self.parts) <= index:
            self.parts.append(Part(self.id, len(self.parts)))
        return self.parts[index]

    def update(self, update: JSON) -> None:
        match _field(update, "type", str).removeprefix("assistant_message.content_part."):
            case "text_delta":
                delta = _field(update, "delta", str)
                self.part(_index(update, "content_index")).texts.append(delta)
            case "added" | "done":
                content = _content(_nested(update, "content", level=2))
                index = _index(update, "content_index")
                self.part(index)
                self.parts[index] = Part(self.id, index, content)
            case "annotation_added":
                annotation = _nested(update, "annotation", level=4)
                place = _index(update, "annotation_index")
                annotations = self.part(_index(update, "content_index")).annotations
                annotations.insert(place, annotation)
            case _:
                super().update(update)

    def json(self) -> bytes:
        content = b",".join(part.json() for part in self.parts)
        return to_json(self.value)[:-1] + b',"content":[' + content + b"]}"


class OpenWidget(OpenItem):
    """A widget under way. Streamed text is folded into its component when it is wanted."""

    def __init__(self, record: ItemRecord, *, stored: bool = False) -> None:
        super().__init__(record, stored=stored)
        self._streams: dict[str, _Stream] = {}

    def update(self, update: JSON) -> None:
        match _field(update, "type", str):
            case "widget.streaming_text.value_delta":
                self._stream(update)
            case "widget.component.updated":
                component_id = _field(update, "component_id", str)
                replacement = _nested(update, "component", level=1)
                self._replace(component_id, replacement)
            case "widget.root.updated":
                self._streams.clear()
                self.value["widget"] = _nested(update, "widget", level=1)
            case _:
                super().update(update)

    def json(self) -> bytes:
        self._fold_streams()
        return super().json()

    def _stream(self, update: JSON) -> None:
        component_id = _field(update, "component_id", str)
        delta, done = _field(update, "delta", str), _field(update, "done", bool)
        stream = self._streams.get(component_id)
        if stream is None:
            component = self._component(component_id)
            if component is None:
                return  # clients show it nowhere, either
            stream = self._streams[component_id] = _Stream(component)
        stream.texts.append(delta)
        stream.done = stream.done or done

    def _fold_streams(self) -> None:
        for stream in self._streams.values():
            stream.fold()
        self._streams.clear()

    def _component(self, component_id: str) -> JSON | None:
        found = (
            part for part in components(self.value["widget"]) if part.get("id") == component_id
        )
        return next(found, None)

    def _replace(self, component_id: str, replacement: JSON) -> None:
        component = self._component(component_id)
        if component is None:
            raise ValueError("the widget has no component of this id")
        self._fold_streams()
        former = dict(component)
        component.clear()
        component.update(replacement)
        if not _fits(self.value, level=0):
            component.clear()
            component.update(former)
            raise ValueError(_TOO_DEEP)


class _Stream:
    """Text on its way into one component of a widget."""

    __slots__ = ("component", "done", "texts")

    def __init__(self, component: JSON) -> None:
        if not isinstance(component.get("value") or "", str):
            raise ValueError("the value of the component is no text")  # noqa: TRY004
        self.component = component
        self.texts: list[str] = []
        self.done = False

    def fold(self) -> None:
        """Give the component its text."""
        self.component["value"] = "".join([self.component.get("value") or "", *self.texts])
        if self.done:
            self.component["streaming"] = False


class OpenWorkflow(OpenItem):
    """A workflow under way."""

    def update(self, update: JSON) -> None:
        tasks: list[JSON] = self.value["workflow"]["tasks"]
        match _field(update, "type", str):
            case "workflow.task.added":
                task = _nested(update, "task", level=3)
                tasks.insert(_index(update, "task_index"), task)
            case "workflow.task.updated":
                task = _nested(update, "task", level=3)
                index = _index(update, "task_index")
                if index >= len(tasks):
                    raise ValueError("the workflow has no task of this index")
                tasks[index] = task
            case _:
                super().update(update)


class OpenImage(OpenItem):
    """A generated image under way."""

    @property
    def empty(self) -> bool:
        return "image" not in self.value

    def update(self, update: JSON) -> None:
        if update.get("type") != "generated_image.updated":
            super().update(update)
        self.value["image"] = _nested(update, "image", level=1)


# What an update has to be


def _field(update: JSON, name: str, kind: type[T]) -> T:
    value = update.get(name)
    if not isinstance(value, kind):
        raise ValueError(f"the update has no {name}")  # noqa: TRY004 - what callers expect
    return value


def _index(update: JSON, name: str) -> int:
    index = _field(update, name, int)
    if index < 0:
        raise ValueError(f"the {name} is negative")
    return index


def _nested(update: JSON, name: str, level: int) -> JSON:
    """Return an object of an update that will stand inside so many others of its item."""
    value: JSON = _field(update, name, dict)
    if not _fits(value, level):
        raise ValueError(_TOO_DEEP)
    return value


def _fits(value: JSON, level: int) -> bool:
    return not nests_too_deep(b"[" * level + to_json(value) + b"]" * level)


def _content(value: JSON) -> JSON:
    """Return the content of a message's part, if it is one."""
    if not isinstance(value.get("text") or "", str):
        raise ValueError("the text of the content is no text")  # noqa: TRY004
    if not isinstance(value.get("annotations") or [], list):
        raise ValueError("the annotations of the content are no list")  # noqa: TRY004
    return value


_KINDS: dict[str, type[OpenItem]] = {
    "assistant_message": OpenMessage,
    "widget": OpenWidget,
    "workflow": OpenWorkflow,
    "generated_image": OpenImage,
}


def open_item(record: ItemRecord, *, stored: bool = False) -> OpenItem:
    """Return an item that takes updates, from its present state."""
    return _KINDS.get(record.type, OpenItem)(record, stored=stored)
