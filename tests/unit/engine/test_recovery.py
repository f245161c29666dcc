"""Any journal of a dead worker's turn becomes items, and its thread is free."""

import json
from datetime import UTC, datetime
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from chatkeep import Context, ids
from chatkeep.engine.recovery import recover
from chatkeep.protocol.wire import parse_item
from chatkeep.stores.base import Checkpoint, ItemRecord, PageQuery, ThreadRecord, TurnRecord
from chatkeep.stores.memory import MemoryStore

ME = Context().owner
NOW = "2026-03-01T12:00:00Z"


def item(item_id: str, item_type: str, **fields: Any) -> dict[str, Any]:
    return {"id": item_id, "thread_id": "t", "created_at": NOW, "type": item_type, **fields}


def message(item_id: str, text: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    return item(item_id, "assistant_message", content=[part])


def card(value: Any) -> dict[str, Any]:
    text = {"type": "Text", "id": "text", "value": value}
    return item("wgt_1", "widget", widget={"type": "Card", "children": [text]})


def delta(item_id: str, text: str) -> dict[str, Any]:
    kind = "assistant_message.content_part.text_delta"
    return updated(item_id, {"type": kind, "content_index": 0, "delta": text})


def updated(item_id: str, update: Any) -> dict[str, Any]:
    return {"type": "thread.item.updated", "item_id": item_id, "update": update}


def frame(event: Any) -> bytes:
    return b"data: " + json.dumps(event).encode() + b"\n\n"


async def a_dead_turn(store: MemoryStore) -> TurnRecord:
    now = datetime.now(UTC)
    thread = ThreadRecord(ids.thread_id(), now)
    turn = TurnRecord(ids.turn_id(), ME, thread.id, "threads.create", "dead", now)
    await store.begin_turn(turn, lease_seconds=-1, thread=thread)
    found = await store.active_turn(ME, thread.id)
    assert found is not None
    return found


async def recovered(pieces: list[Checkpoint], *before: dict[str, Any]) -> list[dict[str, Any]]:
    """The items of a thread after the recovery of a turn with these pieces."""
    store = MemoryStore()
    await store.open()
    turn = await a_dead_turn(store)
    earlier = [
        ItemRecord(i["id"], i["type"], datetime.now(UTC), json.dumps(i).encode()) for i in before
    ]
    await store.save_items(ME, turn.thread_id, earlier)
    pieces = [
        Checkpoint(turn.id, piece.number, piece.first, piece.frames, piece.data) for piece in pieces
    ]
    await store.checkpoint("dead", pieces)
    assert await recover(store, turn)
    assert await store.active_turn(ME, turn.thread_id) is None
    page = await store.list_items(ME, turn.thread_id, PageQuery(100, order="asc"), hidden=True)
    for record in page.data:
        parse_item(record.data)  # what can't be read again would lock the thread anew
    return [json.loads(record.data) for record in page.data]


def piece(number: int, *events: Any) -> Checkpoint:
    return Checkpoint("", number, number, len(events), b"".join(map(frame, events)))


JUNK = st.one_of(st.none(), st.integers(), st.text(max_size=3), st.lists(st.none(), max_size=2))
IDS = st.one_of(st.sampled_from(["msg_1", "wgt_1", "wf_1", ""]), JUNK)
ITEMS = st.one_of(
    st.builds(message, st.sampled_from(["msg_1", "msg_2"]), st.text(max_size=5)),
    st.builds(card, st.one_of(st.text(max_size=3), JUNK)),
    st.builds(
        item,
        IDS,
        st.one_of(st.sampled_from(["workflow", "widget", "user_message"]), JUNK),
        created_at=st.one_of(st.just(NOW), st.just(NOW), JUNK),
        content=JUNK,
        widget=JUNK,
        workflow=JUNK,
    ),
    JUNK,
)
UPDATES = st.one_of(
    JUNK,
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(
                [
                    "assistant_message.content_part.text_delta",
                    "assistant_message.content_part.added",
                    "assistant_message.content_part.annotation_added",
                    "widget.streaming_text.value_delta",
                    "widget.component.updated",
                    "widget.root.updated",
                    "workflow.task.added",
                ]
            ),
            "content_index": st.one_of(st.integers(-1, 3), JUNK),
            "annotation_index": st.one_of(st.integers(-1, 3), JUNK),
            "task_index": st.one_of(st.integers(-1, 3), JUNK),
            "delta": st.one_of(st.text(max_size=3), JUNK),
            "content": st.one_of(st.fixed_dictionaries({"text": JUNK, "annotations": JUNK}), JUNK),
            "annotation": st.one_of(st.just({}), JUNK),
            "component_id": st.one_of(st.just("text"), JUNK),
            "component": st.one_of(st.just({"type": "Text", "id": "text", "value": 7}), JUNK),
            "widget": st.one_of(st.just({"type": "Card"}), JUNK),
            "task": st.one_of(st.just({"type": "custom"}), JUNK),
            "done": st.one_of(st.booleans(), JUNK),
        }
    ),
)
EVENTS = st.one_of(
    st.builds(
        lambda kind, value: {"type": kind, "item": value},
        st.sampled_from(["base", "thread.item.added", "thread.item.done", "thread.item.replaced"]),
        ITEMS,
    ),
    st.builds(updated, IDS, UPDATES),
    st.builds(lambda item_id: {"type": "thread.item.removed", "item_id": item_id}, IDS),
    JUNK,
)
DATA = st.one_of(
    st.lists(EVENTS, max_size=6).map(lambda events: b"".join(map(frame, events))),
    st.binary(max_size=40),
    st.lists(EVENTS, max_size=4).map(lambda events: b"".join(map(frame, events))[:-20]),
)


@settings(max_examples=400)
@given(st.lists(st.tuples(st.integers(0, 5), DATA), max_size=4))
async def test_no_journal_locks_a_thread(pieces: list[tuple[int, bytes]]) -> None:
    await recovered([Checkpoint("", number, 0, 1, data) for number, data in pieces])


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 12), st.integers(1, 12)), max_size=6),
)
async def test_pieces_that_come_twice_or_overlap_say_everything_once(
    letters: list[str], extra: list[tuple[int, int]]
) -> None:
    """A piece whose answer got lost is sent again, with what came since."""
    events = [
        {"type": "thread.item.added", "item": message("msg_1", "")},
        *(delta("msg_1", letter) for letter in letters),
    ]
    pieces = [piece(number, event) for number, event in enumerate(events)]
    pieces += [piece(start, *events[start : start + size]) for start, size in extra]
    (found,) = await recovered([each for each in pieces if each.frames])
    assert found["content"][0]["text"] == "".join(letters)


@pytest.mark.parametrize("value", [7, None, ["x"], {"a": 1}])
async def test_a_card_whose_value_is_no_text_locks_no_thread(value: Any) -> None:
    streamed = {
        "type": "widget.streaming_text.value_delta",
        "component_id": "text",
        "delta": "x",
        "done": False,
    }
    events = [{"type": "thread.item.added", "item": card(value)}, updated("wgt_1", streamed)]
    said = [{"type": "thread.item.added", "item": message("msg_1", "So far")}]
    items = await recovered([piece(0, *events, *said)])
    assert items[-1]["content"][0]["text"] == "So far"


async def test_what_can_not_be_kept_takes_nothing_else_with_it() -> None:
    odd = item("odd", "no such type")
    kinds = [item(3, "widget"), item("x", 4), item(["x"], ["y"]), odd]  # type: ignore[arg-type]
    events = [{"type": "thread.item.added", "item": each} for each in kinds]
    said = {"type": "thread.item.added", "item": message("msg_1", "So far")}
    items = await recovered([piece(0, *events, said)])
    assert [each["id"] for each in items] == ["msg_1"]
