"""Items stand where they were first shown, though some end after others have."""

from collections.abc import AsyncGenerator

from chatkit.types import (
    CustomTask,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemUpdatedEvent,
    WorkflowTaskAdded,
)

from chatkeep import Chatkeep, Turn
from chatkeep.responders.base import Output
from chatkeep.testing.client import connected
from support.events import collected, thread_id_of
from support.items import assistant_message, widget, workflow


async def _types_after(chat: Chatkeep) -> list[str]:
    async with connected(chat) as client:
        events = await collected(client.send("Hello"))
        page = await client.items(thread_id_of(events), order="asc")
        return [item["type"] for item in page["data"]]


async def test_a_workflow_that_ends_after_the_text_stands_before_it(database: str) -> None:
    async def respond(turn: Turn) -> AsyncGenerator[Output]:
        steps = workflow(turn, "Look")
        yield ThreadItemAddedEvent(item=steps)
        yield "What I found."
        yield widget(turn, "A card")
        task = WorkflowTaskAdded(task_index=1, task=CustomTask(title="Tell"))
        yield ThreadItemUpdatedEvent(item_id=steps.id, update=task)
        yield ThreadItemDoneEvent(item=steps)

    chat = Chatkeep(database, responder=respond)
    order = ["user_message", "workflow", "assistant_message", "widget"]
    assert await _types_after(chat) == order


async def test_what_was_added_and_never_filled_leaves_no_trace(database: str) -> None:
    async def respond(turn: Turn) -> AsyncGenerator[Output]:
        yield ThreadItemAddedEvent(item=assistant_message(turn, ""))
        yield widget(turn, "A card")

    assert await _types_after(Chatkeep(database, responder=respond)) == ["user_message", "widget"]


async def test_what_was_still_open_at_the_end_stands_where_it_was_added(database: str) -> None:
    async def respond(turn: Turn) -> AsyncGenerator[Output]:
        yield ThreadItemAddedEvent(item=workflow(turn, "Look"))
        yield widget(turn, "A card")

    order = ["user_message", "workflow", "widget"]
    assert await _types_after(Chatkeep(database, responder=respond)) == order
