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
        return replace(opening, thread=thread, refusal=None, items=[], is_retry=True)
    message_id = earlier.input_item_id or ""
    again = await openings.retry(opening.request_type, thread, message_id)
    prelude = [opening.prelude[-1]]  # what the client may do with the stream
    if opening.kind == "message":
        record = await openings.store.get_item(earlier.owner, thread.id, message_id)
        prelude.insert(0, event_json("thread.item.done", item=public_item(record)))
    if opening.is_new:
        prelude.insert(0, event_json("thread.created", thread=thread_json(thread)))
    return replace(again, prelude=prelude)


async def stored_answer(openings: Openings, again: Opening) -> list[bytes]:
    """Return the frames of a finished turn whose log is not here any more."""
    events = [*again.prelude]
    if again.input is not None:
        records = await openings.items_after(again.thread.id, again.input.id)
        shown = [record for record in records if not record.hidden]
        events += [event_json("thread.item.done", item=public_item(record)) for record in shown]
    return [frame(event) for event in events]
