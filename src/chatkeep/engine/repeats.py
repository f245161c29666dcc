"""A request that comes twice.

A client whose connection broke sends its request again, and it is one request
all the same. A person who says the same thing twice means it twice. What tells
them apart: whether the first answer was delivered, which the store knows, and
whether the conversation has gone on since, which is looked up here.
"""

from dataclasses import replace

from ..protocol.sse import frame
from ..protocol.wire import event_json, public_item, thread_json
from ..stores.base import TurnRecord
from .openings import Opening, Openings


async def is_repeat(openings: Openings, opening: Opening, earlier: TurnRecord) -> bool:
    """Whether a request is the one that began an earlier turn, not a new one like it."""
    if opening.kind == "action" and earlier.status not in {"active", "finished"}:
        return False  # it has no message to be answered again
    if opening.kind in {"tool_output", "structured_input"} and opening.refusal is None:
        return False  # there is something new to answer
    message = await openings.last_message(earlier.thread_id)
    return (message and message.id) == earlier.input_item_id


async def open_again(openings: Openings, opening: Opening, earlier: TurnRecord) -> Opening:
    """Return the opening of a turn that gives a request its answer in place of an earlier one.

    The client is shown the same beginning, and the same message is answered.
    """
    if opening.kind == "action":
        return opening
    thread = await openings.store.get_thread(earlier.owner, earlier.thread_id)
    if opening.kind in {"tool_output", "structured_input"} and opening.input is not None:
        return replace(opening, thread=thread, refusal=None, items=[], again=True)
    message_id = earlier.input_item_id or ""
    again = await openings.retry(thread, message_id)
    again.request_type = opening.request_type
    if opening.kind == "message":
        record = await openings.store.get_item(earlier.owner, thread.id, message_id)
        again.greeting.append(event_json("thread.item.done", item=public_item(record)))
    if opening.is_new:
        again.greeting.insert(0, event_json("thread.created", thread=thread_json(thread)))
    return again


async def stored_answer(openings: Openings, again: Opening) -> list[bytes]:
    """Return the frames of a finished turn whose log is not here any more."""
    events = [*again.greeting, again.stream_options, *again.news]
    thread_id = again.thread.id
    for item_id in await openings.ids_after(thread_id, again.input.id) if again.input else ():
        record = await openings.store.get_item(openings.owner, thread_id, item_id)
        if not record.hidden:
            events.append(event_json("thread.item.done", item=public_item(record)))
    return [frame(event) for event in events]
