"""Items under way: each takes its updates, and nothing else."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chatkeep.engine.folding import OpenItem, open_item
from chatkeep.stores.base import ItemRecord

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
        with pytest.raises(ValueError, match="no task"):
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


def test_folding_is_linear() -> None:
    """A text of many pieces is joined when it is wanted, not for each piece."""
    item = opened("assistant_message", content=[])
    for number in range(50_000):
        item.update(message_update("text_delta", delta=str(number)))
    assert value_of(item)["content"][0]["text"] == "".join(map(str, range(50_000)))
