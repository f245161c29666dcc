"""The same request twice: once by accident, which makes one turn; once on purpose, which makes two.

A client whose connection broke sends its request again, byte for byte. So does a
person who says the same thing twice. What tells them apart is whether the first
answer was delivered.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import pytest

from chatkeep import Chatkeep, Message, Settings
from chatkeep.client import ChatClient, ClientFailure
from chatkeep.engine.repeats import is_repeat
from chatkeep.errors import ServiceUnavailable
from chatkeep.stores import open_store
from chatkeep.stores.memory import MemoryStore
from chatkeep.testing.responder import Pause, ScriptedResponder
from support.clients import client_of
from support.crashes import DoomedWorker
from support.events import (
    collected,
    conversation,
    done,
    errors,
    of_type,
    streamed_text,
    text_of,
    the,
    thread_id_of,
)
from support.items import questions, tool_call
from support.stores import ObservedStore

FINISH = Settings(on_disconnect="finish")


@asynccontextmanager
async def abandoned(stream: Any, count: int) -> AsyncIterator[list[dict[str, Any]]]:
    """The first events of a stream, which is left at the end of the block."""
    async with aclosing(stream):
        yield [await anext(stream) for _ in range(count)]


async def until_marked(observed: ObservedStore) -> None:
    """Wait until it has been noted that a client left."""
    await observed.done["mark_delivered"].wait()
    observed.done["mark_delivered"].clear()


async def everything(client: ChatClient) -> list[list[tuple[str, str]]]:
    """All conversations, the oldest first."""
    threads = (await client.threads(order="asc", limit=100))["data"]
    pages = [await client.items(thread["id"], order="asc", limit=100) for thread in threads]
    return [conversation(page["data"]) for page in pages]


@pytest.mark.parametrize("first", ["create", "add"])
async def test_a_request_repeated_while_it_is_answered_joins_the_answer(
    observed: ObservedStore, first: str
) -> None:
    pause = Pause()
    script = ["Once ", pause, "upon"]
    responder = ScriptedResponder(*(["Yes."] if first == "add" else []), script)
    chat = Chatkeep(store=observed.store, responder=responder, settings=FINISH)
    async with chat.lifespan(), client_of(chat, live=False) as client:
        thread_id = None
        if first == "add":
            thread_id = thread_id_of(await collected(client.send("Hi")))
        async with abandoned(client.send("Go", thread_id), 4):
            await pause.reached.wait()
        await until_marked(observed)
        again = asyncio.create_task(collected(client.send("Go", thread_id)))
        await until_marked(observed)
        pause.end()
        events = await again

        assert streamed_text(events) == "Once upon"
        assert [text_of(item) for item in done(events)] == ["Go", "Once upon"]
        assert len(responder.turns) == (2 if first == "add" else 1)
        (talk,) = await everything(client)
        assert talk[-2:] == [("user", "Go"), ("assistant", "Once upon")]
        assert len(talk) == (4 if first == "add" else 2)


async def test_a_request_repeated_after_its_answer_is_shown_that_answer(
    observed: ObservedStore,
) -> None:
    pause = Pause()
    responder = ScriptedResponder(["Once ", pause, "upon"])
    chat = Chatkeep(store=observed.store, responder=responder, settings=FINISH)
    async with chat.lifespan(), client_of(chat, live=False) as client:
        async with abandoned(client.send("Go"), 5) as seen:
            await pause.reached.wait()
        await until_marked(observed)
        pause.end()
        assert await observed.ends.get() == "finished"
        events = await collected(client.send("Go"))

        assert events[:5] == seen
        assert streamed_text(events) == "Once upon"
        assert len(responder.turns) == 1
        assert await everything(client) == [[("user", "Go"), ("assistant", "Once upon")]]


async def test_another_worker_shows_the_answer_of_the_first(database: str) -> None:
    """The second worker has no log of the turn, only what is stored."""
    inner = open_store(database)
    first, second = ObservedStore(inner), ObservedStore(inner)
    pause = Pause()
    responder = ScriptedResponder(["Once ", pause, "upon"])
    chat = Chatkeep(store=first.store, responder=responder, settings=FINISH)
    other = Chatkeep(store=second.store, responder=responder, settings=FINISH)
    async with chat.lifespan(), other.lifespan():
        async with client_of(chat, live=False) as client:
            async with abandoned(client.send("Go"), 5) as seen:
                await pause.reached.wait()
            await until_marked(first)
            pause.end()
            assert await first.ends.get() == "finished"
        async with client_of(other, live=False) as client:
            events = await collected(client.send("Go"))
            assert events[:3] == seen[:3]
            assert [text_of(item) for item in done(events)] == ["Go", "Once upon"]
            assert len(responder.turns) == 1
            assert await everything(client) == [[("user", "Go"), ("assistant", "Once upon")]]


async def test_a_request_repeated_after_its_client_stopped_it_is_answered_again(
    observed: ObservedStore,
) -> None:
    responder = ScriptedResponder(["Once ", Pause()], "Once upon")
    chat = Chatkeep(store=observed.store, responder=responder)
    async with chat.lifespan(), client_of(chat, live=False) as client:
        async with abandoned(client.send("Go"), 5) as seen:
            pass
        assert await observed.ends.get() == "stopped"
        await until_marked(observed)
        events = await collected(client.send("Go"))

        assert thread_id_of(events) == thread_id_of(seen)
        assert done(events, "user_message") == done(seen, "user_message")
        assert [turn.kind for turn in await observed.turns()] == ["threads.create"] * 2
        assert await everything(client) == [[("user", "Go"), ("assistant", "Once upon")]]
        assert await responder.turns[1].history() == [Message("user", "Go")]


@pytest.mark.parametrize(("first", "restarted"), [("create", True), ("add", True), ("add", False)])
async def test_a_request_repeated_after_a_crash_is_answered_again(
    database: str, first: str, restarted: bool
) -> None:
    before = ["Yes."] if first == "add" else []
    pause = Pause()
    responder = ScriptedResponder(*before, ["Once ", pause], "Once upon", "Thrice.")
    inner = open_store(database)
    worker = DoomedWorker(inner, responder)
    heir = Chatkeep(store=ObservedStore(inner).store, responder=responder)
    if not restarted:
        await heir.open()
    talk = [("user", "Hi"), ("assistant", "Yes.")] if before else []
    async with worker.chat.lifespan(), client_of(worker.chat, live=False) as client:
        seen = await collected(client.send("Hi")) if before else []
        thread_id = thread_id_of(seen) if before else None
        async with aclosing(client.send("Go", thread_id)) as stream:
            seen = await worker.read_until(stream, pause)
            worker.crashes()
        thread_id = thread_id or thread_id_of(seen)
        async with heir.lifespan(), client_of(heir, live=False) as other:
            await collected(other.send("Go", thread_id if before else None))
            talk += [("user", "Go"), ("assistant", "Once upon")]
            assert await everything(other) == [talk]
            await collected(other.send("Go", thread_id))
            talk += [("user", "Go"), ("assistant", "Thrice.")]
            assert await everything(other) == [talk]


async def test_the_same_text_after_an_answer_is_a_second_message(observed: ObservedStore) -> None:
    responder = ScriptedResponder("One.", "Two.", "Three.")
    chat = Chatkeep(store=observed.store, responder=responder)
    async with chat.lifespan(), client_of(chat, live=False) as client:
        thread_id = thread_id_of(await collected(client.send("Next")))
        await collected(client.send("Next", thread_id))
        await collected(client.send("Next", thread_id))

        (talk,) = await everything(client)
        assert talk == [
            ("user", "Next"),
            ("assistant", "One."),
            ("user", "Next"),
            ("assistant", "Two."),
            ("user", "Next"),
            ("assistant", "Three."),
        ]


@pytest.mark.parametrize("on_disconnect", ["stop", "finish"])
async def test_the_same_text_after_a_repeat_was_answered_is_a_second_message(
    observed: ObservedStore, on_disconnect: Any
) -> None:
    pause = Pause()
    responder = ScriptedResponder("Yes.", ["One.", pause], "Two.", "Three.")
    settings = Settings(on_disconnect=on_disconnect)
    chat = Chatkeep(store=observed.store, responder=responder, settings=settings)
    async with chat.lifespan(), client_of(chat, live=False) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        await observed.ends.get()
        async with abandoned(client.send("Next", thread_id), 4):
            await pause.reached.wait()
        await until_marked(observed)
        pause.end()
        await observed.ends.get()
        repeated = await collected(client.send("Next", thread_id))
        await collected(client.send("Next", thread_id))

        (talk,) = await everything(client)
        answers = ["Yes.", text_of(done(repeated, "assistant_message")[0])]
        assert answers[1] == ("One." if on_disconnect == "finish" else "Two.")
        assert [text for who, text in talk if who == "user"] == ["Hi", "Next", "Next"]
        assert [text for who, text in talk if who == "assistant"][:2] == answers
        assert len(talk) == 6


@pytest.mark.parametrize("on_disconnect", ["stop", "finish"])
async def test_the_same_text_after_other_messages_takes_nothing_away(
    observed: ObservedStore, on_disconnect: Any
) -> None:
    pause = Pause()
    responder = ScriptedResponder("Yes.", ["One.", pause], "Two.", "Three.")
    settings = Settings(on_disconnect=on_disconnect)
    chat = Chatkeep(store=observed.store, responder=responder, settings=settings)
    async with chat.lifespan(), client_of(chat, live=False) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        await observed.ends.get()
        async with abandoned(client.send("Next", thread_id), 4):
            await pause.reached.wait()
        await until_marked(observed)
        pause.end()
        await observed.ends.get()
        await collected(client.send("Other", thread_id))
        await collected(client.send("Next", thread_id))

        (talk,) = await everything(client)
        assert [text for who, text in talk if who == "user"] == ["Hi", "Next", "Other", "Next"]
        assert [text for who, text in talk if who == "assistant"] == [
            *("Yes.", "One.", "Two.", "Three.")
        ]


async def test_many_same_first_messages_at_once_make_as_many_threads(
    observed: ObservedStore,
) -> None:
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder(["Yes", "."]))
    async with chat.lifespan(), client_of(chat, live=False) as client:
        streams = await asyncio.gather(*(collected(client.send("Hi")) for _ in range(32)))

        assert len({thread_id_of(events) for events in streams}) == 32
        assert all(streamed_text(events) == "Yes." for events in streams)
        assert await everything(client) == [[("user", "Hi"), ("assistant", "Yes.")]] * 32


async def test_a_dead_connection_does_not_stop_the_answer_that_its_repeat_follows(
    observed: ObservedStore,
) -> None:
    """The server often learns of a lost connection after the client has come back."""
    pause = Pause()
    responder = ScriptedResponder("Yes.", ["Once ", pause, "upon"])
    chat = Chatkeep(store=observed.store, responder=responder)
    async with chat.lifespan(), client_of(chat, live=False) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        await observed.ends.get()
        async with abandoned(client.send("Go", thread_id), 4):
            await pause.reached.wait()
            again = client.send("Go", thread_id)
            events = [await anext(again)]
        pause.end()
        events += await collected(again)

        assert await observed.ends.get() == "finished"
        assert streamed_text(events) == "Once upon"
        (talk,) = await everything(client)
        assert talk[-2:] == [("user", "Go"), ("assistant", "Once upon")]


@pytest.mark.parametrize("ended", [False, True], ids=["under way", "finished"])
async def test_an_action_is_done_once_however_often_it_is_sent(
    observed: ObservedStore, ended: bool
) -> None:
    pause = Pause()
    acting = ScriptedResponder(["Press", pause, "ed."])
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder("Yes."), settings=FINISH)
    chat.action(acting)
    async with chat.lifespan(), client_of(chat, live=False) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        await observed.ends.get()
        async with abandoned(client.action(thread_id, {"type": "press"}), 3):
            await pause.reached.wait()
        await until_marked(observed)
        if ended:
            pause.end()
            await observed.ends.get()
        again = asyncio.create_task(collected(client.action(thread_id, {"type": "press"})))
        await until_marked(observed)
        pause.end()

        assert streamed_text(await again) == "Pressed."
        assert len(acting.turns) == 1


async def test_an_action_repeated_after_its_client_stopped_it_is_done_again(
    observed: ObservedStore,
) -> None:
    responder = ScriptedResponder(["Pressing", Pause()], ["Pressed."])
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder("Yes."))
    chat.action(responder)
    async with chat.lifespan(), client_of(chat, live=False) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        await observed.ends.get()
        async with abandoned(client.action(thread_id, {"type": "press"}), 3):
            pass
        assert await observed.ends.get() == "stopped"
        await until_marked(observed)
        events = await collected(client.action(thread_id, {"type": "press"}))

        assert errors(events) == []
        assert streamed_text(events) == "Pressed."


@pytest.mark.parametrize("on_disconnect", ["stop", "finish"])
async def test_a_repeated_tool_output_is_answered(
    observed: ObservedStore, on_disconnect: Any
) -> None:
    pause = Pause()
    responder = ScriptedResponder([tool_call], ["You are ", pause, "here."], "You are here.")
    settings = Settings(on_disconnect=on_disconnect)
    chat = Chatkeep(store=observed.store, responder=responder, settings=settings)
    async with chat.lifespan(), client_of(chat, live=False) as client:
        thread_id = thread_id_of(await collected(client.send("Where am I?")))
        await observed.ends.get()
        async with abandoned(client.tool_output(thread_id, {"at": "home"}), 3):
            await pause.reached.wait()
        await until_marked(observed)
        pause.end()
        await observed.ends.get()
        events = await collected(client.tool_output(thread_id, {"at": "home"}))

        assert streamed_text(events) == "You are here."
        assert await everything(client) == [
            [("user", "Where am I?"), ("assistant", "You are here.")]
        ]
        last = responder.turns[-1]
        assert last.kind == "tool_output"
        assert last.tool_call is not None
        assert last.tool_call.output == {"at": "home"}
        with pytest.raises(Exception, match="No tool call is waiting"):
            await collected(client.tool_output(thread_id, {"at": "home"}))


@pytest.mark.parametrize("on_disconnect", ["stop", "finish"])
async def test_repeated_answers_to_questions_are_answered(
    observed: ObservedStore, on_disconnect: Any
) -> None:
    pause = Pause()
    responder = ScriptedResponder([questions], ["Thank ", pause, "you."], "Thank you.")
    settings = Settings(on_disconnect=on_disconnect)
    chat = Chatkeep(store=observed.store, responder=responder, settings=settings)
    async with chat.lifespan(), client_of(chat, live=False) as client:
        events = await collected(client.send("Ask me"))
        await observed.ends.get()
        thread_id, (asked,) = thread_id_of(events), done(events, "structured_input")
        answers = {"why": {"values": ["because"]}}
        async with abandoned(client.structured_input(thread_id, asked["id"], answers), 4):
            await pause.reached.wait()
        await until_marked(observed)
        pause.end()
        await observed.ends.get()
        events = await collected(client.structured_input(thread_id, asked["id"], answers))

        assert the(events, "thread.item.replaced")["item"]["status"] == "answered"
        assert streamed_text(events) == "Thank you."
        assert await everything(client) == [[("user", "Ask me"), ("assistant", "Thank you.")]]
        assert of_type(events, "thread.created") == []


@pytest.mark.parametrize("on_disconnect", ["stop", "finish"])
@pytest.mark.parametrize("first", ["create", "add"])
async def test_a_client_that_comes_back_before_its_leaving_is_noted_is_the_same(
    observed: ObservedStore, on_disconnect: Any, first: str
) -> None:
    pause, gate = Pause(), asyncio.Event()
    before = ["Yes."] if first == "add" else []
    responder = ScriptedResponder(*before, ["Once ", pause, "upon"], "Once upon")
    settings = Settings(on_disconnect=on_disconnect)
    chat = Chatkeep(store=observed.store, responder=responder, settings=settings)
    async with chat.lifespan(), client_of(chat, live=False) as client:
        thread_id = thread_id_of(await collected(client.send("Hi"))) if before else None
        observed.gates["mark_delivered"] = gate
        async with abandoned(client.send("Go", thread_id), 4):
            await pause.reached.wait()
        await observed.waiting["mark_delivered"].wait()
        again = asyncio.create_task(collected(client.send("Go", thread_id)))
        for _round in range(50):
            await asyncio.sleep(0)
        gate.set()
        pause.end()

        assert streamed_text(await again) == "Once upon"
        (talk,) = await everything(client)
        assert talk[-2:] == [("user", "Go"), ("assistant", "Once upon")]
        assert len(talk) == 2 + 2 * len(before)


async def test_a_request_repeated_while_its_answer_is_being_stopped_is_answered_whole(
    observed: ObservedStore,
) -> None:
    gate = asyncio.Event()
    responder = ScriptedResponder(["Once ", Pause()], "Once upon a time.")
    chat = Chatkeep(store=observed.store, responder=responder)
    async with chat.lifespan(), client_of(chat, live=False) as client:
        observed.gates["finish_turn"] = gate
        async with abandoned(client.send("Go"), 5):
            pass
        await observed.waiting["finish_turn"].wait()
        await until_marked(observed)
        again = asyncio.create_task(collected(client.send("Go")))
        for _round in range(50):
            await asyncio.sleep(0)
        gate.set()

        events = await again
        assert errors(events) == []
        assert streamed_text(events) == "Once upon a time."
        assert await everything(client) == [[("user", "Go"), ("assistant", "Once upon a time.")]]


async def test_a_request_whose_answer_was_stopped_while_it_was_looked_up_is_answered_whole(
    observed: ObservedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = asyncio.Event()
    responder = ScriptedResponder(["Once ", Pause()], "Once upon a time.")
    chat = Chatkeep(store=observed.store, responder=responder)

    async def as_it_ends(*args: Any) -> bool:
        gate.set()
        (runner,) = chat._worker.running.values()
        await runner.join()
        return await is_repeat(*args)

    monkeypatch.setattr("chatkeep.engine.turns.is_repeat", as_it_ends)
    async with chat.lifespan(), client_of(chat, live=False) as client:
        observed.gates["finish_turn"] = gate
        async with abandoned(client.send("Go"), 5):
            pass
        await observed.waiting["finish_turn"].wait()
        await until_marked(observed)
        events = await collected(client.send("Go"))
        assert errors(events) == []
        assert streamed_text(events) == "Once upon a time."


class AnswerGotLost(Exception):
    """The connection broke after the commit, and before its answer came."""


@pytest.mark.parametrize("error", [ServiceUnavailable(), AnswerGotLost(), asyncio.CancelledError()])
async def test_a_first_message_whose_commit_was_not_answered_makes_one_thread(
    observed: ObservedStore, error: BaseException
) -> None:
    """The client is told to come again, and does."""
    inner = observed.inner.begin_turn

    async def committed_but_not_told(*args: Any, **kwargs: Any) -> None:
        await inner(*args, **kwargs)
        raise error

    chat = Chatkeep(store=observed.store, responder=ScriptedResponder("Yes."))
    async with chat.lifespan(), client_of(chat, live=False) as client:
        observed.inner.begin_turn = committed_but_not_told  # type: ignore[method-assign]
        with pytest.raises(ClientFailure) as failed:
            await collected(client.send("Hi"))
        assert failed.value.status in {500, 503}
        observed.inner.begin_turn = inner  # type: ignore[method-assign]
        events = await collected(client.send("Hi"))
        assert streamed_text(events) == "Yes."
        assert await everything(client) == [[("user", "Hi"), ("assistant", "Yes.")]]


async def test_a_request_that_is_refused_writes_nothing(memory: ObservedStore) -> None:
    pause = Pause()
    responder = ScriptedResponder([questions, tool_call], "Thank you.", ["Once ", pause])
    chat = Chatkeep(store=memory.store, responder=responder)
    async with chat.lifespan(), client_of(chat) as client:
        events = await collected(client.send("Ask me"))
        thread_id, (asked,) = thread_id_of(events), done(events, "structured_input")
        await collected(client.structured_input(thread_id, asked["id"], {}))
        before = rows_of(memory)
        with pytest.raises(ClientFailure, match="answered already"):
            await collected(client.structured_input(thread_id, asked["id"], {"why": {}}))
        with pytest.raises(ClientFailure):
            await collected(client.structured_input(thread_id, "no such item", {}))
        with pytest.raises(ClientFailure):
            await collected(client.retry(thread_id, asked["id"]))
        assert rows_of(memory) == before

        async with abandoned(client.send("Go", thread_id), 4):
            await pause.reached.wait()
            before = rows_of(memory)
            busy = await collected(client.send("Me, too", thread_id))
            assert [error["reason"] for error in errors(busy)] == ["thread.busy"]
            assert rows_of(memory) == before


def rows_of(memory: ObservedStore) -> str:
    """All that is kept, but for leases, which are renewed."""
    kept = vars(cast("MemoryStore", memory.inner))
    turns = {key: replace(turn, lease_expires_at=None) for key, turn in kept["_turns"].items()}
    return repr({**kept, "_turns": turns, "_checkpoints": None, "_journals": None})
