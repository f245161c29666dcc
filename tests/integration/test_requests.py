"""What a person does beside talking: stop, delete, rename, rate, dictate, attach."""

import asyncio
from typing import Any

import pytest
from chatkit.types import AudioInput, TranscriptionResult
from starlette.requests import Request

from chatkeep import Chatkeep, Context, Feedback, Settings, Turn
from chatkeep.client import ChatClient, ClientFailure
from chatkeep.testing.client import connected
from chatkeep.testing.responder import Pause, ScriptedResponder
from support.clients import client_of
from support.events import (
    collected,
    conversation,
    done,
    errors,
    streamed_text,
    text_of,
    the,
    thread_id_of,
)
from support.stores import SECRET, Broken, ObservedStore

ME = Context().owner


def by_header(request: Request) -> Context:
    """Everyone is who they say they are."""
    return Context(user=request.headers["x-user"])


async def refused(call: Any) -> tuple[int | None, str]:
    """The status and code with which a call is refused."""
    with pytest.raises(ClientFailure) as failure:
        await call
    return failure.value.status, failure.value.code


async def talk(client: ChatClient, thread_id: str) -> list[tuple[str, str]]:
    items = await client.items(thread_id, order="asc", limit=100)
    return conversation(items["data"])


# Stop


async def test_stop_ends_with_what_there_is(observed: ObservedStore) -> None:
    pause = Pause()
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder(["Once ", pause], "Again."))
    async with connected(chat) as client:
        stream = client.send("Hi")
        events = [await anext(stream) for _ in range(5)]
        await pause.reached.wait()
        thread_id = thread_id_of(events)
        await client.stop(thread_id)

        # By the time that a stop is answered the thread is free and the text is kept.
        assert await talk(client, thread_id) == [("user", "Hi"), ("assistant", "Once ")]
        again = await collected(client.send("Go on", thread_id))
        assert streamed_text(again) == "Again."
        assert errors(events + await collected(stream)) == []
        (turn, _) = await observed.turns()
        assert (turn.status, turn.delivered) == ("stopped", True)


async def test_a_stop_is_answered_when_the_text_is_kept(memory: ObservedStore) -> None:
    pause, gate = Pause(), asyncio.Event()
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder(["Once ", pause]))
    async with connected(chat) as client:
        stream = client.send("Hi")
        events = [await anext(stream) for _ in range(5)]
        memory.gates["finish_turn"] = gate
        stopping = asyncio.create_task(client.stop(thread_id_of(events)))
        await memory.waiting["finish_turn"].wait()
        for _round in range(100):
            await asyncio.sleep(0)
        assert not stopping.done()
        gate.set()
        await stopping
        await collected(stream)


async def test_stop_does_nothing_to_a_thread_at_rest(memory: ObservedStore) -> None:
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."))
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        await client.stop(thread_id)
        await client.stop(thread_id)
        assert await talk(client, thread_id) == [("user", "Hi"), ("assistant", "Yes.")]


async def test_an_answer_is_stopped_by_another_worker(memory: ObservedStore) -> None:
    pause = Pause()
    responder = ScriptedResponder(["Once ", pause])
    chat = Chatkeep(store=memory.store, responder=responder)
    other = Chatkeep(store=ObservedStore(memory.inner).store, responder=responder)
    async with connected(chat) as client, connected(other) as elsewhere:
        stream = client.send("Hi")
        events = [await anext(stream) for _ in range(5)]
        await pause.reached.wait()
        await elsewhere.stop(thread_id_of(events))
        assert await memory.ends.get() == "stopped"
        assert errors(events + await collected(stream)) == []


# What is another's


async def test_nothing_of_anothers_can_be_read_or_changed(observed: ObservedStore) -> None:
    pause = Pause()
    chat = Chatkeep(
        store=observed.store,
        responder=ScriptedResponder("Yes.", pause_script(pause)),
        authenticate=by_header,
    )
    chat.sync_action(lambda _: None)
    chat.action(lambda _: "never")
    async with (
        chat.lifespan(),
        client_of(chat, user="ann") as ann,
        client_of(chat, user="bob") as bob,
    ):
        events = await collected(ann.send("Hi"))
        thread_id, item_id = thread_id_of(events), done(events)[0]["id"]
        stream = ann.send("More", thread_id)
        await anext(stream)
        await pause.reached.wait()
        for call in (
            bob.thread(thread_id),
            bob.items(thread_id),
            bob.rename(thread_id, "Mine"),
            bob.delete(thread_id),
            bob.stop(thread_id),
            bob.feedback(thread_id, [item_id], "negative"),
            bob.sync_action(thread_id, {"type": "x"}),
            collected(bob.send("Hi", thread_id)),
            collected(bob.retry(thread_id, item_id)),
            collected(bob.tool_output(thread_id, 1)),
            collected(bob.structured_input(thread_id, item_id, {})),
            collected(bob.action(thread_id, {"type": "x"})),
            bob.threads(after=thread_id),
        ):
            assert await refused(call) == (404, "not_found")
        assert (await bob.threads())["data"] == []
        assert not pause.cancelled.is_set()
        pause.end()
        await collected(stream)
        assert len(await talk(ann, thread_id)) == 4
        assert [thread["id"] for thread in (await ann.threads())["data"]] == [thread_id]


def pause_script(pause: Pause) -> list[Any]:
    return ["Once ", pause, "upon"]


# Delete


async def test_a_thread_can_be_deleted_while_it_is_answered(observed: ObservedStore) -> None:
    pause = Pause()
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder(["Once ", pause]))
    async with connected(chat) as client:
        stream = client.send("Hi")
        events = [await anext(stream) for _ in range(5)]
        await pause.reached.wait()
        await client.delete(thread_id_of(events))
        events += await collected(stream)

        assert pause.cancelled.is_set()
        assert errors(events) == []
        assert (await client.threads())["data"] == []
        assert await refused(client.thread(thread_id_of(events))) == (404, "not_found")
        assert await refused(client.delete(thread_id_of(events))) == (404, "not_found")


# Titles


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("How  much\nis the rent?", "How much is the rent?"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 60 + "…"),
        (f"{'word ' * 11}and, still more words", f"{'word ' * 11}and…"),
        (" \n ", None),
        ("", None),
        ("Gr\u00fc\u00dfe \U0001f600", "Gr\u00fc\u00dfe \U0001f600"),
    ],
    ids=["spaces", "exact", "one long word", "words", "white space", "nothing", "unicode"],
)
async def test_a_thread_is_called_after_its_first_message(text: str, title: str | None) -> None:
    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."))
    async with connected(chat) as client:
        events = await collected(client.send(text))
        thread = await client.thread(thread_id_of(events))
        await collected(client.send("Another message", thread["id"]))

        assert thread.get("title") == title
        assert the(events, "thread.created")["thread"].get("title") == title
        assert (await client.thread(thread["id"])).get("title") == title


async def test_titles_may_be_left_to_the_program() -> None:
    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."), titles=False)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        assert "title" not in await client.thread(thread_id_of(events))


async def test_a_function_may_name_threads(observed: ObservedStore) -> None:
    async def name(turn: Turn) -> str:
        assert turn.message is not None
        return f"  About \n {turn.message.text}  "

    chat = Chatkeep(store=observed.store, responder=ScriptedResponder("Yes."), titles=name)
    async with connected(chat) as client:
        events = await collected(client.send("rent"))
        thread_id = thread_id_of(events)
        await collected(client.send("tea", thread_id))

        assert the(events, "thread.updated")["thread"]["title"] == "About rent"
        assert (await client.thread(thread_id))["title"] == "About rent"


async def test_a_name_may_come_after_the_answer(memory: ObservedStore) -> None:
    thinking = Pause()

    async def name(_: Turn) -> str:
        await thinking.wait()
        return "At last"

    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."), titles=name)
    async with connected(chat) as client:
        asked = asyncio.create_task(collected(client.send("Hi")))
        assert await memory.ends.get() == "finished"
        for _round in range(100):
            await asyncio.sleep(0)
        thinking.end()
        events = await asked
        assert the(events, "thread.updated")["thread"]["title"] == "At last"
        assert events[-1]["type"] == "thread.updated"


async def test_a_stop_does_not_wait_for_a_name(memory: ObservedStore) -> None:
    pause, thinking = Pause(), Pause()

    async def name(_: Turn) -> str:
        await thinking.wait()
        return "Too late"

    responder = ScriptedResponder(["Once ", pause])
    settings = Settings(title_timeout=3600)
    chat = Chatkeep(store=memory.store, responder=responder, titles=name, settings=settings)
    async with connected(chat) as client:
        stream = client.send("Hi")
        events = [await anext(stream) for _ in range(5)]
        await thinking.reached.wait()
        await client.stop(thread_id_of(events))
        events += await collected(stream)
        await thinking.cancelled.wait()
        assert (await client.thread(thread_id_of(events)))["title"] == "Hi"


@pytest.mark.parametrize("name", ["", " \n ", None, 7], ids=repr)
async def test_what_is_no_name_changes_nothing(name: Any) -> None:
    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."), titles=lambda _: name)
    async with connected(chat) as client:
        events = await collected(client.send("rent"))
        assert (await client.thread(thread_id_of(events)))["title"] == "rent"
    assert errors(events) == []


async def test_a_function_that_fails_to_name_a_thread_spoils_nothing() -> None:
    def name(_: Turn) -> str:
        raise RuntimeError("no model")

    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."), titles=name)
    async with connected(chat) as client:
        events = await collected(client.send("rent"))
    assert errors(events) == []
    assert streamed_text(events) == "Yes."


async def test_no_one_overwrites_a_persons_title(observed: ObservedStore) -> None:
    def rename(turn: Turn) -> None:
        turn.thread.title = "By the model"

    chat = Chatkeep(store=observed.store, responder=ScriptedResponder([rename, "Yes."]))
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        assert (await client.thread(thread_id))["title"] == "By the model"
        await client.rename(thread_id, "By me")
        await collected(client.send("And now?", thread_id))
        assert (await client.thread(thread_id))["title"] == "By me"


# Feedback


async def test_feedback_is_kept_and_told(observed: ObservedStore) -> None:
    told: list[Feedback] = []
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder("Yes."))
    chat.on_feedback(told.append)

    @chat.on_feedback
    async def tell(feedback: Feedback) -> None:
        told.append(feedback)

    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        thread_id, ids = thread_id_of(events), [item["id"] for item in done(events)]
        await client.feedback(thread_id, ids, "positive")
        await client.feedback(thread_id, ids[1:], "negative")

        kept = await observed.store.list_feedback(ME, thread_id)
        assert [(given.item_id, given.kind) for given in kept] == [
            (ids[0], "positive"),
            (ids[1], "negative"),
        ]
        assert [(given.item_ids, given.kind) for given in told] == [
            *[(ids, "positive")] * 2,
            *[(ids[1:], "negative")] * 2,
        ]
        for wrong in ([], ids * 51):
            assert await refused(client.feedback(thread_id, wrong, "positive")) == (
                400,
                "request.invalid",
            )


# Dictation


@pytest.mark.parametrize(
    "answer", ["two words", TranscriptionResult(text="two words")], ids=["str", "result"]
)
async def test_speech_becomes_text(answer: Any) -> None:
    heard: list[AudioInput] = []
    chat = Chatkeep("memory:")

    @chat.transcribe
    async def listen(audio: AudioInput, context: Context) -> Any:
        assert context.user == "local"
        heard.append(audio)
        return answer

    async with connected(chat) as client:
        assert await client.transcribe("aGVsbG8=", "audio/webm;codecs=opus") == "two words"
    assert (heard[0].data, heard[0].media_type) == (b"hello", "audio/webm")


async def test_dictation_has_to_be_enabled() -> None:
    chat = Chatkeep("memory:")
    async with connected(chat) as client:
        assert await refused(client.transcribe("aGVsbG8=", "audio/webm")) == (
            400,
            "feature.not_enabled",
        )


# Attachments


async def test_attachments_say_how_to_enable_them() -> None:
    chat = Chatkeep("memory:")
    async with connected(chat) as client:
        with pytest.raises(ClientFailure, match="no place for files") as failure:
            await client.create_attachment("a.txt", 3, "text/plain")
    assert (failure.value.status, failure.value.code) == (400, "feature.not_enabled")


# A responder is missing


async def test_without_a_responder_nothing_is_kept() -> None:
    chat = Chatkeep("memory:")
    async with connected(chat) as client:
        assert (await refused(collected(client.send("Hi"))))[0] == 500
        assert (await client.threads())["data"] == []


# A store that fails

REQUESTS: dict[str, Any] = {
    "create": lambda client, thread_id, _: collected(client.send("Hi")),
    "add": lambda client, thread_id, _: collected(client.send("Hi", thread_id)),
    "retry": lambda client, thread_id, item_id: collected(client.retry(thread_id, item_id)),
    "tool_output": lambda client, thread_id, _: collected(client.tool_output(thread_id, 1)),
    "structured_input": lambda client, thread_id, item_id: collected(
        client.structured_input(thread_id, item_id, {})
    ),
    "action": lambda client, thread_id, _: collected(client.action(thread_id, {"type": "x"})),
    "sync_action": lambda client, thread_id, _: client.sync_action(thread_id, {"type": "x"}),
    "get": lambda client, thread_id, _: client.thread(thread_id),
    "list": lambda client, thread_id, _: client.threads(),
    "items": lambda client, thread_id, _: client.items(thread_id),
    "rename": lambda client, thread_id, _: client.rename(thread_id, "x"),
    "delete": lambda client, thread_id, _: client.delete(thread_id),
    "stop": lambda client, thread_id, _: client.stop(thread_id),
    "feedback": lambda client, thread_id, item_id: client.feedback(
        thread_id, [item_id], "positive"
    ),
    "delete_attachment": lambda client, *_: client.delete_attachment("x"),
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_nothing_leaks_from_a_store_that_fails(
    memory: ObservedStore, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."))
    chat.action(lambda _: "Yes.")
    chat.sync_action(lambda _: None)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        thread_id, item_id = thread_id_of(events), done(events)[0]["id"]
        memory.broken = {method for method in dir(memory.inner) if not method.startswith("_")}
        with pytest.raises(ClientFailure) as failure:
            await REQUESTS[name](client, thread_id, item_id)
        memory.broken.clear()

    assert (failure.value.status, failure.value.code) == (500, "internal")
    error_id = failure.value.message.partition("(error ")[2].rstrip(").")
    assert error_id.startswith("err_")
    assert SECRET not in failure.value.message
    (record,) = [record for record in caplog.records if error_id in record.getMessage()]
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], Broken)


async def test_many_conversations_go_on_at_once(observed: ObservedStore) -> None:
    async def responder(turn: Turn) -> Any:
        for word in (turn.message.text if turn.message else "").split():
            yield word + " "
            await asyncio.sleep(0)

    chat = Chatkeep(store=observed.store, responder=responder)
    async with connected(chat) as client:

        async def chatting(number: int) -> None:
            events = await collected(client.send(f"first of {number}"))
            thread_id = thread_id_of(events)
            for turn in range(3):
                events = await collected(client.send(f"turn {turn} of {number}", thread_id))
                assert text_of(done(events, "assistant_message")[0]) == f"turn {turn} of {number} "
            assert len(await talk(client, thread_id)) == 8

        await asyncio.gather(*(chatting(number) for number in range(16)))
