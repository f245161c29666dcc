"""After a crash: what was streamed is there, and the thread can be used."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from chatkit.types import (
    AssistantMessageContentPartTextDelta,
    CustomTask,
    GeneratedImageItem,
    HiddenContextItem,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemRemovedEvent,
    ThreadItemUpdatedEvent,
    WidgetRootUpdated,
    WidgetStreamingTextValueDelta,
    WorkflowTaskAdded,
)

from chatkeep import Chatkeep, Context, Settings, Turn, ids
from chatkeep.client import ChatClient
from chatkeep.errors import NotFound
from chatkeep.stores import open_store
from chatkeep.stores.base import Checkpoint, PageQuery, Store, ThreadRecord, TurnRecord
from chatkeep.testing.client import connected
from chatkeep.testing.responder import Pause, ScriptedResponder
from support.clients import client_of
from support.crashes import DoomedWorker, dead_holder
from support.events import collected, conversation, done, errors, streamed_text, thread_id_of
from support.items import assistant_message, widget, widget_root, widget_texts, workflow
from support.stores import ObservedStore

ME = Context().owner


async def items_of(client: ChatClient, thread_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await client.items(thread_id, order="asc"))["data"]
    return items


@pytest.mark.parametrize("restarted", [True, False], ids=["restart", "another worker"])
async def test_what_was_streamed_is_there_after_a_crash(database: str, restarted: bool) -> None:
    pause = Pause()
    responder = ScriptedResponder(["Once ", "upon \ud83d", pause], "Sorry.", "Once more.")
    inner = open_store(database)
    worker = DoomedWorker(inner, responder)
    heir = Chatkeep(store=ObservedStore(inner).store, responder=responder)
    if not restarted:
        await heir.open()
    async with worker.chat.lifespan(), client_of(worker.chat) as client:
        async with aclosing(client.send("Tell me")) as stream:
            events = await worker.read_until(stream, pause)
            worker.crashes()
        thread_id = thread_id_of(events)
        async with connected(heir) as other:
            if restarted:
                talk = conversation(await items_of(other, thread_id))
                assert talk == [("user", "Tell me"), ("assistant", "Once upon \ud83d")]
            more = await collected(other.send("Are you there?", thread_id))
            assert errors(more) == []
            items = await items_of(other, thread_id)
            assert conversation(items) == [
                ("user", "Tell me"),
                ("assistant", "Once upon \ud83d"),
                ("user", "Are you there?"),
                ("assistant", "Sorry."),
            ]
            page = await inner.list_items(ME, thread_id, PageQuery(order="asc"))
            assert [item.finished for item in page.data] == [True, False, True, True]

            question = done(events)[0]["id"]
            await collected(other.retry(thread_id, question))
            assert conversation(await items_of(other, thread_id)) == [
                ("user", "Tell me"),
                ("assistant", "Once more."),
            ]


async def test_items_of_every_kind_survive_as_they_stood(database: str) -> None:
    pause = Pause()
    cards: list[Any] = []

    def show(turn: Turn) -> Any:
        cards.append(widget(turn, "", "fixed"))
        return cards[0]

    def say(_: Turn) -> Any:
        update = WidgetStreamingTextValueDelta(component_id="text0", delta="Half", done=False)
        return ThreadItemUpdatedEvent(item_id=cards[0].id, update=update)

    def begin(turn: Turn) -> Any:
        flow = workflow(turn, "Search").model_copy(update={"id": "wf_1"})
        return ThreadItemAddedEvent(item=flow)

    def grow(_: Turn) -> Any:
        update = WorkflowTaskAdded(task_index=1, task=CustomTask(title="Read"))
        return ThreadItemUpdatedEvent(item_id="wf_1", update=update)

    def empty(turn: Turn) -> Any:
        image = GeneratedImageItem(id="img_1", thread_id=turn.thread.id, created_at=turn.now())
        return ThreadItemAddedEvent(item=image)

    def change(turn: Turn) -> Any:
        changed = widget(turn, "Old").model_copy(update={"id": "wgt_1"})
        return ThreadItemDoneEvent(item=changed)

    def and_change(_: Turn) -> Any:
        update = WidgetRootUpdated(widget=widget_root("New"))
        return ThreadItemUpdatedEvent(item_id="wgt_1", update=update)

    def withdraw(_: Turn) -> Any:
        return ThreadItemRemovedEvent(item_id="wf_2")

    def waver(turn: Turn) -> Any:
        flow = workflow(turn, "Never mind").model_copy(update={"id": "wf_2"})
        return ThreadItemAddedEvent(item=flow)

    script = [say, change, and_change, begin, grow, waver, withdraw, empty, "Text", pause]
    responder = ScriptedResponder([show], script)
    inner = open_store(database)
    worker = DoomedWorker(inner, responder)
    heir = Chatkeep(store=inner, responder=responder)
    async with worker.chat.lifespan(), client_of(worker.chat) as client:
        thread_id = thread_id_of(await collected(client.send("Show me")))
        async with aclosing(client.send("And now?", thread_id)) as stream:
            await worker.read_until(stream, pause)
            worker.crashes()
        async with connected(heir) as other:
            items = await items_of(other, thread_id)

    kinds = [item["type"] for item in items]
    assert kinds[:4] == ["user_message", "widget", "user_message", "widget"]
    assert kinds[4:] == ["workflow", "assistant_message"]
    assert widget_texts(items[1]) == ["Half", "fixed"]
    assert widget_texts(items[3]) == ["New"]
    assert [task["title"] for task in items[4]["workflow"]["tasks"]] == ["Search", "Read"]
    assert conversation(items)[-1] == ("assistant", "Text")


async def test_what_was_kept_whole_is_not_cut_to_the_last_checkpoint(database: str) -> None:
    pause, end = Pause(), Pause()

    def task(turn: Turn) -> Any:
        return workflow(turn, "x")

    responder = ScriptedResponder(["Once ", pause, "upon a time.", task, end])
    inner = open_store(database)
    worker = DoomedWorker(inner, responder)
    heir = Chatkeep(store=inner, responder=responder)
    async with worker.chat.lifespan(), client_of(worker.chat) as client:
        async with aclosing(client.send("Tell me")) as stream:
            events = await worker.read_until(stream, pause)
            worker.observed.broken = {"checkpoint"}
            pause.end()
            await end.reached.wait()
            worker.crashes()
        async with connected(heir) as other:
            items = await items_of(other, thread_id_of(events))
    assert conversation(items) == [("user", "Tell me"), ("assistant", "Once upon a time.")]
    assert [item["type"] for item in items][-1] == "workflow"


async def test_a_crash_during_a_retry_leaves_the_old_answer(database: str) -> None:
    pause = Pause()
    responder = ScriptedResponder("Old.", ["New", pause])
    inner = open_store(database)
    worker = DoomedWorker(inner, responder)
    heir = Chatkeep(store=inner, responder=responder)
    async with worker.chat.lifespan(), client_of(worker.chat) as client:
        events = await collected(client.send("Hi"))
        thread_id = thread_id_of(events)
        async with aclosing(client.retry(thread_id, done(events)[0]["id"])) as stream:
            await worker.read_until(stream, pause)
            worker.crashes()
        async with connected(heir) as other:
            talk = conversation(await items_of(other, thread_id))
    assert talk == [("user", "Hi"), ("assistant", "Old."), ("assistant", "New")]


@pytest.mark.parametrize("what", ["stop", "delete"])
async def test_a_thread_of_a_dead_worker_can_be_stopped_and_deleted(
    database: str, what: str
) -> None:
    pause = Pause()
    responder = ScriptedResponder(["Once ", pause])
    inner = open_store(database)
    worker = DoomedWorker(inner, responder)
    heir = Chatkeep(store=inner, responder=responder)
    await heir.open()
    async with worker.chat.lifespan(), client_of(worker.chat) as client:
        async with aclosing(client.send("Tell me")) as stream:
            events = await worker.read_until(stream, pause)
            worker.crashes()
        async with connected(heir) as other:
            if what == "delete":
                await other.delete(thread_id_of(events))
                assert (await other.threads())["data"] == []
            else:
                await other.stop(thread_id_of(events))
                talk = conversation(await items_of(other, thread_id_of(events)))
                assert talk == [("user", "Tell me"), ("assistant", "Once ")]


async def a_turn_of(observed: ObservedStore, holder: str, lease: timedelta) -> TurnRecord:
    """A turn that some worker has begun, and how long its lease still lasts."""
    await observed.store.open()
    now = datetime.now(UTC)
    thread = ThreadRecord(ids.thread_id(), now)
    turn = TurnRecord(ids.turn_id(), ME, thread.id, "threads.create", holder, now)
    await observed.store.begin_turn(turn, thread=thread, lease_seconds=lease.total_seconds())
    return turn


@pytest.mark.parametrize(
    ("lease", "busy"), [(timedelta(minutes=1), True), (timedelta(seconds=-1), False)]
)
async def test_a_worker_of_another_host_is_dead_when_its_lease_ends(
    observed: ObservedStore, lease: timedelta, busy: bool
) -> None:
    turn = await a_turn_of(observed, "another-host:1:x", lease)
    settings = Settings(lease_seconds=0.4)
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder("Yes."), settings=settings)
    async with connected(chat) as client:
        events = await collected(client.send("Hi", turn.thread_id))
    assert [error["reason"] for error in errors(events)] == (["thread.busy"] if busy else [])
    assert streamed_text(events) == ("" if busy else "Yes.")


@pytest.mark.parametrize(
    "frames", [b"data: {not json\n\n", b"no frame\n\n", b'data: {"type":"thread.item.added"}\n\n']
)
async def test_what_can_not_be_understood_does_not_keep_a_server_from_starting(
    observed: ObservedStore, frames: bytes
) -> None:
    turn = await a_turn_of(observed, dead_holder(), timedelta(minutes=1))
    good = b'data: {"type":"thread.item.added","item":%s}\n\n' % (
        b'{"id":"msg_1","thread_id":"t","created_at":"2026-03-01T12:00:00Z",'
        b'"type":"assistant_message","content":[{"type":"output_text","text":"So far"}]}'
    )
    piece = Checkpoint(turn.id, 0, 0, 3, good + frames + good)
    await observed.store.checkpoint(turn.holder, [piece])
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder("Yes."))
    async with connected(chat) as client:
        events = await collected(client.send("Hi", turn.thread_id))
        assert streamed_text(events) == "Yes."
        assert conversation(await items_of(client, turn.thread_id))[0] == ("assistant", "So far")


async def test_a_turn_that_can_not_be_recovered_does_not_keep_a_server_from_starting(
    memory: ObservedStore,
) -> None:
    turn = await a_turn_of(memory, dead_holder(), timedelta(minutes=1))
    memory.broken = {"finish_turn"}
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."))
    async with connected(chat) as client:
        assert errors(await collected(client.send("Hi"))) != []
        memory.broken.clear()
        events = await collected(client.send("Hi", turn.thread_id))
        assert streamed_text(events) == "Yes."


def text(turn: Turn) -> Any:
    """The plain message's text goes on, though another item has ended since it began."""
    update = AssistantMessageContentPartTextDelta(content_index=0, delta="and more.")
    return ThreadItemUpdatedEvent(item_id="msg_1", update=update)


async def test_text_goes_on_behind_what_ended_and_survives(database: str) -> None:
    """An agent's way: a message is added, tools run and end, and then the text comes."""
    pause = Pause()

    def begin(turn: Turn) -> Any:
        return ThreadItemAddedEvent(item=assistant_message(turn, "Much, ", "msg_1"))

    responder = ScriptedResponder([begin, lambda turn: workflow(turn, "Search"), text, pause])
    inner = open_store(database)
    worker = DoomedWorker(inner, responder)
    heir = Chatkeep(store=inner, responder=responder)
    async with worker.chat.lifespan(), client_of(worker.chat) as client:
        async with aclosing(client.send("Tell me")) as stream:
            events = await worker.read_until(stream, pause)
            worker.crashes()
        async with connected(heir) as other:
            items = await items_of(other, thread_id_of(events))
    assert [item["type"] for item in items] == ["user_message", "assistant_message", "workflow"]
    assert conversation(items)[1] == ("assistant", "Much, and more.")


async def test_an_update_that_was_saved_is_not_done_again(database: str) -> None:
    """The item of an earlier turn was saved whole, and no checkpoint knew of it yet."""
    pause, end = Pause(), Pause()

    def flow(turn: Turn, *titles: str) -> Any:
        return workflow(turn, *titles).model_copy(update={"id": "wf_1"})

    def read(_: Turn) -> Any:
        update = WorkflowTaskAdded(task_index=1, task=CustomTask(title="Read"))
        return ThreadItemUpdatedEvent(item_id="wf_1", update=update)

    def whole(turn: Turn) -> Any:
        return ThreadItemDoneEvent(item=flow(turn, "Search", "Read", "Write"))

    responder = ScriptedResponder(
        [lambda turn: flow(turn, "Search")], [read, "Done. ", pause, whole, end]
    )
    inner = open_store(database)
    worker = DoomedWorker(inner, responder)
    heir = Chatkeep(store=inner, responder=responder)
    async with worker.chat.lifespan(), client_of(worker.chat) as client:
        thread_id = thread_id_of(await collected(client.send("Go")))
        async with aclosing(client.send("Go on", thread_id)) as stream:
            await worker.read_until(stream, pause)
            worker.observed.broken = {"checkpoint"}
            pause.end()
            await end.reached.wait()
            worker.crashes()
        async with connected(heir) as other:
            items = await items_of(other, thread_id)
    (found,) = [item for item in items if item["type"] == "workflow"]
    assert [task["title"] for task in found["workflow"]["tasks"]] == ["Search", "Read", "Write"]


async def test_what_is_hidden_and_under_way_survives(database: str) -> None:
    pause = Pause()

    def hide(turn: Turn) -> Any:
        hidden = HiddenContextItem(
            id="hid_1", thread_id=turn.thread.id, created_at=turn.now(), content="secret"
        )
        return ThreadItemAddedEvent(item=hidden)

    responder = ScriptedResponder([hide, "Once ", pause])
    inner = open_store(database)
    worker = DoomedWorker(inner, responder)
    heir = Chatkeep(store=inner, responder=responder)
    async with worker.chat.lifespan(), client_of(worker.chat) as client:
        async with aclosing(client.send("Tell me")) as stream:
            events = await worker.read_until(stream, pause)
            worker.crashes()
        assert "secret" not in str(events)
        async with connected(heir):
            page = await inner.list_items(
                ME, thread_id_of(events), PageQuery(order="asc"), hidden=True
            )
    assert [item.type for item in page.data][1:] == ["hidden_context_item", "assistant_message"]


async def test_turns_of_dead_workers_end_with_nobody_asking(database: str) -> None:
    pause = Pause()
    responder = ScriptedResponder(["Once ", pause])
    inner = open_store(database)
    worker = DoomedWorker(inner, responder)
    observed = ObservedStore(inner)
    settings = Settings(sweep_interval=0.02)
    heir = Chatkeep(store=observed.store, responder=responder, settings=settings)
    async with heir.lifespan(), worker.chat.lifespan(), client_of(worker.chat) as client:
        async with aclosing(client.send("Tell me")) as stream:
            events = await worker.read_until(stream, pause)
            worker.crashes()
        assert await observed.ends.get() == "interrupted"
        page = await inner.list_items(ME, thread_id_of(events), PageQuery(order="asc"))
        assert [item.type for item in page.data] == ["user_message", "assistant_message"]


async def test_ended_turns_are_forgotten_with_nobody_asking(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was said stays."""
    monkeypatch.setattr("chatkeep.engine.sweeper._PURGE_SECONDS", 0.02)
    inner = open_store(database)
    settings = Settings(keep_turns_days=0.0, replay_seconds=0.0)
    chat = Chatkeep(store=inner, responder=ScriptedResponder("Yes."), settings=settings)
    async with connected(chat) as client:
        thread_id = ""
        turns: list[str] = []

        @chat.responder
        async def answer(turn: Turn) -> Any:
            turns.append(turn.id)
            yield "Yes."

        thread_id = thread_id_of(await collected(client.send("Hi")))
        while await is_known(inner, turns[0]):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.02)
        assert conversation(await items_of(client, thread_id)) == [
            ("user", "Hi"),
            ("assistant", "Yes."),
        ]


async def is_known(store: Store, turn_id: str) -> bool:
    try:
        await store.get_turn(ME, turn_id)
    except NotFound:
        return False
    return True
