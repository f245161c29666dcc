"""What a responder shows: text, items, widgets, citations, progress; and what comes back."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Any

import pytest
from chatkit.types import (
    AssistantMessageContentPartTextDelta,
    ClientEffectEvent,
    CustomTask,
    FileSource,
    GeneratedImage,
    GeneratedImageItem,
    GeneratedImageUpdated,
    NoticeEvent,
    SyncCustomActionResponse,
    ThreadItem,
    ThreadItemAddedEvent,
    ThreadItemRemovedEvent,
    ThreadItemReplacedEvent,
    ThreadItemUpdatedEvent,
    URLSource,
    WidgetStreamingTextValueDelta,
    WorkflowTaskAdded,
    WorkflowTaskUpdated,
)
from chatkit.widgets import WidgetTemplate

from chatkeep import Chatkeep, Context, Turn, WidgetAction
from chatkeep.client import ChatClient, ClientFailure
from chatkeep.encoding import MAX_DEPTH
from chatkeep.errors import NotFound
from chatkeep.messages import Message, ToolCallPart, ToolResultPart
from chatkeep.testing.client import connected
from chatkeep.testing.responder import Pause, ScriptedResponder
from support.clients import client_of, post
from support.events import (
    Event,
    Item,
    collected,
    conversation,
    done,
    errors,
    parsed,
    streamed_text,
    text_of,
    the,
    thread_id_of,
)
from support.items import (
    assistant_message,
    questions,
    tool_call,
    widget,
    widget_root,
    widget_texts,
    workflow,
)
from support.json_values import nested
from support.stores import ObservedStore


async def items_of(client: ChatClient, events: list[Event]) -> list[Item]:
    page = await client.items(thread_id_of(events), order="asc", limit=100)
    items: list[Item] = page["data"]
    return items


def folded(events: list[Event]) -> list[Item]:
    """The items as a client has them at the end of a stream."""
    items: dict[str, Item] = {}
    for event in events:
        if event["type"] in {"thread.item.added", "thread.item.done", "thread.item.replaced"}:
            items[event["item"]["id"]] = event["item"]
        elif event["type"] == "thread.item.removed":
            del items[event["item_id"]]
    return list(items.values())


async def shown(responder: Any) -> tuple[list[Event], list[Item]]:
    """The events of a turn, and the items that a reload shows: the same ones."""
    chat = Chatkeep("memory:", responder=responder)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        items = await items_of(client, events)
    assert errors(events) == []
    assert folded(events) == items
    return events, items[1:]


# Text


async def test_text_streams_as_one_message() -> None:
    events, (message,) = await shown(ScriptedResponder(["Hel", "", "lo ", "\U0001f600"]))
    kinds = [
        event["update"]["type"].rpartition(".")[2] if "update" in event else event["type"]
        for event in events
    ]
    assert kinds == [
        "thread.created",
        "thread.item.done",
        "stream_options",
        "thread.item.added",
        "added",
        *["text_delta"] * 3,
        "done",
        "thread.item.done",
    ]
    assert events[2]["stream_options"] == {"allow_cancel": True}
    assert text_of(message) == "Hello \U0001f600"
    assert the(events, "thread.item.added")["item"]["content"] == []


async def coroutine(_: Turn) -> str:
    return "Whole."


def function(_: Turn) -> str:
    return "Whole."


def generator(_: Turn) -> Iterator[str]:
    yield "Who"
    yield "le."


class Answering:
    async def respond(self, _: Turn) -> AsyncIterator[str]:
        yield "Whole."


@pytest.mark.parametrize("responder", [coroutine, function, generator, Answering()])
async def test_anything_that_gives_text_is_a_responder(responder: Any) -> None:
    _, (message,) = await shown(responder)
    assert text_of(message) == "Whole."


async def test_text_around_an_item_makes_two_messages_in_order() -> None:
    def task(turn: Turn) -> Any:
        return workflow(turn, "Search")

    _, items = await shown(ScriptedResponder(["Before.", task, "After."]))
    assert [item["type"] for item in items] == [
        "assistant_message",
        "workflow",
        "assistant_message",
    ]
    assert [text for _, text in conversation(items)] == ["Before.", "After."]


async def test_a_message_of_a_responders_own_streams_piece_by_piece() -> None:
    async def responder(turn: Turn) -> AsyncGenerator[Any]:
        message = assistant_message(turn, "")
        yield ThreadItemAddedEvent(item=message)
        for number in range(3):
            update = AssistantMessageContentPartTextDelta(content_index=0, delta=f"{number} ")
            yield ThreadItemUpdatedEvent(item_id=message.id, update=update)

    events, (message,) = await shown(responder)
    assert streamed_text(events) == text_of(message) == "0 1 2 "


# Citations, progress, notes


def a_page(number: int) -> URLSource:
    return URLSource(title=f"Page {number}", url=f"https://example.com/{number}")


async def test_a_citation_stands_at_the_end_of_the_text_before_it() -> None:
    async def responder(turn: Turn) -> AsyncGenerator[str]:
        yield "Gr\u00fc\u00dfe \U0001f600"
        await turn.cite(a_page(1))
        yield " und mehr"
        await turn.cite(FileSource(title="A file", filename="a.md"))
        await turn.cite(a_page(2), index=3)

    events, (message,) = await shown(responder)
    annotations = message["content"][0]["annotations"]
    assert [(note["source"]["title"], note["index"]) for note in annotations] == [
        ("Page 1", 7),
        ("A file", 16),
        ("Page 2", 3),
    ]
    added = [event["update"] for event in events if "annotation" in event.get("update", {})]
    assert [update["annotation_index"] for update in added] == [0, 1, 2]
    assert [update["annotation"] for update in added] == annotations


async def test_a_citation_waits_for_the_text_that_it_belongs_to() -> None:
    async def responder(turn: Turn) -> AsyncGenerator[Any]:
        await turn.cite(a_page(1))
        yield workflow(turn, "Search")
        yield "Found."

    _, items = await shown(responder)
    assert [item["type"] for item in items] == ["workflow", "assistant_message"]
    (annotation,) = items[1]["content"][0]["annotations"]
    assert (annotation["source"]["title"], annotation["index"]) == ("Page 1", 0)


async def test_a_citation_without_any_text_makes_no_message() -> None:
    async def responder(turn: Turn) -> AsyncGenerator[Any]:
        await turn.cite(a_page(1))
        yield workflow(turn, "Search")

    _, items = await shown(responder)
    assert [item["type"] for item in items] == ["workflow"]


async def test_notes_pass_through_and_are_not_kept() -> None:
    async def responder(turn: Turn) -> AsyncGenerator[Any]:
        await turn.progress("Looking", icon="search")
        yield ClientEffectEvent(name="confetti", data={"count": 3})
        yield NoticeEvent(level="warning", message="Almost out of tokens.")
        await turn.emit("Found.")

    events, (message,) = await shown(responder)
    assert the(events, "progress_update") == {
        "type": "progress_update",
        "icon": "search",
        "text": "Looking",
    }
    assert the(events, "client_effect")["data"] == {"count": 3}
    assert the(events, "notice")["level"] == "warning"
    assert text_of(message) == "Found."


async def test_hidden_context_reaches_the_next_turn_only() -> None:
    histories = []

    async def responder(turn: Turn) -> AsyncGenerator[str]:
        histories.append(await turn.history())
        await turn.add_hidden_context({"cart": ["tea", 2]})
        yield "Noted."

    chat = Chatkeep("memory:", responder=responder)
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        await collected(client.send("And now?", thread_id))

    assert histories == [
        [Message("user", "Hi")],
        [
            Message("user", "Hi"),
            Message("user", '{"cart":["tea",2]}'),
            Message("assistant", "Noted."),
            Message("user", "And now?"),
        ],
    ]


# Items under way


async def test_a_workflow_grows() -> None:
    async def responder(turn: Turn) -> AsyncGenerator[Any]:
        item = workflow(turn)
        yield ThreadItemAddedEvent(item=item)
        for index, title in enumerate(("Search", "Read")):
            added = WorkflowTaskAdded(task_index=index, task=CustomTask(title=title))
            yield ThreadItemUpdatedEvent(item_id=item.id, update=added)
        task = CustomTask(title="Searched", status_indicator="complete")
        updated = WorkflowTaskUpdated(task_index=0, task=task)
        yield ThreadItemUpdatedEvent(item_id=item.id, update=updated)
        yield "Done."

    _, items = await shown(responder)
    (item,) = [item for item in items if item["type"] == "workflow"]
    assert [task["title"] for task in item["workflow"]["tasks"]] == ["Searched", "Read"]


async def test_a_widget_streams_its_text() -> None:
    async def responder(turn: Turn) -> AsyncGenerator[Any]:
        card = widget(turn, "", "fixed")
        yield ThreadItemAddedEvent(item=card)
        for delta, last in (("Once ", False), ("upon", False), ("", True)):
            yield ThreadItemUpdatedEvent(
                item_id=card.id,
                update=WidgetStreamingTextValueDelta(component_id="text0", delta=delta, done=last),
            )

    _, (card,) = await shown(responder)
    assert widget_texts(card) == ["Once upon", "fixed"]
    assert [child["streaming"] for child in card["widget"]["children"]] == [False, True]


async def test_a_widget_from_a_template_is_shown() -> None:
    template = WidgetTemplate(
        {
            "version": "1.0",
            "name": "greeting",
            "template": '{"type":"Card","children":[{"type":"Text","value":"Hi {{name}}"}]}',
        }
    )
    _, (card,) = await shown(ScriptedResponder([template.build({"name": "Ann"})]))
    assert widget_texts(card) == ["Hi Ann"]


async def test_an_image_appears() -> None:
    async def responder(turn: Turn) -> AsyncGenerator[Any]:
        item = GeneratedImageItem(
            id=turn.item_id("generated_image"), thread_id=turn.thread.id, created_at=turn.now()
        )
        yield ThreadItemAddedEvent(item=item)
        image = GeneratedImage(id="img", url="https://example.com/i.png")
        for progress in (0.5, 1.0):
            update = GeneratedImageUpdated(image=image, progress=progress)
            yield ThreadItemUpdatedEvent(item_id=item.id, update=update)

    _, (item,) = await shown(responder)
    assert item["image"]["url"] == "https://example.com/i.png"


async def test_items_are_removed_and_replaced() -> None:
    async def responder(turn: Turn) -> AsyncGenerator[Any]:
        first, second = widget(turn, "first"), widget(turn, "second")
        yield first
        yield ThreadItemAddedEvent(item=second)
        yield ThreadItemRemovedEvent(item_id=second.id)
        replacement = first.model_copy(update={"widget": widget_root("other")})
        yield ThreadItemReplacedEvent(item=replacement)
        yield ThreadItemRemovedEvent(item_id="unknown")

    chat = Chatkeep("memory:", responder=responder)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        items = await items_of(client, events)
    assert errors(events) == []
    assert [widget_texts(item) for item in items[1:]] == [["other"]]


async def test_an_item_that_is_added_and_never_done_is_kept() -> None:
    def added(turn: Turn) -> ThreadItemAddedEvent:
        return ThreadItemAddedEvent(item=workflow(turn, "Search"))

    _, items = await shown(ScriptedResponder([added, "Found."]))
    assert {item["type"] for item in items} == {"workflow", "assistant_message"}


async def test_an_item_made_for_another_thread_comes_into_this_one() -> None:
    def foreign(turn: Turn) -> Any:
        return assistant_message(turn, "Here.").model_copy(update={"thread_id": "thr_other"})

    events, (message,) = await shown(ScriptedResponder([foreign]))
    assert message["thread_id"] == thread_id_of(events)


async def test_the_thread_changes_as_it_is_set() -> None:
    def change(turn: Turn) -> Any:
        turn.thread.metadata["secret"] = "x"
        turn.thread.allowed_image_domains = ["example.com"]
        turn.thread.title = "Named"
        return workflow(turn, "x")

    responder = ScriptedResponder([change, "Yes."])
    chat = Chatkeep("memory:", responder=responder)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        thread = await client.thread(thread_id_of(events))
        await collected(client.send("And now?", thread["id"]))

    types = [event["type"] for event in events]
    assert types.index("thread.updated") < types.index("thread.item.added"), "as it is set"
    updated = the(events, "thread.updated")["thread"]
    assert updated["items"] == {"data": [], "has_more": False}
    assert updated["title"] == thread["title"] == "Named"
    assert updated["allowed_image_domains"] == thread["allowed_image_domains"] == ["example.com"]
    assert "secret" not in str([events, thread])
    assert responder.turns[1].thread.metadata == {"secret": "x"}


# Client tools


async def test_a_client_tool_makes_its_round_trip(memory: ObservedStore) -> None:
    responder = ScriptedResponder([tool_call], ["You are in ", output_of])
    chat = Chatkeep(store=memory.store, responder=responder)
    async with connected(chat) as client:
        events = await collected(client.send("Where am I?"))
        thread_id, (call,) = thread_id_of(events), done(events, "client_tool_call")
        assert (call["status"], call["arguments"]) == ("pending", {"precise": True})
        answered = await collected(client.tool_output(thread_id, {"city": "Oslo"}))

        turn = responder.turns[1]
        assert (turn.kind, turn.message and turn.message.text) == ("tool_output", "Where am I?")
        assert streamed_text(answered) == "You are in Oslo"
        items = await items_of(client, events)
        assert (items[1]["status"], items[1]["output"]) == ("completed", {"city": "Oslo"})
        assert (await turn.history())[:3] == [
            Message("user", "Where am I?"),
            Message("assistant", [ToolCallPart("call_1", "locate", {"precise": True})]),
            Message("tool", [ToolResultPart("call_1", "locate", {"city": "Oslo"})]),
        ]
        with pytest.raises(ClientFailure) as failure:
            await collected(client.tool_output(thread_id, "again"))
        assert (failure.value.status, failure.value.code) == (409, "request.conflict")


def output_of(turn: Turn) -> str:
    assert turn.tool_call is not None
    assert turn.tool_call.output is not None
    city: str = turn.tool_call.output["city"]
    return city


DEEP: Any = nested(MAX_DEPTH - 2)
"""In a request, two levels are its own."""


@pytest.mark.parametrize("result", [None, "", 0, False, 2**70, 1e300, "\x00", {"\ud800": 1}, DEEP])
async def test_a_tool_may_give_anything(memory: ObservedStore, result: Any) -> None:
    responder = ScriptedResponder([tool_call], "Thanks.", "Yes.")
    chat = Chatkeep(store=memory.store, responder=responder)
    async with connected(chat) as client:
        events = await collected(client.send("Do it"))
        thread_id = thread_id_of(events)
        params = {"thread_id": thread_id, "result": result}
        request = {"type": "threads.add_client_tool_output", "params": params}
        reply = await post(chat, json.dumps(request).encode())
        assert errors(parsed(reply.content)) == []
        await collected(client.send("And now?", thread_id))

        call = responder.turns[1].tool_call
        assert call is not None
        assert call.output == result
        for turn in responder.turns[1:]:
            assert len(await turn.history()) >= 2


# Questions


@pytest.mark.parametrize(
    ("submission", "status", "answers"),
    [
        (
            {"answers": {"one": {"values": ["red", "blue"]}, "many": {"values": ["red", "blue"]}}},
            "answered",
            [["red"], ["red", "blue"], []],
        ),
        (
            {"answers": {"why": {"values": ["because"]}, "never asked": {"values": ["x"]}}},
            "answered",
            [[], [], ["because"]],
        ),
        (
            {"answers": {"one": {"values": ["red"], "skipped": True}}},
            "answered",
            [[], [], []],
        ),
        ({"status": "skipped", "answers": {"one": {"values": ["red"]}}}, "skipped", [[], [], []]),
    ],
    ids=["several", "unknown", "one skipped", "all skipped"],
)
async def test_questions_are_answered(
    memory: ObservedStore, submission: Any, status: str, answers: list[list[str]]
) -> None:
    responder = ScriptedResponder([questions], "Thanks.")
    chat = Chatkeep(store=memory.store, responder=responder)
    async with connected(chat) as client:
        events = await collected(client.send("Ask me"))
        thread_id, (asked,) = thread_id_of(events), done(events, "structured_input")
        params = {"thread_id": thread_id, "item_id": asked["id"], "input": submission}
        reply = await collected(client.stream("threads.add_structured_input", **params))

        replaced = the(reply, "thread.item.replaced")["item"]
        assert (replaced["id"], replaced["status"]) == (asked["id"], status)
        given = [question["answer"] for question in replaced["inputs"]]
        assert [answer["values"] for answer in given] == answers
        assert [answer["skipped"] for answer in given] == [not values for values in answers]
        assert (await items_of(client, events))[1] == replaced
        turn = responder.turns[1]
        assert turn.kind == "structured_input"
        assert turn.structured_input is not None
        assert turn.structured_input.status == status
        with pytest.raises(ClientFailure) as failure:
            await collected(client.structured_input(thread_id, asked["id"], {}))
        assert failure.value.status == 409
        assert len(responder.turns) == 2


async def test_answers_are_part_of_the_history() -> None:
    responder = ScriptedResponder([questions], "Thanks.")
    chat = Chatkeep("memory:", responder=responder)
    async with connected(chat) as client:
        events = await collected(client.send("Ask me"))
        (asked,) = done(events, "structured_input")
        answers = {"why": {"values": ["because"]}, "one": {"values": ["red"]}}
        await collected(client.structured_input(thread_id_of(events), asked["id"], answers))

        assert (await responder.turns[1].history())[1] == Message(
            "user", "Which one?\nred\n\nWhich ones?\n(skipped)\n\nWhy?\nbecause"
        )


@pytest.mark.parametrize("request_type", ["add_structured_input", "retry_after_item"])
async def test_an_item_of_the_wrong_kind_is_refused(request_type: str) -> None:
    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."))
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        params = {"thread_id": thread_id_of(events), "item_id": events[-1]["item"]["id"]}
        if request_type == "add_structured_input":
            params["input"] = {}
        with pytest.raises(ClientFailure) as failure:
            await collected(client.stream(f"threads.{request_type}", **params))
        assert (failure.value.status, failure.value.code) == (400, "request.invalid")


# Actions


async def test_an_action_is_answered_with_a_stream(memory: ObservedStore) -> None:
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder([widget_root("Press me")]))
    turns = []

    @chat.action
    async def act(turn: Turn) -> AsyncGenerator[Any]:
        turns.append(turn)
        assert turn.sender is not None
        assert turn.action is not None
        new = turn.sender.model_copy(update={"widget": widget_root("Pressed")})
        yield ThreadItemReplacedEvent(item=new)
        yield f"You pressed {turn.action.payload['button']}."

    async with connected(chat) as client:
        events = await collected(client.send("Show me"))
        thread_id, (card,) = thread_id_of(events), done(events, "widget")
        press = {"type": "press", "payload": {"button": "red"}}
        reply = await collected(client.action(thread_id, press, card["id"]))

        assert errors(reply) == []
        assert (turns[0].kind, turns[0].message and turns[0].message.text) == ("action", "Show me")
        assert streamed_text(reply) == "You pressed red."
        items = await items_of(client, events)
        assert widget_texts(items[1]) == ["Pressed"]
        assert conversation(items)[-1] == ("assistant", "You pressed red.")


async def test_actions_need_a_handler(memory: ObservedStore) -> None:
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."))
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        thread_id, message = thread_id_of(events), events[-1]["item"]
        for call in (
            collected(client.action(thread_id, {"type": "press"})),
            client.sync_action(thread_id, {"type": "press"}),
        ):
            with pytest.raises(ClientFailure) as failure:
                await call
            assert (failure.value.status, failure.value.code) == (400, "feature.not_enabled")
        chat.action(lambda _: "never")
        with pytest.raises(ClientFailure) as failure:
            await collected(client.action(thread_id, {"type": "press"}, message["id"]))
        assert failure.value.message == "An action comes from a widget."


async def test_a_sync_action_works_while_an_answer_streams(memory: ObservedStore) -> None:
    pause = Pause()
    responder = ScriptedResponder([widget_root("Off"), "Well ", pause, "done."])
    chat = Chatkeep(store=memory.store, responder=responder)

    @chat.sync_action
    async def toggle(action: WidgetAction) -> SyncCustomActionResponse:
        assert action.sender is not None
        action.thread.metadata["toggled"] = action.action.payload
        new = action.sender.model_copy(update={"widget": widget_root("On")})
        return SyncCustomActionResponse(updated_item=new)

    async with connected(chat) as client:
        stream = client.send("Hi")
        events = [await anext(stream) for _ in range(4)]
        (card,) = done(events, "widget")
        await pause.reached.wait()
        toggle_it = {"type": "toggle", "payload": 1}
        reply = await client.sync_action(thread_id_of(events), toggle_it, card["id"])
        pause.end()
        events += await collected(stream)

        assert widget_texts(reply["updated_item"]) == ["On"]
        items = await items_of(client, events)
        assert widget_texts(items[1]) == ["On"]
        kept = await memory.store.get_thread(Context().owner, thread_id_of(events))
        assert kept.metadata == {"toggled": 1}


async def test_a_sync_action_may_give_nothing() -> None:
    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."))
    chat.sync_action(lambda _: None)
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        assert await client.sync_action(thread_id, {"type": "press"}) == {}


async def test_a_sync_action_that_fails_says_so_without_details() -> None:
    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."))

    @chat.sync_action
    def broken(_: WidgetAction) -> None:
        raise RuntimeError("key sk-1")

    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        with pytest.raises(ClientFailure) as failure:
            await client.sync_action(thread_id, {"type": "press"})
    assert (failure.value.status, failure.value.code) == (422, "handler.failed")
    assert "sk-1" not in failure.value.message


# The turn, as a responder sees it


async def test_the_users_message_is_one_text() -> None:
    content = [
        {"type": "input_text", "text": "Compare"},
        {"type": "input_tag", "id": "t1", "text": "@tea", "data": {"sku": 1}},
        {"type": "input_text", "text": "with "},
        {"type": "input_tag", "id": "t2", "text": "@coffee", "data": {}},
    ]
    message = {
        "content": content,
        "attachments": [],
        "quoted_text": "line one\nline two",
        "inference_options": {"model": "large", "tool_choice": {"id": "search"}},
    }
    responder = ScriptedResponder("Tea.")
    chat = Chatkeep("memory:", responder=responder)
    async with connected(chat) as client:
        await collected(client.stream("threads.create", input=message))
        turn = responder.turns[0]

        assert turn.message is not None
        assert turn.message.text == "Compare @tea with @coffee"
        assert turn.message.quoted_text == "line one\nline two"
        assert turn.message.inference_options.model == "large"
        assert turn.input is turn.message.item
        history = await turn.history()
        assert history[0].text == "> line one\n> line two\n\nCompare @tea with @coffee"


async def test_a_retry_sees_only_what_came_before_its_message() -> None:
    responder = ScriptedResponder("One.", "Two.", "Two again.")
    chat = Chatkeep("memory:", responder=responder)
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("1")))
        events = await collected(client.send("2", thread_id))
        await collected(client.retry(thread_id, done(events, "user_message")[0]["id"]))

        turn = responder.turns[2]
        assert (turn.kind, turn.message and turn.message.text) == ("retry", "2")
        assert [message.text for message in await turn.history()] == ["1", "One.", "2"]


async def test_a_turn_can_be_followed_while_its_items_are_made(memory: ObservedStore) -> None:
    """What a client is told that it is done can be read back at once."""
    pause = Pause()
    responder = ScriptedResponder(["Text.", lambda turn: workflow(turn, "x"), pause])
    chat = Chatkeep(store=memory.store, responder=responder)
    async with chat.lifespan(), client_of(chat) as client, client_of(chat) as other:
        stream = client.send("Hi")
        events: list[Event] = []
        async for event in stream:
            events.append(event)
            if event["type"] == "thread.item.done":
                known = {item["id"] for item in await items_of(other, events)}
                assert event["item"]["id"] in known
            if event["type"] == "thread.item.done" and event["item"]["type"] == "workflow":
                break
        pause.end()
        await stream.aclose()


async def test_a_turn_pages_back_through_its_items(observed: ObservedStore) -> None:
    pages: list[list[ThreadItem]] = []
    answers: list[str] = []

    async def responder(turn: Turn) -> AsyncGenerator[str]:
        if turn.kind == "retry":
            (message, *_) = reversed(await turn.items(before=answers[-1]))
            assert message == turn.input, "the old answer is not looked back on"
        page = await turn.items(limit=3)
        while page:
            pages.append(page)
            page = await turn.items(limit=3, before=page[0].id)
        with pytest.raises(NotFound):
            await turn.items(before="msg_unknown")
        yield "Yes."

    chat = Chatkeep(store=observed.store, responder=responder)
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("0")))
        for number in range(1, 4):
            events = await collected(client.send(str(number), thread_id))
        assert errors(events) == []
        seen, pages[:] = pages[-3:], []
        answers += [item["id"] for item in done(events, "assistant_message")]
        retried = await collected(client.retry(thread_id, done(events, "user_message")[0]["id"]))
        assert errors(retried) == []

    assert [len(page) for page in seen] == [3, 3, 1]
    whole = [item for page in reversed(seen) for item in page]
    assert [item.type for item in whole] == ["user_message", "assistant_message"] * 3 + [
        "user_message"
    ]
    assert pages == seen, "a retry looks back on what stood before its message"
