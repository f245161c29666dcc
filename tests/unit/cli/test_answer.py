"""What a view is told of an answer, in which order, and what is kept of it."""

from collections.abc import Iterable
from typing import Any

import pytest

from chatkeep.cli.answer import Answer, describe_error, describe_item, describe_source
from chatkeep.client import ClientFailure

Event = dict[str, Any]


class Recording:
    """A view that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def text(self, text: str) -> None:
        self.told.append(("text", text))

    def end(self) -> None:
        self.told.append(("end", ""))

    def note(self, text: str) -> None:
        self.told.append(("note", text))

    def task(self, text: str) -> None:
        self.told.append(("task", text))

    def status(self, text: str) -> None:
        self.told.append(("status", text))

    def said(self) -> str:
        return "".join(text for kind, text in self.told if kind == "text")


def folded(events: Iterable[Event]) -> tuple[Answer, Recording]:
    view = Recording()
    answer = Answer(view)
    for event in events:
        answer.feed(event)
    return answer, view


def message(*parts: tuple[str, list[Event]], item_id: str = "msg_1") -> Event:
    content = [
        {"type": "output_text", "text": text, "annotations": annotations}
        for text, annotations in parts
    ]
    return {"type": "assistant_message", "id": item_id, "content": content}


def update(kind: str, **fields: Any) -> Event:
    change = {"type": kind, "content_index": 0, **fields}
    return {"type": "thread.item.updated", "item_id": "msg_1", "update": change}


def delta(text: str) -> Event:
    return update("assistant_message.content_part.text_delta", delta=text)


def citation(title: str, index: int | None = None) -> Event:
    source = {"type": "file", "title": title, "filename": f"{title}.md"}
    return {"type": "annotation", "source": source} | ({} if index is None else {"index": index})


def cited(title: str, index: int | None = None, number: int = 0) -> Event:
    return update(
        "assistant_message.content_part.annotation_added",
        annotation_index=number,
        annotation=citation(title, index),
    )


def added(item: Event) -> Event:
    return {"type": "thread.item.added", "item": item}


def done(item: Event) -> Event:
    return {"type": "thread.item.done", "item": item}


def test_a_streamed_answer_is_said_once_with_marks_where_it_is_cited() -> None:
    final = message(("Rent is due. Pay it.", [citation("a", 12), citation("b", 20)]))
    events = [
        {"type": "thread.created", "thread": {"id": "thr_1", "title": "Rent"}},
        done({"type": "user_message", "id": "msg_0", "content": []}),
        added(message()),
        delta("Rent "),
        delta("is due."),
        cited("a", 12),
        delta(" Pay it."),
        cited("b", 20, 1),
        done(final),
    ]
    answer, view = folded(events)
    assert view.said() == "Rent is due. [1] Pay it. [2]"
    assert (answer.thread_id, answer.title, answer.user_item_id) == ("thr_1", "Rent", "msg_0")
    assert answer.assistant_item_ids == ["msg_1"]
    assert answer.items["msg_1"] is final
    assert answer.sources.lines() == ["[1] a · a.md", "[2] b · b.md"]


def test_an_answer_that_comes_whole_is_said_with_its_marks_in_place() -> None:
    text = ("One. Two. Three.", [citation("b", 9), citation("a", 4), citation("a")])
    answer, view = folded([done(message(text))])
    assert view.said() == "One. [1] Two. [2] Three. [1]"
    assert answer.sources.lines() == ["[1] a · a.md", "[2] b · b.md"]


def test_what_only_the_end_brings_is_still_said() -> None:
    final = message(("Hello, world", [citation("a")]), ("And more", []))
    _, view = folded([added(message()), delta("Hello"), done(final)])
    assert view.said() == "Hello, world [1]And more"
    ends = [place for place, (kind, _) in enumerate(view.told) if kind == "end"]
    assert view.told.index(("text", "And more")) - 1 in ends


def test_a_workflow_shows_what_it_does_and_then_what_it_did() -> None:
    searching = {"type": "web_search", "title": "Searching", "status_indicator": "loading"}
    found = searching | {"title": "Found 3 passages", "status_indicator": "complete"}
    workflow = {"type": "custom", "tasks": [searching]}
    item = {"type": "workflow", "id": "wf_1", "workflow": workflow}
    change = {"type": "workflow.task.updated", "task_index": 0, "task": found}
    _, view = folded(
        [
            added(item),
            {"type": "thread.item.updated", "item_id": "wf_1", "update": change},
            done(item | {"workflow": workflow | {"tasks": [found]}}),
        ]
    )
    assert view.told == [("status", "Searching"), ("task", "Found 3 passages")]


def test_progress_notices_and_errors() -> None:
    events: list[Event] = [
        {"type": "progress_update", "text": "Thinking"},
        {"type": "notice", "level": "info", "title": "Note", "message": "Half is used."},
        {"type": "error", "code": "custom", "message": "No.", "allow_retry": True},
    ]
    answer, view = folded(events)
    assert view.told == [("status", "Thinking"), ("note", "Note: Half is used.")]
    assert answer.error == events[2]


def test_a_removed_item_is_not_kept() -> None:
    answer, _ = folded([done(message()), {"type": "thread.item.removed", "item_id": "msg_1"}])
    assert answer.items == {}


def test_events_of_the_future_are_passed_over() -> None:
    answer, view = folded([{"type": "client_effect", "name": "x"}, {"type": "unheard_of"}])
    assert (view.told, answer.error) == ([], None)


@pytest.mark.parametrize(
    "event", [{}, {"type": "thread.item.done"}, {"type": "thread.item.done", "item": {"id": 1}}]
)
def test_events_that_make_no_sense_are_a_failure(event: Event) -> None:
    with pytest.raises(ClientFailure, match="makes no sense"):
        folded([event])


def test_what_a_terminal_cant_draw_is_told_in_words() -> None:
    card = {"type": "Card", "children": [{"type": "Row", "children": {"value": "5 kg"}}]}
    assert describe_item({"type": "widget", "widget": card}) == "5 kg"
    assert describe_item({"type": "widget", "widget": card, "copy_text": "Bread"}) == "Bread"
    assert "pick_date" in describe_item({"type": "client_tool_call", "name": "pick_date"})
    questions = [{"question": "When?"}, {"question": "Where?"}]
    assert describe_item({"type": "structured_input", "inputs": questions}) == "? When?\n? Where?"


def test_a_source_is_told_by_title_place_and_description() -> None:
    url = {"type": "url", "title": "Rent", "url": "https://a.test/"}
    assert describe_source(url) == "Rent · https://a.test/"
    file = {"type": "file", "title": "Costs", "filename": "a.md", "description": "a.md, line 3"}
    assert describe_source(file) == "Costs · a.md, line 3"
    assert describe_source(file | {"group": "Rent"}) == "Rent · Costs · a.md, line 3"
    entity = {"type": "entity", "id": "1", "title": "Ada"}
    assert describe_source(entity) == "Ada"


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"message": "Busy."}, "Busy."),
        (
            {"message": "", "reason": "turn.failed"},
            "The answer could not be finished (turn.failed).",
        ),
        ({"message": " ", "code": "custom"}, "The answer could not be finished (custom)."),
        (
            {"message": {"a": 1}, "code": None},
            "The answer could not be finished (no reason given).",
        ),
        ({}, "The answer could not be finished (no reason given)."),
    ],
)
def test_an_error_is_never_without_words(event: Event, words: str) -> None:
    assert describe_error(event) == words


def test_a_widget_that_nests_without_end_is_no_answer() -> None:
    widget: Any = {"type": "Text", "value": "x"}
    for _ in range(5000):
        widget = {"type": "Row", "children": [widget]}
    item = {"type": "widget", "id": "w", "widget": widget}
    with pytest.raises(ClientFailure, match="makes no sense"):
        folded([{"type": "thread.item.done", "item": item}])


# Events that come again


def whole_answer() -> list[Event]:
    source = {"type": "url", "title": "A", "url": "https://a.test"}
    note = {"type": "annotation", "source": source, "index": 3}
    part = {"type": "output_text", "text": "", "annotations": []}
    workflow = {"type": "workflow", "id": "wf", "workflow": {"tasks": [{"title": "Think"}]}}
    widget = {"type": "widget", "id": "w", "copy_text": "A card", "widget": {}}
    return [
        {"type": "thread.item.added", "item": workflow},
        {"type": "thread.item.done", "item": workflow},
        {"type": "thread.item.added", "item": message()},
        update("assistant_message.content_part.added", content=part),
        delta("One"),
        update(
            "assistant_message.content_part.annotation_added", annotation=note, annotation_index=0
        ),
        delta(" two"),
        delta(" three."),
        {"type": "thread.item.done", "item": message(("One two three.", [note]))},
        {"type": "thread.item.done", "item": widget},
    ]


@pytest.mark.parametrize("cut", range(1, 11))
def test_an_answer_that_comes_again_from_its_beginning_is_shown_once(cut: int) -> None:
    _, once = folded(whole_answer())
    answer, twice = folded([*whole_answer()[:cut], *whole_answer()])
    assert once.said() == "One [1] two three."
    assert [told for told in twice.told if told[0] != "status"] == [
        told for told in once.told if told[0] != "status"
    ]
    assert answer.sources.lines() == ["[1] A · https://a.test"]


@pytest.mark.parametrize("cut", range(1, 11))
def test_an_answer_whose_rest_comes_as_whole_items_is_shown_once(cut: int) -> None:
    items = [event for event in whole_answer() if event["type"] == "thread.item.done"]
    answer, view = folded([*whole_answer()[:cut], *items])
    assert view.said() == "One [1] two three."
    assert [told for told in view.told if told[0] == "note"] == [("note", "A card")]
    assert list(answer.items) == ["wf", "msg_1", "w"]


def test_what_was_shown_as_history_is_gone_on_from() -> None:
    view = Recording()
    answer = Answer(view)
    answer.show(message(("One two", [])))
    for event in whole_answer():
        answer.feed(event)
    assert "".join(view.said().split(" [1]")) == "One two three."
