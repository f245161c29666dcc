"""What a responder's own tasks show: at once, and while the turn ends."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from chatkit.types import (
    CustomTask,
    ThreadItemAddedEvent,
    ThreadItemRemovedEvent,
    ThreadItemUpdatedEvent,
    WidgetRootUpdated,
    WorkflowTaskAdded,
)

from chatkeep import Chatkeep, Turn
from chatkeep.errors import InvalidOutput
from chatkeep.testing.client import connected
from chatkeep.testing.responder import Pause, ScriptedResponder
from support.events import collected, of_type, thread_id_of
from support.items import widget, widget_root, widget_texts, workflow
from support.stores import ObservedStore


def _added(turn: Turn) -> Any:
    return ThreadItemAddedEvent(item=workflow(turn, "late"))


def _updated(_: Turn) -> Any:
    return ThreadItemUpdatedEvent(
        item_id="wgt_1", update=WidgetRootUpdated(widget=widget_root("late"))
    )


def _removed(_: Turn) -> Any:
    return ThreadItemRemovedEvent(item_id="wgt_1")


def _ended(turn: Turn) -> Any:
    return workflow(turn, "late")


@pytest.mark.parametrize("late", [_added, _updated, _removed, _ended])
async def test_what_comes_while_the_turn_ends_is_neither_shown_nor_kept(
    memory: ObservedStore, late: Callable[[Turn], Any]
) -> None:
    """It was under way: the text before it was being saved, or the item being looked up."""
    gate, tasks = asyncio.Event(), []
    slow = "get_item" if late is _updated else "save_items"

    async def emit(turn: Turn) -> None:
        memory.gates[slow] = gate
        tasks.append(asyncio.create_task(turn.emit(late(turn))))
        await memory.waiting[slow].wait()

    def show(turn: Turn) -> Any:
        return widget(turn, "old").model_copy(update={"id": "wgt_1"})

    responder = ScriptedResponder([show], ["Once ", emit, Pause()], "Fine.")
    chat = Chatkeep(store=memory.store, responder=responder)
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        stream = client.send("Go", thread_id)
        events = [await anext(stream)]
        await memory.waiting[slow].wait()
        stopping = asyncio.create_task(client.stop(thread_id))
        while not next(iter(chat._worker.running.values())).ending:  # noqa: ASYNC110
            await asyncio.sleep(0)
        gate.set()
        await stopping
        events += await collected(stream)
        with pytest.raises(InvalidOutput):
            await tasks[0]
        assert "late" not in str(events)
        assert of_type(events, "thread.item.removed") == []
        items = (await client.items(thread_id, order="asc"))["data"]
        assert [item["type"] for item in items] == [
            *("user_message", "widget", "user_message", "assistant_message")
        ]
        assert widget_texts(items[1]) == ["old"]


async def test_two_updates_at_once_of_an_item_of_an_earlier_turn_are_both_kept(
    observed: ObservedStore,
) -> None:
    """Both look the item up, and neither may take the other's away."""

    def flow(turn: Turn) -> Any:
        return workflow(turn, "Search").model_copy(update={"id": "wf_1"})

    async def both(turn: Turn) -> None:
        updates = [WorkflowTaskAdded(task_index=1, task=CustomTask(title=t)) for t in ("a", "b")]
        events = [ThreadItemUpdatedEvent(item_id="wf_1", update=update) for update in updates]
        await asyncio.gather(*map(turn.emit, events))

    chat = Chatkeep(store=observed.store, responder=ScriptedResponder([flow], [both, "Done."]))
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        await collected(client.send("Go", thread_id))
        items = (await client.items(thread_id, order="asc"))["data"]
        (found,) = [item for item in items if item["type"] == "workflow"]
        titles = [task["title"] for task in found["workflow"]["tasks"]]
        assert titles[0] == "Search"
        assert sorted(titles[1:]) == ["a", "b"]
