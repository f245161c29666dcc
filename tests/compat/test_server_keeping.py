"""Nothing that the user has seen is lost (WIRE.md, defects 1 to 9 and 14), over a user's store."""

import asyncio
from datetime import datetime
from itertools import count
from typing import Any

import anyio
import pytest
from chatkit.errors import CustomStreamError
from chatkit.types import (
    AssistantMessageContent,
    CustomTask,
    ProgressUpdateEvent,
    SyncCustomActionResponse,
    ThreadItem,
    ThreadItemUpdatedEvent,
    ThreadMetadata,
    UserMessageItem,
    WidgetItem,
    WidgetRootUpdated,
    Workflow,
    WorkflowItem,
    WorkflowTaskAdded,
)
from chatkit.widgets import Card, Text

from chatkeep.compat import NotFoundError, Settings, stream_widget
from compat.servers import (
    Events,
    Server,
    added,
    delta,
    done,
    message,
    said,
    says_hello,
    thread_id_of,
    types_of,
)
from compat.stores import ANN, BOB, AwaitingStore, InsertOnlyStore, User

pytestmark = pytest.mark.filterwarnings("ignore:Direct usage of named widget classes")


async def never_ends(
    server: Server, thread: ThreadMetadata, input_: UserMessageItem | None, context: User
) -> Events:
    yield added(message(thread, ""))
    yield delta("seen ")
    await asyncio.Event().wait()


async def fails(
    server: Server, thread: ThreadMetadata, input_: UserMessageItem | None, context: User
) -> Events:
    yield added(message(thread, ""))
    yield delta("seen ")
    raise ValueError("secret")


# 1 and 14: a client that leaves


async def test_a_cancelled_scope_keeps_what_was_seen() -> None:
    """How Starlette ends a response whose client is gone: every await in it is cancelled."""
    server = Server(never_ends)
    reading = await server.begin()
    await reading.until("seen ")
    server.kept.added.clear()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await reading.rest()
    await server.kept.added.wait()

    assert server.texts(reading.thread_id) == ["hi", "seen "]


async def test_a_cancelled_request_keeps_what_was_seen_before_it_ends() -> None:
    server = Server(never_ends)
    reading = await server.begin()
    await reading.until("seen ")
    reader = asyncio.create_task(reading.rest())
    await asyncio.sleep(0)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader

    assert server.texts(reading.thread_id) == ["hi", "seen "]


async def test_a_stream_that_is_closed_keeps_what_was_seen() -> None:
    server = Server(never_ends)
    reading = await server.begin()
    await reading.until("seen ")
    await reading.frames.aclose()

    assert server.texts(reading.thread_id) == ["hi", "seen "]


async def test_a_client_that_leaves_is_no_user_who_cancels() -> None:
    server = Server(never_ends)
    reading = await server.begin()
    await reading.until("seen ")
    await reading.frames.aclose()

    assert server.types(reading.thread_id) == ["user_message", "assistant_message"]


async def test_a_user_who_stops_is_told_to_the_model() -> None:
    server = Server(never_ends)
    reading = await server.begin()
    await reading.until("seen ")
    await server.call("threads.stop", thread_id=reading.thread_id)

    assert server.texts(reading.thread_id)[:2] == ["hi", "seen "]
    assert server.types(reading.thread_id)[2] == "sdk_hidden_context"
    assert "thread.item.done" in types_of(await reading.rest())


async def test_a_stop_is_for_those_who_may_see_the_thread() -> None:
    server = Server(never_ends)
    reading = await server.begin()
    await reading.until("seen ")
    with pytest.raises(NotFoundError):
        await server.call("threads.stop", BOB, thread_id=reading.thread_id)
    assert server.types(reading.thread_id) == ["user_message"]
    await reading.frames.aclose()


async def test_a_hook_of_ones_own_may_await_and_has_what_is_pending() -> None:
    class Hooked(Server):
        async def handle_stream_cancelled(
            self, thread: ThreadMetadata, pending_items: list[ThreadItem], context: User
        ) -> None:
            await asyncio.sleep(0.01)
            thread.metadata["stopped"] = [item.content[0].text for item in pending_items]  # type: ignore[union-attr]
            await self.store.save_thread(thread, context)

    server = Hooked(never_ends)
    reading = await server.begin()
    await reading.until("seen ")
    await reading.frames.aclose()

    kept = server.kept.threads[ANN, reading.thread_id]
    assert kept.metadata == {"stopped": ["seen "]}
    assert server.types(reading.thread_id) == ["user_message"]


async def test_a_hook_that_fails_loses_nothing() -> None:
    class Hooked(Server):
        async def handle_stream_cancelled(self, *_: Any) -> None:
            raise ValueError

    server = Hooked(never_ends)
    reading = await server.begin()
    await reading.until("seen ")
    await reading.frames.aclose()

    assert server.texts(reading.thread_id) == ["hi", "seen "]


async def test_an_answer_may_be_finished_without_its_client() -> None:
    release = asyncio.Event()

    async def waits(
        server: Server, thread: ThreadMetadata, input_: UserMessageItem | None, context: User
    ) -> Events:
        yield added(message(thread, ""))
        yield delta("seen ")
        await release.wait()
        yield done(message(thread, "seen and unseen"))

    server = Server(waits, settings=Settings(on_disconnect="finish"))
    reading = await server.begin()
    await reading.until("seen ")
    await reading.frames.aclose()
    release.set()
    await server.close()

    assert server.texts(reading.thread_id) == ["hi", "seen and unseen"]


# 2: an error in the middle


async def test_an_error_keeps_what_was_seen() -> None:
    server = Server(fails)
    events = await server.stream("threads.create", input=said("hi"))

    assert server.texts(thread_id_of(events)) == ["hi", "seen "]
    error = events[-1]
    assert (error["type"], error["code"], error["allow_retry"]) == ("error", "stream.error", True)
    assert "secret" not in str(events)


async def test_an_error_for_the_user_is_shown_in_its_own_words() -> None:
    async def refuses(*_: Any) -> Events:
        yield ProgressUpdateEvent(text="Asking")
        raise CustomStreamError("Out of credit.", allow_retry=False)

    events = await Server(refuses).stream("threads.create", input=said("hi"))
    shown = {key: events[-1][key] for key in ("type", "code", "message", "allow_retry")}
    assert shown == {
        "type": "error",
        "code": "custom",
        "message": "Out of credit.",
        "allow_retry": False,
    }


# 3: ids


async def test_ids_do_not_collide_where_a_store_has_none_of_its_own() -> None:
    async def with_widget(
        server: Server, thread: ThreadMetadata, input_: UserMessageItem | None, context: User
    ) -> Events:
        async for event in stream_widget(thread, Card(children=[Text(value="one")])):
            yield event
        item_id = server.store.generate_item_id("message", thread, context)
        yield done(message(thread, "two", item_id))

    server = Server(with_widget)
    thread_id = thread_id_of(await server.stream("threads.create", input=said("hi")))
    ids = [thread_id, *server.kept.items[thread_id]]
    assert [id_.partition("_")[0] for id_ in ids] == ["thr", "msg", "msg", "msg"]
    assert min(map(len, ids)) == 36


async def test_a_model_without_ids_gives_each_answer_one_of_the_stores() -> None:
    class Numbered(AwaitingStore):
        numbers = count(1)

        def generate_item_id(self, item_type: str, thread: ThreadMetadata, context: User) -> str:
            return f"{item_type}-{next(self.numbers)}"

    async def nameless(
        server: Server, thread: ThreadMetadata, input_: UserMessageItem | None, context: User
    ) -> Events:
        yield added(message(thread, "", "__fake_id__"))
        yield delta("one", "__fake_id__")
        yield done(message(thread, "one", "__fake_id__"))

    server = Server(nameless, Numbered())
    thread_id = thread_id_of(await server.stream("threads.create", input=said("hi")))
    await server.stream("threads.add_user_message", thread_id=thread_id, input=said("again"))
    assert list(server.kept.items[thread_id]) == [f"message-{n}" for n in range(1, 5)]


# 4: the thread


async def test_a_rename_during_an_answer_is_kept() -> None:
    async def names(
        server: Server, thread: ThreadMetadata, input_: UserMessageItem | None, context: User
    ) -> Events:
        await server.call("threads.update", thread_id=thread.id, title="By a person")
        thread.title = "By the model"
        thread.metadata["tokens"] = 7
        yield done(message(thread, "hello"))

    server = Server(names)
    thread_id = thread_id_of(await server.stream("threads.create", input=said("hi")))
    kept = server.kept.threads[ANN, thread_id]
    assert (kept.title, kept.metadata) == ("By a person", {"tokens": 7})


async def test_a_title_is_given_and_shown_when_the_responder_gives_one() -> None:
    async def names(
        server: Server, thread: ThreadMetadata, input_: UserMessageItem | None, context: User
    ) -> Events:
        thread.title = f"{thread.title}!"
        yield done(message(thread, "hello"))

    server = Server(names)
    events = await server.stream("threads.create", input=said("hi"))
    thread_id = thread_id_of(events)
    assert "title" not in events[0]["thread"]
    assert [e["thread"]["title"] for e in events if e["type"] == "thread.updated"] == ["None!"]
    await server.stream("threads.add_user_message", thread_id=thread_id, input=said("again"))
    assert server.kept.threads[ANN, thread_id].title == "None!!"


# 5: widgets


async def shows_widget(
    server: Server, thread: ThreadMetadata, input_: Any, context: User
) -> Events:
    if isinstance(input_, WidgetItem):
        updated = WidgetRootUpdated(widget=Card(children=[Text(value="after")]))
        yield ThreadItemUpdatedEvent(item_id=input_.id, update=updated)
        return
    async for event in stream_widget(thread, Card(children=[Text(value="before")])):
        yield event


def widget_text(server: Server, thread_id: str) -> str:
    widgets = [i for i in server.kept.items[thread_id].values() if isinstance(i, WidgetItem)]
    text: str = widgets[-1].widget.model_dump()["children"][0]["value"]
    return text


@pytest.mark.parametrize("store", [AwaitingStore, InsertOnlyStore])
async def test_what_an_action_makes_of_a_widget_is_kept(store: type[AwaitingStore]) -> None:
    server = Server(shows_widget, store())
    events = await server.stream("threads.create", input=said("hi"))
    thread_id, item_id = thread_id_of(events), events[-1]["item"]["id"]
    action = {"type": "go", "payload": {}}
    await server.stream(
        "threads.custom_action", thread_id=thread_id, item_id=item_id, action=action
    )
    assert widget_text(server, thread_id) == "after"


async def test_what_a_sync_action_returns_is_kept() -> None:
    class Syncing(Server):
        async def sync_action(
            self, thread: ThreadMetadata, action: Any, sender: WidgetItem | None, context: User
        ) -> SyncCustomActionResponse:
            assert sender is not None
            thread.title = f"{action.type} by {context.name}"
            widget = Card(children=[Text(value="after")])
            return SyncCustomActionResponse(
                updated_item=sender.model_copy(update={"widget": widget})
            )

    server = Syncing(shows_widget, InsertOnlyStore())
    events = await server.stream("threads.create", input=said("hi"))
    thread_id, item_id = thread_id_of(events), events[-1]["item"]["id"]
    action = {"type": "go", "payload": {}}
    reply = await server.call(
        "threads.sync_custom_action", thread_id=thread_id, item_id=item_id, action=action
    )
    assert reply["updated_item"]["widget"]["children"][0]["value"] == "after"
    assert widget_text(server, thread_id) == "after"
    assert server.kept.threads[ANN, thread_id].title == "go by ann"


# 6: retry


class Retrying:
    """Answers, fails, answers; and notes what it is shown of the thread."""

    def __init__(self) -> None:
        self.attempts = 0
        self.seen: list[list[str]] = []

    async def __call__(
        self, server: Server, thread: ThreadMetadata, input_: UserMessageItem | None, context: User
    ) -> Events:
        self.attempts += 1
        page = await server.store.load_thread_items(thread.id, None, 20, "asc", context)
        self.seen.append([item.content[0].text for item in page.data])
        assert isinstance(server.store, AwaitingStore)
        if self.attempts == 2:
            raise ValueError
        yield done(message(thread, f"answer {self.attempts}", f"msg_{self.attempts}"))


async def test_an_answer_stays_until_there_is_a_new_one() -> None:
    responder = Retrying()
    server = Server(responder)
    events = await server.stream("threads.create", input=said("hi"))
    thread_id, item_id = thread_id_of(events), events[1]["item"]["id"]

    await server.stream("threads.retry_after_item", thread_id=thread_id, item_id=item_id)
    assert server.texts(thread_id) == ["hi", "answer 1"]
    await server.stream("threads.retry_after_item", thread_id=thread_id, item_id=item_id)
    assert server.texts(thread_id) == ["hi", "answer 3"]


async def test_a_responder_does_not_see_the_answer_that_it_replaces() -> None:
    responder = Retrying()
    server = Server(responder)
    events = await server.stream("threads.create", input=said("hi"))
    thread_id, item_id = thread_id_of(events), events[1]["item"]["id"]
    for _ in range(2):
        await server.stream("threads.retry_after_item", thread_id=thread_id, item_id=item_id)
    assert responder.seen == [["hi"]] * 3
    page = await server.store.load_thread_items(thread_id, None, 20, "asc", ANN)
    assert len(page.data) == 2


async def test_a_new_answer_may_have_the_id_of_the_one_that_it_replaces() -> None:
    server = Server(says_hello)
    events = await server.stream("threads.create", input=said("hi"))
    thread_id, item_id = thread_id_of(events), events[1]["item"]["id"]
    await server.stream("threads.retry_after_item", thread_id=thread_id, item_id=item_id)
    assert server.texts(thread_id) == ["hi", "hello"]


# 7: attachments


async def test_a_message_with_a_missing_attachment_makes_no_thread() -> None:
    server = Server(says_hello)
    with pytest.raises(NotFoundError):
        await server.process_create("hi", "atc_missing")
    assert server.kept.threads == {}


async def test_attachments_go_with_their_thread() -> None:
    server = Server(says_hello, files=True)
    attachment = await server.upload()
    events = await server.stream("threads.create", input=said("hi", attachment))
    await server.call("threads.delete", thread_id=thread_id_of(events))

    assert not server.kept.threads
    assert not server.kept.attachments
    assert server.files.files == set()


async def test_a_file_goes_after_its_metadata() -> None:
    server = Server(says_hello, files=True)
    attachment = await server.upload()
    await server.call("attachments.delete", attachment_id=attachment)
    assert server.kept.calls[-2:] == ["delete_attachment", "delete_file"]


async def test_a_file_of_another_is_not_deleted() -> None:
    server = Server(says_hello, files=True)
    attachment = await server.upload()
    with pytest.raises(NotFoundError):
        await server.call("attachments.delete", BOB, attachment_id=attachment)
    assert server.files.files == {attachment}


async def test_what_a_server_knows_of_an_attachment_stays_there() -> None:
    server = Server(says_hello, files=True)
    reply = await server.call("attachments.create", name="a.txt", size=3, mime_type="text/plain")
    events = await server.stream("threads.create", input=said("hi", reply["id"]))
    listed = await server.call("items.list", thread_id=thread_id_of(events))
    assert "secret" not in str([reply, events, listed])
    assert server.kept.attachments[ANN, reply["id"]].metadata == {"key": "secret"}
    assert server.kept.attachments[ANN, reply["id"]].thread_id == thread_id_of(events)


# 8: a workflow that goes on


async def test_a_workflow_may_go_on_in_a_later_turn() -> None:
    async def works(
        server: Server, thread: ThreadMetadata, input_: UserMessageItem | None, context: User
    ) -> Events:
        page = await server.store.load_thread_items(thread.id, None, 20, "asc", context)
        item = next((i for i in page.data if isinstance(i, WorkflowItem)), None)
        task = CustomTask(title="step")
        if item is None:
            item = WorkflowItem(
                id="wf_1",
                thread_id=thread.id,
                created_at=datetime.now(),  # noqa: DTZ005
                workflow=Workflow(type="custom", tasks=[]),
            )
            yield added(item)
        index = len(item.workflow.tasks)
        update = WorkflowTaskAdded(task=task, task_index=index)
        yield ThreadItemUpdatedEvent(item_id=item.id, update=update)
        item.workflow.tasks.append(task)
        assert (datetime.now() - item.created_at).total_seconds() >= 0  # noqa: DTZ005
        yield done(item)

    server = Server(works, InsertOnlyStore())
    thread_id = thread_id_of(await server.stream("threads.create", input=said("hi")))
    events = await server.stream(
        "threads.add_user_message", thread_id=thread_id, input=said("more")
    )
    assert "error" not in types_of(events)
    assert server.types(thread_id) == ["user_message", "workflow", "user_message"]
    workflow = server.kept.items[thread_id]["wf_1"]
    assert isinstance(workflow, WorkflowItem)
    assert len(workflow.workflow.tasks) == 2


# 9: two at once


async def test_one_answer_at_a_time_in_a_thread() -> None:
    server = Server(never_ends)
    reading = await server.begin()
    await reading.until("seen ")
    events = await server.stream(
        "threads.add_user_message", thread_id=reading.thread_id, input=said("me too")
    )
    assert types_of(events) == ["error"]
    assert events[0]["reason"] == "thread.busy"
    await reading.frames.aclose()
    assert server.texts(reading.thread_id) == ["hi", "seen "]


async def test_what_is_changed_after_it_was_yielded_is_not_changed_in_the_stream() -> None:
    async def changes(
        server: Server, thread: ThreadMetadata, input_: UserMessageItem | None, context: User
    ) -> Events:
        item = message(thread, "as yielded")
        yield done(item)
        item.content[0] = AssistantMessageContent(text="changed")

    server = Server(changes)
    events = await server.stream("threads.create", input=said("hi"))
    assert events[-1]["item"]["content"][0]["text"] == "as yielded"
    assert server.texts(thread_id_of(events)) == ["hi", "as yielded"]


# A store that fails


async def test_a_store_that_is_back_in_time_has_what_was_seen() -> None:
    server = Server(never_ends, settings=Settings(checkpoint_interval=0.01))
    reading = await server.begin()
    await reading.until("seen ")
    server.kept.broken = {"add_thread_item"}
    await reading.frames.aclose()
    assert server.texts(reading.thread_id) == ["hi"]
    server.kept.added.clear()
    server.kept.broken = set()
    await server.kept.added.wait()
    assert server.texts(reading.thread_id) == ["hi", "seen "]


async def test_a_message_that_cannot_be_saved_leaves_no_thread() -> None:
    server = Server(says_hello)
    server.kept.broken = {"add_thread_item"}
    reading = await server.begin()
    with pytest.raises(OSError, match="the connection is lost"):
        await reading.rest()
    assert server.kept.threads == {}
