"""However a responder ends, or doesn't: the text is kept, the user is told, the thread is free."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from chatkit.errors import CustomStreamError, ErrorCode, StreamError
from chatkit.types import (
    AssistantMessageContentPartTextDelta,
    CustomTask,
    ProgressUpdateEvent,
    ThreadItemAddedEvent,
    ThreadItemUpdatedEvent,
    URLSource,
    WidgetRootUpdated,
    WorkflowTaskUpdated,
)
from pydantic import BaseModel

from chatkeep import Chatkeep, NotFound, Settings, Turn
from chatkeep.client import ChatClient
from chatkeep.errors import ModelRateLimited, TurnError
from chatkeep.testing.client import connected
from chatkeep.testing.responder import Pause, ScriptedResponder
from support.clients import add, client_of
from support.events import (
    Event,
    collected,
    conversation,
    done,
    errors,
    streamed_text,
    text_of,
    thread_id_of,
)
from support.items import assistant_message, widget, widget_root, workflow
from support.logs import watched
from support.stores import SECRET, ObservedStore

QUICK = Settings(checkpoint_interval=0.01, idle_timeout=0.05)


async def the_error(client: ChatClient, events: list[Event]) -> Event:
    """The one error of a turn that came to its end, on a thread that is free again."""
    (error,) = errors(events)
    assert error is events[-1]
    thread_id = thread_id_of(events)
    again = await collected(client.send("And now?", thread_id))
    assert all(event.get("reason") != "thread.busy" for event in again)
    return error


async def stored(client: ChatClient, events: list[Event]) -> list[tuple[str, str]]:
    items = await client.items(thread_id_of(events), order="asc", limit=100)
    return conversation(items["data"])


# Exceptions


@pytest.mark.parametrize(
    ("script", "kept"),
    [
        ([RuntimeError("key sk-1")], []),
        (["So ", "far", RuntimeError("key sk-1")], ["So far"]),
        ([lambda turn: assistant_message(turn, "An item"), RuntimeError("key sk-1")], ["An item"]),
        (
            ["Text", lambda turn: workflow(turn, "x"), "more", ValueError("key sk-1")],
            ["Text", "more"],
        ),
        ([" \n ", RuntimeError("key sk-1")], []),
    ],
    ids=["at once", "in the middle", "after an item", "between items", "after white space"],
)
async def test_an_exception_keeps_what_there_is(
    memory: ObservedStore, script: list[Any], kept: list[str]
) -> None:
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder(script, "Fine."))
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))

        assert await memory.ends.get() == "failed"
        assert await stored(client, events) == [("user", "Hi"), *(("assistant", t) for t in kept)]
        assert [text_of(item) for item in done(events, "assistant_message")] == kept
        error = await the_error(client, events)
        assert (error["reason"], error["allow_retry"]) == ("responder.failed", True)
        assert "sk-1" not in str(events)


class Odd(BaseException):
    """What no `except Exception` sees."""


@pytest.mark.parametrize(
    "failure",
    [
        asyncio.CancelledError(),
        GeneratorExit(),
        SystemExit(3),
        Odd("sk-1"),
        BaseExceptionGroup("sk-1", [Odd(), asyncio.CancelledError()]),
        StopAsyncIteration(),
        TimeoutError(),
    ],
    ids=repr,
)
async def test_no_exception_escapes(memory: ObservedStore, failure: BaseException) -> None:
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder(["So far", failure], "Fine."))
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))

        assert await memory.ends.get() == "failed"
        assert await stored(client, events) == [("user", "Hi"), ("assistant", "So far")]
        assert (await the_error(client, events))["reason"] == "responder.failed"
        assert "sk-1" not in str(events)


@pytest.mark.parametrize("failure", [SystemExit(3), Odd("no"), RuntimeError("no")], ids=repr)
async def test_no_exception_escapes_a_thread(memory: ObservedStore, failure: BaseException) -> None:
    def responder(_: Turn) -> Iterator[str]:
        yield "So far"
        raise failure

    chat = Chatkeep(store=memory.store, responder=responder)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))

        assert await stored(client, events) == [("user", "Hi"), ("assistant", "So far")]
        assert len(errors(events)) == 1


class OwnError(TurnError):
    """You have used up your questions for today."""

    code = "shop.limit"
    allow_retry = False


@pytest.mark.parametrize(
    ("failure", "shown"),
    [
        (OwnError(), {"message": OwnError.__doc__, "allow_retry": False, "reason": "shop.limit"}),
        (ModelRateLimited("Slow down."), {"message": "Slow down.", "allow_retry": True}),
        (CustomStreamError("Buy more.", allow_retry=False), {"message": "Buy more."}),
        (StreamError(ErrorCode.STREAM_ERROR, allow_retry=True), {"code": "stream.error"}),
    ],
    ids=["own", "model", "custom", "code"],
)
async def test_an_error_that_is_meant_for_the_user_reaches_the_user(
    memory: ObservedStore, failure: Exception, shown: dict[str, Any]
) -> None:
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder(["So far", failure], "Fine."))
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        error = await the_error(client, events)

        assert {**error, **shown} == error
        turn_id = await one_turn(memory, "failed")
        assert error["error_id"] == turn_id.error_id
        assert await stored(client, events) == [
            *(("user", "Hi"), ("assistant", "So far")),
            *(("user", "And now?"), ("assistant", "Fine.")),
        ]


async def one_turn(observed: ObservedStore, status: str) -> Any:
    """The record of the one turn with a status."""
    (found,) = [turn for turn in await observed.turns() if turn.status == status]
    return found


async def test_an_error_of_the_program_is_not_taken_for_one_of_the_user(
    memory: ObservedStore,
) -> None:
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder([NotFound("row 7 of users")]))
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
    assert errors(events)[0]["reason"] == "responder.failed"
    assert "row 7" not in str(events)


# Nothing


async def test_a_responder_that_says_nothing_has_answered(memory: ObservedStore) -> None:
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder([], ["", ""], "Yes."))
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        thread_id = thread_id_of(events)
        events += await collected(client.send("Still there?", thread_id))
        events += await collected(client.send("Hello?", thread_id))

        assert errors(events) == []
        assert await stored(client, events) == [
            ("user", "Hi"),
            ("user", "Still there?"),
            ("user", "Hello?"),
            ("assistant", "Yes."),
        ]


async def test_a_responder_that_hangs_is_ended(memory: ObservedStore) -> None:
    pause = Pause()
    responder = ScriptedResponder(["So far", pause], "Fine.")
    chat = Chatkeep(store=memory.store, responder=responder, settings=QUICK)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))

        assert await stored(client, events) == [("user", "Hi"), ("assistant", "So far")]
        assert (await the_error(client, events))["reason"] == "turn.timed_out"
        assert pause.cancelled.is_set()


async def test_a_responder_that_goes_on_and_on_is_ended(memory: ObservedStore) -> None:
    async def responder(_: Turn) -> AsyncGenerator[str]:
        while True:
            yield "and "

    settings = Settings(checkpoint_interval=0.01, turn_timeout=0.05)
    chat = Chatkeep(store=memory.store, responder=responder, settings=settings)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))

        assert errors(events)[0]["reason"] == "turn.timed_out"
        assert (await stored(client, events))[1] == ("assistant", streamed_text(events))


# Too much


MEGABYTE = "x" * 1024 * 1024


async def test_an_answer_of_100_megabytes_is_cut(memory: ObservedStore) -> None:
    given = 0

    async def responder(_: Turn) -> AsyncGenerator[str]:
        nonlocal given
        for _number in range(100):
            given += 1
            yield MEGABYTE

    settings = Settings(max_answer_bytes=2 * 1024 * 1024)
    chat = Chatkeep(store=memory.store, responder=responder, settings=settings)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))

        error = errors(events)[-1]
        assert (error["reason"], error["allow_retry"]) == ("turn.too_long", False)
        assert given <= 3
        (answer,) = done(events, "assistant_message")
        assert text_of(answer) == streamed_text(events)
        assert 1024 * 1024 < len(text_of(answer)) <= 2 * 1024 * 1024
        assert (await stored(client, events))[1] == ("assistant", text_of(answer))


async def test_one_piece_of_100_megabytes_is_cut(memory: ObservedStore) -> None:
    settings = Settings(max_answer_bytes=1024 * 1024)
    responder = ScriptedResponder(["Well: ", MEGABYTE * 100])
    chat = Chatkeep(store=memory.store, responder=responder, settings=settings)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))

        assert errors(events)[0]["reason"] == "turn.too_long"
        (answer,) = done(events, "assistant_message")
        assert text_of(answer).startswith("Well: xxxx")
        assert 1000 * 1024 < len(text_of(answer)) <= 1024 * 1024


def progress(_: Turn) -> Any:
    return ProgressUpdateEvent(text="x" * 1000)


def an_item(turn: Turn) -> Any:
    return assistant_message(turn, "x" * 1000)


def a_root(_: Turn) -> Any:
    return widget_root("x" * 1000)


@pytest.mark.parametrize("output", [progress, an_item, a_root])
async def test_too_much_of_anything_is_cut(
    memory: ObservedStore, output: Callable[[Turn], Any]
) -> None:
    given = 0

    async def responder(turn: Turn) -> AsyncGenerator[Any]:
        nonlocal given
        while True:
            given += 1
            yield output(turn)

    settings = Settings(max_answer_bytes=20_000)
    chat = Chatkeep(store=memory.store, responder=responder, settings=settings)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))

        assert errors(events)[0]["reason"] == "turn.too_long"
        assert given < 25


async def test_too_many_updates_are_cut(memory: ObservedStore) -> None:
    given = 0

    async def responder(turn: Turn) -> AsyncGenerator[Any]:
        nonlocal given
        card = widget(turn, "x")
        yield ThreadItemAddedEvent(item=card)
        while True:
            given += 1
            update = WidgetRootUpdated(widget=widget_root("y" * 1000))
            yield ThreadItemUpdatedEvent(item_id=card.id, update=update)

    settings = Settings(max_answer_bytes=20_000)
    chat = Chatkeep(store=memory.store, responder=responder, settings=settings)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))

        assert errors(events)[0]["reason"] == "turn.too_long"
        assert given < 25


# Nonsense


class Stranger(BaseModel):
    secret: str = "sk-1"


def update_of(item_id: str, update: Any) -> ThreadItemUpdatedEvent:
    return ThreadItemUpdatedEvent(item_id=item_id, update=update)


DELTA = AssistantMessageContentPartTextDelta(content_index=0, delta="x")
TASK = WorkflowTaskUpdated(task_index=9, task=CustomTask(title="x"))


@pytest.mark.parametrize(
    "output",
    [
        7,
        {"type": "notice"},
        b"bytes",
        object(),
        Stranger(),
        ["a", "list"],
        update_of("msg_unknown", DELTA),
        update_of("wf_1", TASK),
        update_of("wf_1", DELTA),
        update_of("msg_1", TASK),
        update_of("msg_1", DELTA.model_copy(update={"content_index": -1})),
    ],
)
async def test_what_no_responder_may_yield_ends_the_turn(
    memory: ObservedStore, output: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def responder(turn: Turn) -> AsyncGenerator[Any]:
        if len(await turn.items()) == 1:
            yield workflow(turn, "x").model_copy(update={"id": "wf_1"})
            yield assistant_message(turn, "So far", "msg_1")
            yield output
            yield "never"

    chat = Chatkeep(store=memory.store, responder=responder)
    async with connected(chat) as client:
        with caplog.at_level(logging.ERROR):
            events = await collected(client.send("Hi"))
        error = await the_error(client, events)

        assert error["error_id"] in caplog.text
        assert "sk-1" not in str(events)
        assert await stored(client, events) == [
            ("user", "Hi"),
            ("assistant", "So far"),
            ("user", "And now?"),
        ]


async def test_none_is_nothing_to_yield(memory: ObservedStore) -> None:
    async def responder(_: Turn) -> AsyncGenerator[Any]:
        yield "So far"
        yield None

    chat = Chatkeep(store=memory.store, responder=responder)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        assert errors(events)[0]["message"].startswith("Something went wrong while answering.")
        assert await stored(client, events) == [("user", "Hi"), ("assistant", "So far")]


# Those who don't stop


@pytest.mark.parametrize("live", [True, False], ids=["stop", "disconnect"])
async def test_a_responder_that_ignores_its_end_is_left_behind(
    memory: ObservedStore, live: bool
) -> None:
    waiting, release, over = asyncio.Event(), asyncio.Event(), asyncio.Event()
    outcome: list[str] = []

    async def stubborn(turn: Turn) -> AsyncGenerator[Any]:
        if len(await turn.items()) > 1:
            yield "Fine."
            return
        yield "Once "
        waiting.set()
        while not release.is_set():
            with suppress(asyncio.CancelledError):
                await release.wait()
        try:
            await turn.emit(assistant_message(turn, "late item"))
        except TurnError:
            outcome.append("refused")
        await turn.cite(URLSource(title="A page", url="https://example.com/"))
        try:
            yield "late text"
        finally:
            over.set()

    settings = Settings(cancel_grace=0.01)
    chat = Chatkeep(store=memory.store, responder=stubborn, settings=settings)
    with watched("ignores that it was cancelled") as complained:
        async with chat.lifespan(), client_of(chat, live=live) as client:
            stream = client.send("Hi")
            events = [await anext(stream) for _ in range(5)]
            await waiting.wait()
            if live:
                await client.stop(thread_id_of(events))
                events += await collected(stream)
                assert [text_of(item) for item in done(events, "assistant_message")] == ["Once "]
            else:
                await stream.aclose()
            assert await memory.ends.get() == "stopped"

            more = await collected(client.send("And now?", thread_id_of(events)))
            assert streamed_text(more) == "Fine."
            await complained.wait()
            release.set()
            await over.wait()

            assert outcome == ["refused"]
            assert await stored(client, events) == [
                ("user", "Hi"),
                ("assistant", "Once "),
                ("user", "And now?"),
                ("assistant", "Fine."),
            ]


async def test_a_responder_may_clean_up_when_it_is_stopped(
    memory: ObservedStore, caplog: pytest.LogCaptureFixture
) -> None:
    pause, cleaned = Pause(), asyncio.Event()
    settings = Settings(cancel_grace=0.01)

    async def responder(_: Turn) -> AsyncGenerator[str]:
        try:
            yield "Once "
            await pause.wait()
        finally:
            await asyncio.sleep(0)
            cleaned.set()

    chat = Chatkeep(store=memory.store, responder=responder, settings=settings)
    async with connected(chat) as client:
        stream = client.send("Hi")
        events = [await anext(stream) for _ in range(5)]
        await pause.reached.wait()
        await client.stop(thread_id_of(events))
        await cleaned.wait()
        assert errors(events + await collected(stream)) == []
        await asyncio.sleep(2 * settings.cancel_grace)
        assert "ignores" not in caplog.text


# Responders that do several things at once


async def test_what_several_tasks_show_at_once_is_all_kept(memory: ObservedStore) -> None:
    async def responder(turn: Turn) -> AsyncGenerator[str]:
        async with asyncio.TaskGroup() as group:
            for number in range(10):
                group.create_task(turn.emit(workflow(turn, f"task {number}")))
            for number in range(50):
                yield f"{number} "
                await asyncio.sleep(0)

    chat = Chatkeep(store=memory.store, responder=responder)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        items = (await client.items(thread_id_of(events), order="asc", limit=100))["data"]

    assert errors(events) == []
    said = "".join(text for who, text in conversation(items) if who == "assistant")
    assert said == streamed_text(events) == "".join(f"{number} " for number in range(50))
    assert len([item for item in items if item["type"] == "workflow"]) == 10
    assert {item["id"] for item in done(events)} == {item["id"] for item in items}


async def test_a_stop_waits_for_all_that_is_being_written(memory: ObservedStore) -> None:
    async def responder(turn: Turn) -> AsyncGenerator[str]:
        yield "Once"
        await asyncio.gather(*(turn.emit(workflow(turn, str(number))) for number in range(3)))

    chat = Chatkeep(store=memory.store, responder=responder)
    memory.gates["save_items"] = asyncio.Event()
    async with connected(chat) as client:
        stream = client.send("Hi")
        events = [await anext(stream) for _ in range(5)]
        await memory.waiting["save_items"].wait()
        stopping = asyncio.create_task(client.stop(thread_id_of(events)))
        for _round in range(200):
            await asyncio.sleep(0)
        assert "finish_turn" not in memory.calls
        memory.gates["save_items"].set()
        await stopping
        events += await collected(stream)
        items = (await client.items(thread_id_of(events), order="asc"))["data"]

    assert [item["id"] for item in done(events)] == [item["id"] for item in items]
    assert ("assistant", "Once") in conversation(items)


# A store that fails


@pytest.mark.parametrize("method", ["save_items", "get_item", "update_thread"])
async def test_a_store_that_fails_in_the_middle_ends_the_turn(
    memory: ObservedStore, method: str
) -> None:
    async def responder(turn: Turn) -> AsyncGenerator[Any]:
        yield "Once "
        memory.broken.add(method)
        turn.thread.title = "Changed"
        yield assistant_message(turn, "an item")
        yield update_of("msg_earlier", DELTA)

    chat = Chatkeep(store=memory.store, responder=responder)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        memory.broken.clear()

        assert SECRET not in str(events)
        assert len(errors(events)) == 1
        assert (await stored(client, events))[:2] == [("user", "Hi"), ("assistant", "Once ")]
        assert (await one_turn(memory, "failed")).error_id


async def test_an_answer_that_could_not_be_kept_is_kept_later(memory: ObservedStore) -> None:
    pause = Pause()
    settings = Settings(checkpoint_interval=0.01)
    responder = ScriptedResponder(["Once upon"], [pause, "Fine."])
    chat = Chatkeep(store=memory.store, responder=responder, settings=settings)
    memory.broken = {"finish_turn", "checkpoint"}
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        assert len(errors(events)) == 1
        assert SECRET not in str(events)
        busy = await collected(client.send("And now?", thread_id_of(events)))
        assert busy[0]["reason"] == "thread.busy"

        memory.broken.clear()
        assert await memory.ends.get() == "finished"
        assert await stored(client, events) == [("user", "Hi"), ("assistant", "Once upon")]
        pause.end()
        more = await collected(client.send("And now?", thread_id_of(events)))
        assert streamed_text(more) == "Fine."


async def test_a_thread_is_free_when_its_answer_can_not_be_kept_at_all(
    memory: ObservedStore,
) -> None:
    settings = Settings(turn_timeout=0.5, lease_seconds=0.05)
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("x"), settings=settings)
    memory.broken = {"finish_turn"}
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        # It gives up after as long as a turn may take, and tells nobody.
        while chat._worker.running:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        memory.broken.clear()
        events = await collected(client.send("And now?", thread_id))
        assert errors(events) == []


async def test_a_request_that_is_cancelled_as_its_turn_begins_does_not_lock_the_thread(
    memory: ObservedStore,
) -> None:
    """A framework may cancel whoever asked at any moment: when the client leaves, say."""
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."))
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        inner = memory.inner.begin_turn

        async def committed_but_not_told(*args: Any, **kwargs: Any) -> None:
            await inner(*args, **kwargs)
            asking.cancel()
            await asyncio.sleep(0)

        memory.inner.begin_turn = committed_but_not_told  # type: ignore[method-assign]
        asking = asyncio.create_task(chat.process(add(thread_id, "lost")))
        with pytest.raises(asyncio.CancelledError):
            await asking
        memory.inner.begin_turn = inner  # type: ignore[method-assign]
        events = await collected(client.send("And now?", thread_id))

        assert errors(events) == []
        assert streamed_text(events) == "Yes."


async def test_a_turn_that_is_just_beginning_holds_its_thread(memory: ObservedStore) -> None:
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes.", "Again."))
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        inner, told, tell = memory.inner.begin_turn, asyncio.Event(), asyncio.Event()

        async def committed_and_told_later(*args: Any, **kwargs: Any) -> None:
            await inner(*args, **kwargs)
            told.set()
            await tell.wait()

        memory.inner.begin_turn = committed_and_told_later  # type: ignore[method-assign]
        first = asyncio.create_task(collected(client.send("first", thread_id)))
        await told.wait()
        second = await collected(client.send("second", thread_id))
        tell.set()

        assert [error["reason"] for error in errors(second)] == ["thread.busy"]
        assert streamed_text(await first) == "Again."


async def test_a_turn_whose_lease_ran_out_while_it_runs_here_keeps_its_thread(
    memory: ObservedStore,
) -> None:
    """As when the store could not be reached for a while: the worker knows that it lives."""
    pause = Pause()
    settings = Settings(lease_seconds=0.1)
    responder = ScriptedResponder(["Once ", pause, "upon"], "Never.")
    chat = Chatkeep(store=memory.store, responder=responder, settings=settings)
    async with connected(chat) as client:
        stream = client.send("Hi")
        events = [await anext(stream) for _ in range(5)]
        await pause.reached.wait()
        memory.broken = {"renew"}
        (turn,) = await memory.turns()
        while not (await memory.inner.get_turn(turn.owner, turn.id)).lapsed:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        busy = await collected(client.send("And now?", thread_id_of(events)))
        memory.broken.clear()
        pause.end()
        events += await collected(stream)

        assert busy[0]["reason"] == "thread.busy"
        assert await stored(client, events) == [("user", "Hi"), ("assistant", "Once upon")]


async def test_usage_is_recorded_on_the_turn(memory: ObservedStore) -> None:
    def count(turn: Turn) -> None:
        turn.record_usage({"input_tokens": 3, "model": "small"})
        turn.record_usage({"input_tokens": 4, "output_tokens": 2})

    responder = ScriptedResponder([count, "Yes."], [count, "So far", RuntimeError("no")])
    chat = Chatkeep(store=memory.store, responder=responder)
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        await collected(client.send("Hi again", thread_id))

    usage = {"input_tokens": 7, "output_tokens": 2, "model": "small"}
    assert [turn.usage for turn in await memory.turns()] == [usage, usage]
    assert [turn.status for turn in await memory.turns()] == ["finished", "failed"]


async def test_ended_turns_leave_nothing_behind(
    memory: ObservedStore, caplog: pytest.LogCaptureFixture
) -> None:
    """No task outlives its turn, and nothing is kept twice."""
    responder = ScriptedResponder("Yes.", [RuntimeError("no")])
    settings = Settings(checkpoint_interval=0.01)
    chat = Chatkeep(store=memory.store, responder=responder, settings=settings)
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        await collected(client.send("And now?", thread_id))
        for task in asyncio.all_tasks():
            if task.get_name() == "chatkeep ticker":
                await task
        assert memory.calls.count("finish_turn") == 2
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert [task for task in others if "chatkeep" in str(task.get_coro())] == []
