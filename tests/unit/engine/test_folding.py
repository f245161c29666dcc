"""Items under way: each takes its updates, and nothing else."""

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatkeep.encoding import MAX_DEPTH
from chatkeep.engine.folding import OpenItem, OpenMessage, open_item
from chatkeep.protocol.widgets import components
from chatkeep.stores.base import ItemRecord
from support.json_values import nested

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def opened(item_type: str, **fields: Any) -> OpenItem:
    value = {"id": "x", "thread_id": "t", "created_at": NOON.isoformat(), "type": item_type}
    return open_item(ItemRecord("x", item_type, NOON, json.dumps(value | fields).encode()))


def value_of(item: OpenItem) -> Any:
    record = item.record(finished=True)
    assert (record.id, record.created_at, record.type) == ("x", NOON, item.type)
    return json.loads(record.data)


def part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": []}


def message_update(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"assistant_message.content_part.{kind}", "content_index": 0} | fields


def test_a_message_takes_text_parts_and_annotations() -> None:
    item = opened("assistant_message", content=[part("a")])
    item.update(message_update("text_delta", delta="b"))
    item.update(message_update("text_delta", delta="c", content_index=2))
    note = {"type": "annotation", "source": {"type": "url"}, "index": 1}
    item.update(message_update("annotation_added", annotation=note, annotation_index=0))
    assert [p["text"] for p in value_of(item)["content"]] == ["ab", "", "c"]
    assert value_of(item)["content"][0]["annotations"] == [note]

    item.update(message_update("done", content=part("whole")))
    item.update(message_update("text_delta", delta="!"))
    assert value_of(item)["content"][0] == part("whole!")


@pytest.mark.parametrize("texts", [[], [""], [" \n", "\t"]])
def test_a_message_without_words_is_empty(texts: list[str]) -> None:
    item = opened("assistant_message", content=[part(text) for text in texts])
    assert item.empty
    item.update(message_update("text_delta", delta="x"))
    assert not item.empty


def card(*children: dict[str, Any]) -> OpenItem:
    return opened("widget", widget={"type": "Card", "children": list(children)})


def test_text_streams_into_the_component_that_is_named() -> None:
    nested = {"type": "Row", "children": [{"type": "Text", "id": "b", "value": "B"}]}
    item = card({"type": "Text", "id": "a", "value": "A", "streaming": True}, nested)
    for component, delta, last in (("a", "1", False), ("b", "2", False), ("a", "3", True)):
        item.update(
            {
                "type": "widget.streaming_text.value_delta",
                "component_id": component,
                "delta": delta,
                "done": last,
            }
        )
    children = value_of(item)["widget"]["children"]
    assert children[0] == {"type": "Text", "id": "a", "value": "A13", "streaming": False}
    assert children[1]["children"][0]["value"] == "B2"
    assert "streaming" not in children[1]["children"][0]


def test_a_component_and_the_whole_widget_can_be_replaced() -> None:
    item = card({"type": "Text", "id": "a", "value": "A", "size": "xl"})
    new = {"type": "Badge", "id": "a", "label": "New"}
    item.update({"type": "widget.component.updated", "component_id": "a", "component": new})
    assert value_of(item)["widget"]["children"] == [new]
    root = {"type": "Card", "id": "root", "children": {"type": "Text", "id": "one", "value": ""}}
    item.update({"type": "widget.root.updated", "widget": root})
    stream = {"type": "widget.streaming_text.value_delta", "delta": "x", "done": False}
    item.update(stream | {"component_id": "one"})
    item.update(stream | {"component_id": "unknown"})
    assert value_of(item)["widget"]["children"]["value"] == "x"
    with pytest.raises(ValueError, match="no component"):
        item.update({"type": "widget.component.updated", "component_id": "a", "component": new})


def test_a_workflow_takes_tasks() -> None:
    item = opened("workflow", workflow={"type": "custom", "tasks": []})
    for index, title in ((0, "a"), (0, "b"), (9, "c")):
        item.update({"type": "workflow.task.added", "task_index": index, "task": {"title": title}})
    item.update({"type": "workflow.task.updated", "task_index": 1, "task": {"title": "A"}})
    assert [task["title"] for task in value_of(item)["workflow"]["tasks"]] == ["b", "A", "c"]
    for index in (3, -1):
        with pytest.raises(ValueError, match=r"no task|negative"):
            item.update({"type": "workflow.task.updated", "task_index": index, "task": {}})


def test_an_image_is_empty_until_it_is_there() -> None:
    item = opened("generated_image")
    assert item.empty
    item.update({"type": "generated_image.updated", "image": {"id": "i"}, "progress": 0.5})
    assert value_of(item)["image"] == {"id": "i"}
    assert "progress" not in value_of(item)
    assert not item.empty


@pytest.mark.parametrize(
    ("item", "update"),
    [
        (opened("assistant_message", content=[]), {"type": "workflow.task.added"}),
        (card(), message_update("text_delta", delta="x")),
        (opened("workflow", workflow={"tasks": []}), {"type": "widget.root.updated"}),
        (opened("generated_image"), {"type": "widget.root.updated"}),
        (opened("task", task={}), {"type": "workflow.task.added"}),
    ],
)
def test_an_update_for_another_kind_of_item_is_refused(item: OpenItem, update: Any) -> None:
    with pytest.raises(ValueError, match="takes no"):
        item.update(update)


# Updates that can't be folded


def text_delta(component_id: str, delta: Any = "x", done: Any = False) -> dict[str, Any]:
    return {
        "type": "widget.streaming_text.value_delta",
        "component_id": component_id,
        "delta": delta,
        "done": done,
    }


def replaced(component_id: str, component: Any) -> dict[str, Any]:
    return {
        "type": "widget.component.updated",
        "component_id": component_id,
        "component": component,
    }


def root(widget: Any) -> dict[str, Any]:
    return {"type": "widget.root.updated", "widget": widget}


def task(kind: str, index: Any, value: Any) -> dict[str, Any]:
    return {"type": f"workflow.task.{kind}", "task_index": index, "task": value}


NUMBER = {"type": "Chart", "id": "n", "value": 3}
WIDGET: dict[str, Any] = {"widget": {"type": "Card", "children": [NUMBER]}}
DEEP = {"deep": nested(MAX_DEPTH - 1)}

WRONG_CONTENT: list[tuple[str, dict[str, Any]]] = [
    ("text_delta", {"delta": 3}),
    ("text_delta", {}),
    ("text_delta", {"delta": "x", "content_index": -1}),
    ("text_delta", {"delta": "x", "content_index": "0"}),
    ("text_delta", {"delta": "x", "content_index": 10**9}),
    ("added", {"content": part("b"), "content_index": -1}),
    ("added", {"content": "b"}),
    ("done", {"content": {"text": 3}}),
    ("done", {"content": {"text": "b", "annotations": {"a": 1}}}),
    ("done", {"content": {"annotations": [DEEP]}}),
    ("annotation_added", {"annotation": {}, "annotation_index": -1}),
    ("annotation_added", {"annotation": "x", "annotation_index": 0}),
    ("annotation_added", {"annotation": DEEP, "annotation_index": 0}),
    ("unknown", {}),
]

REFUSED: list[tuple[str, dict[str, Any], Any]] = [
    ("widget", WIDGET, text_delta("n")),
    ("widget", WIDGET, text_delta("n", delta=None)),
    ("widget", WIDGET, text_delta("n", done="yes")),
    ("widget", WIDGET, {"type": "widget.streaming_text.value_delta"}),
    ("widget", WIDGET, replaced("n", ["no", "component"])),
    ("widget", WIDGET, replaced("n", DEEP)),
    ("widget", WIDGET, replaced("unknown", {})),
    ("widget", WIDGET, root("Card")),
    ("widget", WIDGET, root(DEEP)),
    ("workflow", {"workflow": {"tasks": []}}, task("added", -1, {})),
    ("workflow", {"workflow": {"tasks": []}}, task("added", None, {})),
    ("workflow", {"workflow": {"tasks": []}}, task("added", 0, "task")),
    ("workflow", {"workflow": {"tasks": []}}, task("added", 0, DEEP)),
    ("workflow", {"workflow": {"tasks": [{}]}}, task("updated", -1, {})),
    ("workflow", {"workflow": {"tasks": [{}]}}, task("updated", 1, {})),
    ("generated_image", {}, {"type": "generated_image.updated", "image": "i"}),
    ("generated_image", {}, {"type": "generated_image.updated", "image": DEEP}),
    ("generated_image", {}, {}),
    ("assistant_message", {"content": [part("a")]}, {"type": 3}),
    *(
        ("assistant_message", {"content": [part("a")]}, message_update(kind, **fields))
        for kind, fields in WRONG_CONTENT
    ),
]


@pytest.mark.parametrize(("item_type", "fields", "update"), REFUSED)
def test_what_can_not_be_folded_is_refused_and_changes_nothing(
    item_type: str, fields: Any, update: Any
) -> None:
    item = opened(item_type, **fields)
    before = value_of(item)
    with pytest.raises(ValueError):
        item.update(update)
    assert value_of(item) == before


def test_a_component_that_was_replaced_by_a_deeper_one_still_streams() -> None:
    item = card({"type": "Row", "id": "row", "children": [{"type": "Text", "id": "a"}]})
    item.update(text_delta("a", "old"))
    item.update(replaced("row", {"type": "Col", "id": "row", "children": {"id": "a", "value": ""}}))
    item.update(text_delta("a", "new", done=True))
    (row,) = value_of(item)["widget"]["children"]
    assert row["children"] == {"id": "a", "value": "new", "streaming": False}


def test_text_for_what_is_not_there_never_comes_up_later() -> None:
    """No client shows it, so a page that is loaded again must not either."""
    item = card({"type": "Text", "id": "a", "value": "A"})
    item.update(text_delta("b", "lost"))
    item.update(replaced("a", {"type": "Text", "id": "b", "value": "B"}))
    assert value_of(item)["widget"]["children"] == [{"type": "Text", "id": "b", "value": "B"}]


# Any updates at all

IDS = st.sampled_from(["a", "b", "c"])
SMALL = st.integers(-1, 3)
LOOSE: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.integers(), st.text(max_size=2), st.just({}), st.just([])
)
COMPONENTS = st.recursive(
    st.fixed_dictionaries({"type": st.just("Text")}, optional={"id": IDS, "value": LOOSE}),
    lambda inner: st.fixed_dictionaries(
        {"type": st.just("Row")},
        optional={"id": IDS, "children": st.one_of(inner, st.lists(inner, max_size=3), LOOSE)},
    ),
    max_leaves=5,
)
CONTENT = st.fixed_dictionaries({"type": st.just("output_text"), "text": st.text(max_size=3)})


def kind(type_: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Updates of a kind, mostly as they should be."""
    odd = {name: st.one_of(field, field, field, LOOSE) for name, field in fields.items()}
    return st.fixed_dictionaries({"type": st.just(type_)} | odd)


UPDATES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "assistant_message": st.one_of(
        kind(
            "assistant_message.content_part.text_delta",
            content_index=SMALL,
            delta=st.text(max_size=3),
        ),
        kind("assistant_message.content_part.added", content_index=SMALL, content=CONTENT),
        kind("assistant_message.content_part.done", content_index=SMALL, content=CONTENT),
        kind(
            "assistant_message.content_part.annotation_added",
            content_index=SMALL,
            annotation_index=SMALL,
            annotation=st.fixed_dictionaries({"index": SMALL}),
        ),
    ),
    "widget": st.one_of(
        kind(
            "widget.streaming_text.value_delta",
            component_id=IDS,
            delta=st.text(max_size=3),
            done=st.booleans(),
        ),
        kind("widget.component.updated", component_id=IDS, component=COMPONENTS),
        kind("widget.root.updated", widget=COMPONENTS),
    ),
    "workflow": st.one_of(
        kind("workflow.task.added", task_index=SMALL, task=CONTENT),
        kind("workflow.task.updated", task_index=SMALL, task=CONTENT),
    ),
    "generated_image": kind("generated_image.updated", image=CONTENT),
}


class PlainFold:
    """The item as plain data, changed at once: slow, and plain to see."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def update(self, update: Any) -> None:
        kind = update["type"].rpartition(".")[2]
        if update["type"].startswith("assistant_message"):
            self._message(kind, update)
        elif update["type"].startswith("widget"):
            self._widget(kind, update)
        elif kind == "added":
            self.value["workflow"]["tasks"].insert(update["task_index"], update["task"])
        elif update["type"].startswith("workflow"):
            self.value["workflow"]["tasks"][update["task_index"]] = update["task"]
        else:
            self.value["image"] = update["image"]

    def _message(self, kind: str, update: Any) -> None:
        content = self.value["content"]
        while len(content) <= update["content_index"]:
            content.append(part(""))
        found = content[update["content_index"]]
        if kind == "text_delta":
            found["text"] += update["delta"]
        elif kind == "annotation_added":
            found["annotations"].insert(update["annotation_index"], update["annotation"])
        else:
            found.clear()
            found.update(part("") | update["content"])

    def _widget(self, kind: str, update: Any) -> None:
        if update["type"] == "widget.root.updated":
            self.value["widget"] = update["widget"]
            return
        (found, *_) = [
            component
            for component in components(self.value["widget"])
            if component.get("id") == update["component_id"]
        ] or [{}]
        if kind == "updated":
            found.clear()
            found.update(update["component"])
        elif found:
            found["value"] = (found.get("value") or "") + update["delta"]
            if update["done"]:
                found["streaming"] = False


BEGINNINGS: dict[str, dict[str, Any]] = {
    "assistant_message": {"content": []},
    "widget": {"widget": {"type": "Card", "children": [{"id": "a", "value": "A"}, {"id": "b"}]}},
    "workflow": {"workflow": {"type": "custom", "tasks": []}},
    "generated_image": {},
}


@pytest.mark.parametrize("item_type", BEGINNINGS)
@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_any_updates_fold_as_plain_data_does(item_type: str, data: st.DataObject) -> None:
    item = opened(item_type, **BEGINNINGS[item_type])
    plain = PlainFold(value_of(item))
    for update in data.draw(st.lists(UPDATES[item_type], max_size=12)):
        try:
            item.update(copy.deepcopy(update))
        except ValueError:
            assert value_of(item) == plain.value, "what was refused has changed something"
        else:
            plain.update(copy.deepcopy(update))
        if data.draw(st.booleans()):
            assert value_of(item) == plain.value
    assert value_of(item) == plain.value


# What it costs


class Counted(str):
    """A piece of text that counts what is copied to put something before or behind it."""

    __slots__ = ()
    copied = 0
    measured = 0

    def __radd__(self, before: str) -> str:
        Counted.copied += len(before)
        return str(before) + str(self)

    def __add__(self, behind: str) -> str:
        Counted.copied += len(self)
        return str(self) + str(behind)

    def __len__(self) -> int:
        Counted.measured += 1
        return super().__len__()


@pytest.fixture
def counted() -> type[Counted]:
    Counted.copied = Counted.measured = 0
    return Counted


PIECES = 2000


def test_the_text_of_a_message_is_joined_when_it_is_wanted(counted: type[Counted]) -> None:
    """Not for each piece: then a long answer would cost with the square of its length."""
    item = opened("assistant_message", content=[])
    assert isinstance(item, OpenMessage)
    for _ in range(PIECES):
        item.update(message_update("text_delta", delta=counted("word ")))
        assert item.part(0).length > 0
    assert counted.copied == 0
    assert counted.measured <= 2 * PIECES, "each piece is measured as it comes, not again"
    assert value_of(item)["content"][0]["text"] == "word " * PIECES


def test_the_text_of_a_component_is_joined_when_it_is_wanted(counted: type[Counted]) -> None:
    item = card({"type": "Text", "id": "a", "value": "First "})
    for _ in range(PIECES):
        item.update(text_delta("a", counted("word ")))
    assert counted.copied == 0
    assert value_of(item)["widget"]["children"][0]["value"] == "First " + "word " * PIECES
