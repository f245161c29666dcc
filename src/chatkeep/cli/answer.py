"""An answer as it comes: the events of one turn, told to a view in the order of reading."""

import math
from collections.abc import Iterator
from typing import Protocol

from ..client import JSON, ClientFailure, Event
from ..errors import words_of
from ..protocol.widgets import components


class View(Protocol):
    """Where an answer is shown."""

    def text(self, text: str) -> None:
        """Show more of the assistant's text."""
        ...

    def end(self) -> None:
        """Take the text so far as whole: what follows is set apart."""
        ...

    def note(self, text: str) -> None:
        """Show something beside the text: a widget, a notice."""
        ...

    def task(self, text: str) -> None:
        """Show a finished task of a workflow."""
        ...

    def status(self, text: str) -> None:
        """Show what is going on, until anything else is shown."""
        ...


class Sources:
    """What an answer rests on, each source once, numbered from 1 in order of appearance."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, source: JSON) -> int:
        """Return the source's number, a new one where it is cited for the first time."""
        return self._numbers.setdefault(describe_source(source), len(self._numbers) + 1)

    def lines(self) -> list[str]:
        """Return the list to print below the answer."""
        return [f"[{number}] {label}" for label, number in self._numbers.items()]


class Answer:
    """Folds the events of one turn, and tells a view what is new.

    Events that come again, as after a broken connection, and items that were
    shown before show nothing twice.

    Attributes:
        view: Where it is shown.
        thread_id: The thread, as soon as it is known.
        title: The thread's title, if an event told it.
        user_item_id: The user's message that is answered.
        items: The finished items by id, in order.
        sources: What was cited.
        error: The ``error`` event, if there was one.
    """

    def __init__(self, view: View, thread_id: str | None = None) -> None:
        self.thread_id = thread_id
        self.title: str | None = None
        self.user_item_id: str | None = None
        self.items: dict[str, JSON] = {}
        self.sources = Sources()
        self.error: Event | None = None
        self.view = view
        self._shown: dict[tuple[str, int], int] = {}
        self._told: dict[tuple[str, int], int] = {}
        """How much text of a part the events told, where they began again."""
        self._cited: dict[tuple[str, int], int] = {}
        self._tasks: dict[tuple[str, int], str] = {}

    def feed(self, event: Event) -> None:
        """Take one event in.

        Raises:
            ClientFailure: The event is not as the protocol has it.
        """
        try:
            self._take(event)
        except (AttributeError, KeyError, TypeError, RecursionError) as error:
            message = f"The server sent an event that makes no sense: {event.get('type')}"
            raise ClientFailure(message, code="protocol") from error

    def _take(self, event: Event) -> None:
        match event["type"]:
            case "thread.created" | "thread.updated":
                self.thread_id = event["thread"]["id"]
                self.title = event["thread"].get("title")
            case "thread.item.added":
                self._begin(event["item"])
            case "thread.item.updated":
                self._update(event["item_id"], event["update"])
            case "thread.item.done" | "thread.item.replaced":
                self._finish(event["item"])
            case "thread.item.removed":
                self.items.pop(event["item_id"], None)
            case "progress_update":
                self.view.status(event["text"])
            case "notice":
                title = event.get("title")
                self.view.note(f"{title}: {event['message']}" if title else event["message"])
            case "error":
                self.error = event

    def show(self, item: JSON) -> None:
        """Show an item that is already whole, as one of a thread's history."""
        self._finish(item)

    @property
    def assistant_item_ids(self) -> list[str]:
        """The ids of the assistant's messages."""
        return [item["id"] for item in self.items.values() if item["type"] == "assistant_message"]

    def _begin(self, item: JSON) -> None:
        match item["type"]:
            case "assistant_message":
                for part in [part for part in self._told if part[0] == item["id"]]:
                    self._told[part] = 0
                self._show_message(item)
            case "workflow":
                self._show_tasks(item)

    def _update(self, item_id: str, update: JSON) -> None:
        match update["type"]:
            case "assistant_message.content_part.text_delta":
                self._add_text(item_id, update["content_index"], update["delta"])
            case "assistant_message.content_part.annotation_added":
                self._add_citation(item_id, update)
            case "assistant_message.content_part.added" | "assistant_message.content_part.done":
                self._show_part(item_id, update["content_index"], update["content"])
            case "workflow.task.added" | "workflow.task.updated":
                self._show_task(item_id, update["task_index"], update["task"])

    def _finish(self, item: JSON) -> None:
        if self.items.get(item["id"]) == item:
            return
        self.items[item["id"]] = item
        match item["type"]:
            case "user_message":
                self.user_item_id = item["id"]
            case "assistant_message":
                self._show_message(item)
                self.view.end()
            case "workflow":
                self._show_tasks(item, finished=True)
            case other if other not in {"end_of_turn"}:
                self.view.note(describe_item(item))

    def _show_message(self, item: JSON) -> None:
        for index, part in enumerate(item["content"]):
            self._show_part(item["id"], index, part)

    def _add_text(self, item_id: str, index: int, delta: str) -> None:
        """Show a delta, as far as it goes beyond what is shown."""
        part = (item_id, index)
        told = self._told.get(part, 0)
        self._told[part] = told + len(delta)
        known = self._shown.get(part, 0) - told
        if known < len(delta):
            self._show_text(item_id, index, delta[max(0, known) :])

    def _add_citation(self, item_id: str, update: JSON) -> None:
        index = update["content_index"]
        known = self._cited.get((item_id, index), 0)
        if update.get("annotation_index", known) >= known:
            self._cite(item_id, index, update["annotation"])

    def _show_part(self, item_id: str, index: int, part: JSON) -> None:
        """Show what this state of a part has and earlier events had not."""
        self._told[item_id, index] = len(part["text"])
        cited = self._cited.get((item_id, index), 0)
        for annotation in sorted(part.get("annotations", ())[cited:], key=_place):
            self._show_up_to(item_id, index, part["text"], _place(annotation))
            self._cite(item_id, index, annotation)
        self._show_up_to(item_id, index, part["text"], math.inf)

    def _show_up_to(self, item_id: str, index: int, text: str, end: float) -> None:
        shown = self._shown.get((item_id, index), 0)
        stop = int(min(end, len(text)))
        if stop > shown:
            self._show_text(item_id, index, text[shown:stop])

    def _show_text(self, item_id: str, index: int, text: str) -> None:
        part = (item_id, index)
        if part not in self._shown:
            self.view.end()
        self._shown[part] = self._shown.get(part, 0) + len(text)
        self.view.text(text)

    def _cite(self, item_id: str, index: int, annotation: JSON) -> None:
        """Number a source, and mark it in the text if its place is where the text ends."""
        part = (item_id, index)
        self._cited[part] = self._cited.get(part, 0) + 1
        number = self.sources.number(annotation["source"])
        if _place(annotation) >= self._shown.get(part, 0):
            self.view.text(f" [{number}]")

    def _show_tasks(self, item: JSON, *, finished: bool = False) -> None:
        for index, task in enumerate(item["workflow"]["tasks"]):
            self._show_task(item["id"], index, task, finished=finished)

    def _show_task(self, item_id: str, index: int, task: JSON, *, finished: bool = False) -> None:
        text = describe_task(task)
        if not (finished or task.get("status_indicator") == "complete"):
            self.view.status(text)
        elif text and self._tasks.get((item_id, index)) != text:
            self._tasks[item_id, index] = text
            self.view.task(text)


def _place(annotation: JSON) -> float:
    """After how many code points an annotation stands; without a word, at the end."""
    index = annotation.get("index")
    return math.inf if index is None else index


def describe_source(source: JSON) -> str:
    """Return one line that says what a source is and where it lies."""
    description = source.get("description") or ""
    place = source.get("url") or source.get("filename") or ""
    parts = [source.get("group"), source.get("title"), place, description]
    if place in description:
        parts.remove(place)
    return " · ".join(dict.fromkeys(part for part in parts if part))


def describe_error(event: Event) -> str:
    """Return the message of an ``error`` event."""
    code = words_of(event.get("reason"), words_of(event.get("code"), "no reason given"))
    return words_of(event.get("message"), f"The answer could not be finished ({code}).")


def describe_task(task: JSON) -> str:
    """Return one line that says what a workflow's task does."""
    title = task.get("title") or task.get("title_query") or ", ".join(task.get("queries", ()))
    return title or task.get("content") or ""


def describe_item(item: JSON) -> str:
    """Return in plain text what a terminal can't draw."""
    match item["type"]:
        case "widget":
            return item.get("copy_text") or "\n".join(_widget_texts(item["widget"]))
        case "client_tool_call":
            return f"The page is asked to run {item['name']}; a terminal can't."
        case "generated_image":
            return f"Image: {(item.get('image') or {}).get('url', 'not made')}"
        case "structured_input":
            return "\n".join(f"? {part['question']}" for part in item["inputs"])
        case "task":
            return describe_task(item["task"])
    return f"({item['type']})"


def user_text(item: JSON) -> str:
    """Return the text of a user's message."""
    return "".join(part["text"] for part in item["content"])


def _widget_texts(widget: JSON) -> Iterator[str]:
    for component in components(widget):
        for name in ("title", "value", "label"):
            if isinstance(component.get(name), str):
                yield component[name]
