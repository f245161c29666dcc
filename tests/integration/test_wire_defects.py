"""What the SDK 1.6.5 gets wrong, one test for each defect, on every store.

The numbers are those of the list that Chatkeep was built against; each was
reproduced with the SDK before it was written down.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Any

import httpx2
import pytest
from chatkit.types import (
    AssistantMessageContentPartTextDelta,
    ClosedStatus,
    CustomTask,
    FileAttachment,
    HiddenContextItem,
    LockedStatus,
    Page,
    Thread,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemRemovedEvent,
    ThreadItemUpdatedEvent,
    ThreadUpdatedEvent,
    WidgetComponentUpdated,
    WidgetStreamingTextValueDelta,
    WorkflowTaskAdded,
)
from chatkit.widgets import DynamicWidgetComponent

from chatkeep import Chatkeep, Context, Turn
from chatkeep.client import ClientFailure
from chatkeep.engine.dispatch import StreamReply
from chatkeep.messages import Message
from chatkeep.protocol.wire import attachment_record
from chatkeep.stores.base import PageQuery
from chatkeep.testing.client import connected
from chatkeep.testing.responder import Pause, ScriptedResponder
from chatkeep.testing.server import serve
from support.clients import body, client_of, create, user_input
from support.events import (
    collected,
    conversation,
    done,
    errors,
    of_type,
    text_of,
    the,
    thread_id_of,
)
from support.items import (
    assistant_message,
    widget,
    widget_root,
    widget_texts,
    workflow,
)
from support.stores import ObservedStore

ME = Context().owner


async def stored(chat: Chatkeep, thread_id: str) -> list[tuple[str, str]]:
    """The conversation as anyone reads it later."""
    async with client_of(chat) as reader:
        items = await reader.items(thread_id, order="asc", limit=100)
    return conversation(items["data"])


# 1. Stop and disconnect keep what was seen


async def test_1_a_stopped_answer_is_kept_as_far_as_it_got(observed: ObservedStore) -> None:
    pause = Pause()
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder(["Once upon", pause, "!"]))
    async with connected(chat) as client:
        stream = client.send("Tell me")
        events = [await anext(stream) for _ in range(5)]
        await pause.reached.wait()
        await client.stop(thread_id_of(events))
        events += await collected(stream)

        assert await observed.ends.get() == "stopped"
        assert text_of(done(events, "assistant_message")[0]) == "Once upon"
        assert await stored(chat, thread_id_of(events)) == [
            ("user", "Tell me"),
            ("assistant", "Once upon"),
        ]
        assert errors(events) == []


async def test_1_an_answer_is_kept_when_the_connection_is_lost(observed: ObservedStore) -> None:
    pause = Pause()
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder(["Once upon", pause, "!"]))
    async with serve(chat.asgi()) as address, httpx2.AsyncClient() as http:
        headers = {"content-type": "application/json"}
        async with http.stream(
            "POST", address, content=create("Tell me"), headers=headers
        ) as response:
            async for chunk in response.aiter_raw():
                if b"Once upon" in chunk:
                    break
        assert await observed.ends.get() == "stopped"
        assert pause.cancelled.is_set()
        (thread,) = (await observed.store.list_threads(ME, PageQuery())).data

        assert await stored(chat, thread.id) == [("user", "Tell me"), ("assistant", "Once upon")]


async def test_1_an_answer_is_kept_when_its_stream_is_closed(observed: ObservedStore) -> None:
    """`GeneratorExit`: how a framework without sockets of its own says that a client left."""
    pause = Pause()
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder(["Once upon", pause, "!"]))
    async with chat.lifespan():
        reply = await chat.process(create("Tell me"))
        assert isinstance(reply, StreamReply)
        async with aclosing(aiter(reply.stream)) as chunks:
            async for chunk in chunks:
                if b"Once upon" in chunk:
                    break
        assert await observed.ends.get() == "stopped"
        (thread,) = (await observed.store.list_threads(ME, PageQuery())).data

        assert await stored(chat, thread.id) == [("user", "Tell me"), ("assistant", "Once upon")]


# 2. An error keeps what was seen, and is shown


async def test_2_an_error_keeps_the_text_and_is_shown_and_logged(
    observed: ObservedStore, caplog: pytest.LogCaptureFixture
) -> None:
    failure = RuntimeError("the upstream said: key sk-123 is wrong")
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder(["So far", failure]))
    async with connected(chat) as client:
        with caplog.at_level(logging.ERROR):
            events = await collected(client.send("Hi"))
        (error,) = errors(events)

        assert error["allow_retry"] is True
        assert error["code"] == "custom"
        assert "sk-123" not in str(events)
        (record,) = [record for record in caplog.records if error["error_id"] in record.message]
        assert record.exc_info is not None
        assert record.exc_info[1] is failure
        assert error["error_id"] in error["message"]
        assert events[-1] == error
        assert await stored(chat, thread_id_of(events)) == [("user", "Hi"), ("assistant", "So far")]


# 3. Ids


async def test_3_answers_of_models_without_ids_do_not_overwrite_each_other(
    observed: ObservedStore,
) -> None:
    def added(turn: Turn) -> ThreadItemAddedEvent:
        return ThreadItemAddedEvent(item=assistant_message(turn, "", "__fake_id__"))

    def delta(turn: Turn) -> ThreadItemUpdatedEvent:
        text = f"answer {len(responder.turns)}"
        update = AssistantMessageContentPartTextDelta(content_index=0, delta=text)
        return ThreadItemUpdatedEvent(item_id="__fake_id__", update=update)

    def other(turn: Turn) -> ThreadItemDoneEvent:
        return ThreadItemDoneEvent(item=workflow(turn, "thinking"))

    def finished(turn: Turn) -> ThreadItemDoneEvent:
        text = f"answer {len(responder.turns)}"
        return ThreadItemDoneEvent(item=assistant_message(turn, text, "__fake_id__"))

    responder = ScriptedResponder([added, delta, other, finished])
    chat = Chatkeep(store=observed.store, responder=responder)
    async with connected(chat) as client:
        first = await collected(client.send("one"))
        thread_id = thread_id_of(first)
        second = await collected(client.send("two", thread_id))

        assert await stored(chat, thread_id) == [
            ("user", "one"),
            ("assistant", "answer 1"),
            ("user", "two"),
            ("assistant", "answer 2"),
        ]
        assert "__fake_id__" not in str(first + second)
        for events in (first, second):
            (item,) = done(events, "assistant_message")
            seen = {event["item"]["id"] for event in of_type(events, "thread.item.added")}
            updated = {event["item_id"] for event in of_type(events, "thread.item.updated")}
            assert seen == updated == {item["id"]}


async def test_3_ids_are_long_and_differ(observed: ObservedStore) -> None:
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder("Yes."))
    async with connected(chat) as client:
        streams = await asyncio.gather(*(collected(client.send(f"Hi {n}")) for n in range(20)))
    ids = [item["id"] for events in streams for item in done(events)]
    ids += [thread_id_of(events) for events in streams]

    assert len(set(ids)) == len(ids) == 60
    assert all(len(name.partition("_")[2]) == 32 for name in ids)


# 4. A rename is never lost


async def test_4_a_rename_during_an_answer_is_kept(observed: ObservedStore) -> None:
    pause = Pause()

    def describe(turn: Turn) -> None:
        turn.thread.title = "From the model"
        turn.thread.metadata["topic"] = "rent"

    def task(turn: Turn) -> Any:
        return workflow(turn, "x")

    responder = ScriptedResponder(["Well, ", pause, describe, task, "yes."])
    chat = Chatkeep(store=observed.store, responder=responder)
    async with connected(chat) as client:
        stream = client.send("Hello")
        events = [await anext(stream) for _ in range(5)]
        await pause.reached.wait()
        renamed = await client.rename(thread_id_of(events), "Mine")
        pause.end()
        await collected(stream)
        thread = await client.thread(thread_id_of(events))

        assert renamed["title"] == thread["title"] == "Mine"
        kept = await observed.store.get_thread(ME, thread["id"])
        assert kept.metadata == {"topic": "rent"}
        assert responder.turns[0].thread.title == "Mine"


# 5. Widgets


async def test_5_updates_to_a_widget_of_an_earlier_turn_are_there_after_a_reload(
    observed: ObservedStore,
) -> None:
    cards: list[str] = []

    def show(turn: Turn) -> ThreadItemDoneEvent:
        item = widget(turn, "Loading", "")
        cards.append(item.id)
        return ThreadItemDoneEvent(item=item)

    def replace(_: Turn) -> ThreadItemUpdatedEvent:
        component = DynamicWidgetComponent.model_validate(
            {"type": "Text", "id": "text0", "value": "Ready"}
        )
        update = WidgetComponentUpdated(component_id="text0", component=component)
        return ThreadItemUpdatedEvent(item_id=cards[0], update=update)

    def say(delta: str, *, last: bool = False) -> Any:
        return lambda _: ThreadItemUpdatedEvent(
            item_id=cards[0],
            update=WidgetStreamingTextValueDelta(component_id="text1", delta=delta, done=last),
        )

    responder = ScriptedResponder([show], [replace, say("All "), say("well.", last=True)])
    chat = Chatkeep(store=observed.store, responder=responder)
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Show me")))
        await collected(client.send("And now?", thread_id))
        items = (await client.items(thread_id, order="asc"))["data"]

    assert [item["type"] for item in items] == ["user_message", "widget", "user_message"]
    assert widget_texts(items[1]) == ["Ready", "All well."]


async def test_5_what_a_sync_action_returns_is_there_after_a_reload(
    observed: ObservedStore,
) -> None:
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder([widget_root("Off")]))

    @chat.sync_action
    async def toggle(action: Any) -> Any:
        return action.sender.model_copy(update={"widget": widget_root("On")})

    async with connected(chat) as client:
        events = await collected(client.send("Show me"))
        (card,) = done(events, "widget")
        thread_id = thread_id_of(events)
        reply = await client.sync_action(thread_id, {"type": "toggle"}, card["id"])
        items = (await client.items(thread_id, order="asc"))["data"]

    assert widget_texts(reply["updated_item"]) == ["On"]
    assert items[1] == reply["updated_item"]


# 6. Retry


async def test_6_retry_keeps_the_old_answer_until_there_is_a_new_one(
    observed: ObservedStore,
) -> None:
    pause = Pause()
    responder = ScriptedResponder("Old.", ["New", pause, "."])
    chat = Chatkeep(store=observed.store, responder=responder)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        thread_id, (question, _) = thread_id_of(events), done(events)
        retried = asyncio.create_task(collected(client.retry(thread_id, question["id"])))
        await pause.reached.wait()
        assert await stored(chat, thread_id) == [("user", "Hi"), ("assistant", "Old.")]
        pause.end()
        await retried

        assert await stored(chat, thread_id) == [("user", "Hi"), ("assistant", "New.")]
        assert await responder.turns[1].history() == [Message("user", "Hi")]


@pytest.mark.parametrize(
    ("script", "kept"),
    [
        ([RuntimeError("no")], ["Old."]),
        (["New", RuntimeError("no")], ["Old.", "New"]),
        ([], ["Old."]),
    ],
    ids=["fails at once", "fails in the middle", "says nothing"],
)
async def test_6_a_retry_that_comes_to_nothing_loses_nothing(
    observed: ObservedStore, script: list[Any], kept: list[str]
) -> None:
    responder = ScriptedResponder("Old.", script)
    chat = Chatkeep(store=observed.store, responder=responder)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        thread_id, (question, _) = thread_id_of(events), done(events)
        retried = await collected(client.retry(thread_id, question["id"]))

        assert len(errors(retried)) == bool(script)
        assert await stored(chat, thread_id) == [
            ("user", "Hi"),
            *(("assistant", text) for text in kept),
        ]


async def test_6_a_retry_right_after_a_stop_replaces_what_the_stop_kept(
    observed: ObservedStore,
) -> None:
    """The request is read while the old answer still streams, and its turn begins after that."""
    pause = Pause()
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder(["Old", pause], "New."))
    async with connected(chat) as client:
        stream = client.send("Hi")
        events = [await anext(stream) for _ in range(5)]
        await pause.reached.wait()
        thread_id, (question,) = thread_id_of(events), done(events)
        gate = observed.gates["begin_turn"] = asyncio.Event()
        retried = asyncio.create_task(collected(client.retry(thread_id, question["id"])))
        await observed.waiting["begin_turn"].wait()
        await client.stop(thread_id)
        gate.set()
        await retried
        await collected(stream)

        assert await stored(chat, thread_id) == [("user", "Hi"), ("assistant", "New.")]


# 7. Attachments


def a_file(attachment_id: str) -> FileAttachment:
    return FileAttachment(
        id=attachment_id, name="a.txt", mime_type="text/plain", metadata={"path": "/srv/secret"}
    )


async def test_7_a_bad_attachment_leaves_no_thread(observed: ObservedStore) -> None:
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder("Yes."))
    async with connected(chat) as client:
        good = attachment_record(a_file("good"), datetime.now().astimezone())
        await observed.store.save_attachment(ME, good)
        with pytest.raises(ClientFailure) as failure:
            await collected(client.send("Read this", attachments=["good", "bad"]))

        assert failure.value.status == 404
        assert (await client.threads())["data"] == []
        assert (await observed.store.get_attachment(ME, "good")).thread_id is None


async def test_7_attachments_go_with_their_thread(observed: ObservedStore) -> None:
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder("Yes."))
    async with connected(chat) as client:
        record = attachment_record(a_file("file"), datetime.now().astimezone())
        await observed.store.save_attachment(ME, record)
        events = await collected(client.send("Read this", attachments=["file"]))
        thread_id = thread_id_of(events)
        (sent,) = done(events, "user_message")[0]["attachments"]
        (listed,) = (await client.items(thread_id, order="asc"))["data"][0]["attachments"]
        assert sent == listed
        assert (sent["id"], sent["thread_id"]) == ("file", thread_id)
        assert "secret" not in str(events)

        await client.delete(thread_id)
        with pytest.raises(ClientFailure) as failure:
            await client.delete_attachment("file")
        assert failure.value.status == 404


# 8. A continued workflow


async def test_8_a_continued_workflow_is_there_once(observed: ObservedStore) -> None:
    made: list[Any] = []

    def begin(turn: Turn) -> ThreadItemAddedEvent:
        made.append(workflow(turn, "Search"))
        return ThreadItemAddedEvent(item=made[0])

    def finish(_: Turn) -> ThreadItemDoneEvent:
        return ThreadItemDoneEvent(item=made[0])

    def more(_: Turn) -> ThreadItemUpdatedEvent:
        made[0].workflow.tasks.append(CustomTask(title="Read"))
        update = WorkflowTaskAdded(task_index=1, task=CustomTask(title="Read"))
        return ThreadItemUpdatedEvent(item_id=made[0].id, update=update)

    responder = ScriptedResponder([begin, finish, more, finish, "Found."])
    chat = Chatkeep(store=observed.store, responder=responder)
    async with connected(chat) as client:
        events = await collected(client.send("Look"))
        items = (await client.items(thread_id_of(events), order="asc"))["data"]

    assert errors(events) == []
    assert [item["type"] for item in items] == ["user_message", "workflow", "assistant_message"]
    titles = [task["title"] for task in items[1]["workflow"]["tasks"]]
    assert titles == ["Search", "Read"]


# 9. One turn at a time, and nothing changes once it is sent


async def test_9_of_two_messages_at_once_one_is_answered_and_one_told_to_wait(
    observed: ObservedStore,
) -> None:
    pause = Pause()
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder("Yes.", ["A", pause, "B"]))
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        both = [
            asyncio.create_task(collected(client.send(text, thread_id)))
            for text in ("left", "right")
        ]
        (refused,), (answered,) = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        pause.end()
        said = text_of(done(await answered, "user_message")[0])

        (error,) = refused.result()
        assert (error["type"], error["reason"]) == ("error", "thread.busy")
        assert await stored(chat, thread_id) == [
            ("user", "Hi"),
            ("assistant", "Yes."),
            ("user", said),
            ("assistant", "AB"),
        ]


async def test_9_what_was_yielded_does_not_change_afterwards(observed: ObservedStore) -> None:
    async def responder(turn: Turn) -> AsyncGenerator[Any]:
        item = workflow(turn, "First")
        yield ThreadItemAddedEvent(item=item)
        item.workflow.tasks[0].title = "changed"
        item.workflow.tasks.clear()
        yield ThreadItemDoneEvent(item=workflow(turn, "Other"))
        message = assistant_message(turn, "Said.")
        yield message
        message.content[0].text = "Never said."

    chat = Chatkeep(store=observed.store, responder=responder)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        items = (await client.items(thread_id_of(events), order="asc"))["data"]

    added = the(events, "thread.item.added")["item"]
    assert [task["title"] for task in added["workflow"]["tasks"]] == ["First"]
    assert {"First", "Other"} == {
        item["workflow"]["tasks"][0]["title"] for item in items if item["type"] == "workflow"
    }
    assert conversation(items)[-1] == ("assistant", "Said.")


# 10. What is not there is said before anything is streamed

MISSING: dict[str, dict[str, Any]] = {
    "threads.add_user_message": {"thread_id": "none", "input": user_input("Hi")},
    "threads.add_client_tool_output": {"thread_id": "none", "result": 1},
    "threads.add_structured_input": {"thread_id": "none", "item_id": "x", "input": {}},
    "threads.retry_after_item": {"thread_id": "none", "item_id": "x"},
    "threads.custom_action": {"thread_id": "none", "action": {"type": "a"}},
    "threads.sync_custom_action": {"thread_id": "none", "action": {"type": "a"}},
    "threads.get_by_id": {"thread_id": "none"},
    "threads.list": {"after": "none"},
    "items.list": {"thread_id": "none"},
    "threads.update": {"thread_id": "none", "title": "x"},
    "threads.delete": {"thread_id": "none"},
    "threads.stop": {"thread_id": "none"},
    "items.feedback": {"thread_id": "none", "item_ids": ["x"], "kind": "positive"},
    "attachments.delete": {"attachment_id": "none"},
    "threads.create": {"input": user_input("Hi", attachments=["none"])},
}

MISSING_ITEM: dict[str, dict[str, Any]] = {
    "threads.add_structured_input": {"item_id": "none", "input": {}},
    "threads.retry_after_item": {"item_id": "none"},
    "threads.custom_action": {"item_id": "none", "action": {"type": "a"}},
    "threads.sync_custom_action": {"item_id": "none", "action": {"type": "a"}},
    "items.list": {"after": "none"},
    "items.feedback": {"item_ids": ["none"], "kind": "positive"},
    "threads.add_user_message": {"input": user_input("Hi", attachments=["none"])},
}


async def post(address: str, content: bytes, **headers: str) -> httpx2.Response:
    async with httpx2.AsyncClient() as http:
        return await http.post(
            address, content=content, headers={"content-type": "application/json"} | headers
        )


@pytest.mark.parametrize("request_type", MISSING)
async def test_10_a_missing_thread_is_404(observed: ObservedStore, request_type: str) -> None:
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder("Yes."))
    chat.sync_action(lambda _: None)
    async with connected(chat) as client:
        with pytest.raises(ClientFailure) as failure:
            await client.call(request_type, **MISSING[request_type])
    assert (failure.value.status, failure.value.code) == (404, "not_found")
    assert failure.value.message == "This does not exist, or is not yours."


@pytest.mark.parametrize("request_type", MISSING_ITEM)
async def test_10_a_missing_item_is_404(observed: ObservedStore, request_type: str) -> None:
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder("Yes."))
    chat.sync_action(lambda _: None)
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        with pytest.raises(ClientFailure) as failure:
            await client.call(request_type, thread_id=thread_id, **MISSING_ITEM[request_type])
        assert (failure.value.status, failure.value.code) == (404, "not_found")
        assert len(await stored(chat, thread_id)) == 2


async def test_10_an_empty_request_is_400() -> None:
    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."))
    async with serve(chat.asgi()) as address:
        response = await post(address, b"{}")
    assert response.status_code == 400
    assert response.json() == {
        "error": {"code": "request.invalid", "message": 'The request has no "type".'}
    }


# 11. Bounds


@pytest.mark.parametrize(("limit", "count"), [(9999, 100), (-1, 1), (0, 1), (None, 20), (3, 3)])
async def test_11_limits_are_clamped(
    observed: ObservedStore, limit: int | None, count: int
) -> None:
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder("Yes."))
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        for number in range(50):
            await collected(client.send(str(number), thread_id))
        page = await client.call("items.list", thread_id=thread_id, limit=limit)
        assert len(page["data"]) == count
        assert page["has_more"]
        threads = await client.call("threads.list", limit=limit)
        assert len(threads["data"]) == 1


async def test_11_titles_are_bounded(observed: ObservedStore) -> None:
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder("Yes."))
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        for title in ("", "  \n ", "x" * 201):
            with pytest.raises(ClientFailure) as failure:
                await client.rename(thread_id, title)
            assert failure.value.status == 400
        assert (await client.rename(thread_id, " two \n words "))["title"] == "two words"
        assert (await client.rename(thread_id, "x" * 200))["title"] == "x" * 200


@pytest.mark.parametrize(
    ("audio", "mime_type"),
    [("not base64!", "audio/webm"), ("YQ", "audio/webm"), ("YQ==", "text/html"), ("YQ==", "")],
)
async def test_11_audio_is_validated(audio: str, mime_type: str) -> None:
    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."))
    chat.transcribe(lambda *_: "never")
    async with connected(chat) as client:
        with pytest.raises(ClientFailure) as failure:
            await client.transcribe(audio, mime_type)
    assert failure.value.status == 400


@pytest.mark.parametrize(
    ("status", "reason"),
    [(LockedStatus(reason="Too hot."), "thread.locked"), (ClosedStatus(), "thread.closed")],
)
async def test_11_no_one_writes_in_a_locked_or_closed_thread(
    observed: ObservedStore, status: Any, reason: str
) -> None:
    def close(turn: Turn) -> None:
        turn.thread.status = status

    responder = ScriptedResponder([close, "Done."])
    chat = Chatkeep(store=observed.store, responder=responder)
    chat.action(responder)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        thread_id, (question, _) = thread_id_of(events), done(events)
        assert of_type(events, "thread.updated")[-1]["thread"]["status"]["type"] == status.type

        for stream in (
            client.send("More", thread_id),
            client.retry(thread_id, question["id"]),
            client.tool_output(thread_id, 1),
            client.structured_input(thread_id, question["id"], {}),
            client.action(thread_id, {"type": "press"}),
        ):
            (error,) = await collected(stream)
            assert (error["type"], error["reason"]) == ("error", reason)
            assert error["allow_retry"] is False
            if status.type == "locked":
                assert error["message"] == "Too hot."
        assert len(responder.turns) == 1
        assert (await client.thread(thread_id))["status"]["type"] == status.type
        assert (await client.rename(thread_id, "Mine"))["title"] == "Mine"


async def test_11_the_metadata_of_a_request_reaches_the_responder(
    observed: ObservedStore,
) -> None:
    responder = ScriptedResponder("Yes.")
    chat = Chatkeep(store=observed.store, responder=responder)
    async with serve(chat.asgi()) as address:
        request = body("threads.create", {"page": "/cart"}, input=user_input("Hi"))
        assert (await post(address, request)).status_code == 200
    assert responder.turns[0].context.request_metadata == {"page": "/cart"}


# 12. Hidden items


async def test_12_hidden_items_never_show(observed: ObservedStore) -> None:
    async def responder(turn: Turn) -> AsyncGenerator[Any]:
        hidden = HiddenContextItem(
            id=turn.item_id("hidden_context_item"),
            thread_id=turn.thread.id,
            created_at=turn.now(),
            content="the secret",
        )
        for _ in range(5):
            await turn.add_hidden_context("the secret")
        yield "One."
        yield hidden
        yield ThreadItemAddedEvent(item=hidden.model_copy(update={"id": "hcx_added"}))
        yield ThreadItemDoneEvent(item=hidden.model_copy(update={"id": "hcx_done"}))
        yield ThreadItemRemovedEvent(item_id="hcx_added")
        yield ThreadItemRemovedEvent(item_id="hcx_done")
        yield assistant_message(turn, "Two.")

    chat = Chatkeep(store=observed.store, responder=responder)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        thread_id = thread_id_of(events)
        events += await collected(client.send("Again", thread_id))
        pages: list[dict[str, Any]] = []
        after = None
        while not pages or pages[-1]["has_more"]:
            pages.append(await client.items(thread_id, limit=2, after=after, order="asc"))
            after = pages[-1].get("after")
        thread = await client.thread(thread_id)

    assert "secret" not in str(events)
    assert "hcx_" not in str(events)
    assert "secret" not in str(thread)
    assert [len(page["data"]) for page in pages] == [2, 2, 2]
    assert [text for page in pages for _, text in conversation(page["data"])] == [
        *("Hi", "One.", "Two."),
        *("Again", "One.", "Two."),
    ]


# 13. Times


def moments(value: Any) -> list[str]:
    """Every time in a JSON value."""
    if isinstance(value, list):
        return [moment for part in value for moment in moments(part)]
    if not isinstance(value, dict):
        return []
    own = [value["created_at"]] if "created_at" in value else []
    return own + [moment for part in value.values() for moment in moments(part)]


async def test_13_every_time_has_an_offset(observed: ObservedStore) -> None:
    now = datetime.now().astimezone().replace(microsecond=0)

    async def responder(turn: Turn) -> AsyncGenerator[Any]:
        naive = now.replace(tzinfo=None)
        turn.thread.title = "Times"
        turn.thread.created_at = naive
        yield assistant_message(turn, "x").model_copy(update={"created_at": naive})
        item = workflow(turn, "y").model_copy(update={"created_at": naive})
        yield ThreadItemAddedEvent(item=item)
        yield ThreadItemDoneEvent(item=item)
        yield ThreadUpdatedEvent(thread=Thread(**turn.thread.model_dump(), items=Page()))
        yield "z"

    chat = Chatkeep(store=observed.store, responder=responder)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        thread_id = thread_id_of(events)
        thread = await client.thread(thread_id)
        threads = await client.threads()

    sent = moments([events, thread, threads])
    assert len(sent) > 10
    assert all(datetime.fromisoformat(moment).utcoffset() is not None for moment in sent)
    (message, _) = done(events, "assistant_message")
    assert datetime.fromisoformat(message["created_at"]) == now


# 14. What the model is told of a disconnect


async def test_14_a_disconnect_leaves_no_note_for_the_model(observed: ObservedStore) -> None:
    pause = Pause()
    responder = ScriptedResponder(["Once upon", pause], "Yes.")
    chat = Chatkeep(store=observed.store, responder=responder)
    async with chat.lifespan(), client_of(chat, live=False) as client:
        async with aclosing(client.send("Tell me")) as stream:
            events = [await anext(stream) for _ in range(5)]
            await pause.reached.wait()
        assert await observed.ends.get() == "stopped"
        await collected(client.send("Go on", thread_id_of(events)))

        assert await responder.turns[1].history() == [
            Message("user", "Tell me"),
            Message("assistant", "Once upon"),
            Message("user", "Go on"),
            Message("assistant", "Yes."),
        ]
        items = await responder.turns[1].items()
        assert [item.type for item in items] == ["user_message", "assistant_message"] * 2


# 15. What the model is told of a long conversation


async def test_15_the_history_holds_the_newest_messages(observed: ObservedStore) -> None:
    histories = []

    async def responder(turn: Turn) -> AsyncGenerator[str]:
        histories.append(await turn.history(limit=5))
        yield f"answer to {turn.message.text}" if turn.message else ""

    chat = Chatkeep(store=observed.store, responder=responder)
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("0")))
        for number in range(1, 30):
            await collected(client.send(str(number), thread_id))

    assert [message.text for message in histories[-1]] == [
        "27",
        "answer to 27",
        "28",
        "answer to 28",
        "29",
    ]
