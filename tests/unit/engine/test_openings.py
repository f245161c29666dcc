"""What a turn begins with, made of a request and what is kept; nothing is written."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from chatkit.types import (
    ClientToolCallItem,
    StructuredInputItem,
    StructuredInputMultipleChoice,
    StructuredInputMultipleChoiceOption,
    StructuredInputSubmission,
)

from chatkeep import Context
from chatkeep.engine.openings import Opening, Openings, answer
from chatkeep.errors import Conflict, InvalidRequest, NotFound, ThreadClosed, ThreadLocked
from chatkeep.protocol.requests import parse_request
from chatkeep.protocol.wire import item_record
from chatkeep.settings import Settings
from chatkeep.stores.memory import MemoryStore
from chatkeep.testing.store_contract.records import a_thread
from support.clients import add, body, create
from support.stores import ObservedStore

OWNER = Context().owner
WRITES = {"begin_turn", "save_items", "save_thread", "update_thread", "save_attachment"}


async def a_store(status: str = "active", *calls: ClientToolCallItem) -> MemoryStore:
    """A store with the thread ``t``, and some calls of tools in it."""
    store = MemoryStore()
    await store.open()
    await store.save_thread(OWNER, a_thread("t", status={"type": status}))
    await store.save_items(OWNER, "t", [item_record(call) for call in calls])
    return store


def a_call(id_: str, status: Any = "pending") -> ClientToolCallItem:
    return ClientToolCallItem(
        id=id_,
        thread_id="t",
        created_at=datetime.now(UTC),
        status=status,
        call_id=f"call_{id_}",
        name="look",
        arguments={},
    )


async def opening(store: MemoryStore, content: bytes, **settings: Any) -> Opening:
    """The opening that a request has; nothing was written for it."""
    observed = ObservedStore(store)
    openings = Openings(observed.store, OWNER, Settings(**settings))
    made = await openings.open(parse_request(content))
    assert not WRITES & set(observed.calls)
    return made


def types_of(made: Opening) -> list[str]:
    return [msgspec.json.decode(event)["type"] for event in made.prelude]


async def test_a_first_message_begins_a_thread_named_after_it() -> None:
    made = await opening(await a_store(), create("Where is the station?"))
    assert made.is_new
    assert made.thread.title == "Where is the station?"
    assert types_of(made) == ["thread.created", "thread.item.done", "stream_options"]
    assert made.input is made.message
    assert [record.id for record in made.items] == [made.message.id if made.message else None]


async def test_a_message_stands_in_its_thread() -> None:
    made = await opening(await a_store(), add("t", "And now?"))
    assert not made.is_new
    assert made.thread.id == "t"
    assert types_of(made) == ["thread.item.done", "stream_options"]


@pytest.mark.parametrize(("status", "error"), [("locked", ThreadLocked), ("closed", ThreadClosed)])
async def test_nobody_writes_in_a_thread_that_is_locked_or_closed(
    status: str, error: type[Exception]
) -> None:
    store = await a_store(status)
    with pytest.raises(error):
        await opening(store, add("t", "hi"))
    with pytest.raises(error):
        await opening(store, body("threads.retry_after_item", thread_id="t", item_id="x"))


async def test_what_is_not_there_is_said_before_anything_begins() -> None:
    store = await a_store()
    with pytest.raises(NotFound):
        await opening(store, add("elsewhere", "hi"))
    with pytest.raises(NotFound):
        await opening(store, add("t", "hi", attachments=["atc_1"]))
    with pytest.raises(InvalidRequest):
        await opening(store, add("t", "hi", attachments=["a", "b"]), max_attachments=1)


async def test_only_a_user_s_message_is_answered_again() -> None:
    store = await a_store("active", a_call("tc_1"))
    with pytest.raises(InvalidRequest):
        await opening(store, body("threads.retry_after_item", thread_id="t", item_id="tc_1"))


async def test_of_several_calls_the_newest_gets_the_output_and_all_are_closed() -> None:
    store = await a_store("active", a_call("tc_1"), a_call("tc_2"))
    content = body("threads.add_client_tool_output", thread_id="t", result={"found": 3})
    made = await opening(store, content)
    closed = [msgspec.json.decode(record.data) for record in made.items]
    assert [(item["id"], item["status"], item.get("output")) for item in closed] == [
        ("tc_2", "completed", {"found": 3}),
        ("tc_1", "completed", None),
    ]


async def test_an_output_that_nobody_waits_for_is_refused_unless_it_came_before() -> None:
    store = await a_store("active", a_call("tc_1", "completed"))
    made = await opening(store, body("threads.add_client_tool_output", thread_id="t", result=1))
    assert isinstance(made.refusal, Conflict)
    assert made.input is not None
    assert made.items == ()


def test_one_answer_is_kept_where_one_was_asked_for() -> None:
    options = [StructuredInputMultipleChoiceOption(value=value) for value in ("a", "b")]
    asked = StructuredInputItem(
        id="si_1",
        thread_id="t",
        created_at=datetime.now(UTC),
        inputs=[
            StructuredInputMultipleChoice(id="one", question="?", options=options, multiple=False),
            StructuredInputMultipleChoice(id="more", question="?", options=options, multiple=True),
            StructuredInputMultipleChoice(id="none", question="?", options=options, multiple=True),
        ],
    )
    both = {"values": ["a", "b"]}
    submission = StructuredInputSubmission.model_validate(
        {"status": "answered", "answers": {"one": both, "more": both, "other": both}}
    )
    answered = answer(asked, submission)
    given = [question.answer for question in answered.inputs]
    assert [(each.values, each.skipped) for each in given if each] == [
        (["a"], False),
        (["a", "b"], False),
        ([], True),
    ]
    assert [question.answer for question in asked.inputs] == [None] * 3
