"""The end of the server: quick answers are finished, slow ones kept, new ones refused."""

import asyncio
import threading
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from chatkeep import Chatkeep, Context, Settings, WidgetAction
from chatkeep.client import ClientFailure
from chatkeep.stores import open_store
from chatkeep.stores.base import PageQuery
from chatkeep.testing.client import InProcessTransport
from chatkeep.testing.responder import Pause, ScriptedResponder
from chatkeep.testing.server import serve
from support.clients import body, client_of, create, post, user_input
from support.events import (
    collected,
    conversation,
    done,
    errors,
    parsed,
    streamed_text,
    text_of,
    thread_id_of,
)
from support.stores import ObservedStore

ME = Context().owner


async def test_an_answer_that_is_nearly_done_is_finished(observed: ObservedStore) -> None:
    pause = Pause()
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder(["Once ", pause, "upon"]))
    await chat.open()
    async with client_of(chat) as client:
        stream = client.send("Hi")
        events = [await anext(stream) for _ in range(5)]
        await pause.reached.wait()
        closing = asyncio.create_task(chat.close())
        await asyncio.sleep(0)
        pause.end()
        events += await collected(stream)
        await closing

    assert observed.ends.get_nowait() == "finished"
    assert streamed_text(events) == "Once upon"
    assert errors(events) == []


async def test_an_answer_that_takes_too_long_is_kept_and_its_reader_told(
    observed: ObservedStore,
) -> None:
    pause = Pause()
    settings = Settings(shutdown_grace=0.05)
    responder = ScriptedResponder(["Once ", pause], "Again.")
    chat = Chatkeep(store=observed.store, responder=responder, settings=settings)
    await chat.open()
    async with client_of(chat) as client:
        stream = client.send("Hi")
        events = [await anext(stream) for _ in range(5)]
        await pause.reached.wait()
        await chat.close()
        events += await collected(stream)

    assert observed.ends.get_nowait() == "interrupted"
    assert pause.cancelled.is_set()
    assert [text_of(item) for item in done(events, "assistant_message")] == ["Once "]
    (error,) = errors(events)
    assert error is events[-1]
    assert (error["reason"], error["allow_retry"]) == ("turn.interrupted", True)

    await chat.open()  # as the next process would
    async with client_of(chat) as client:
        items = (await client.items(thread_id_of(events), order="asc"))["data"]
        assert conversation(items) == [("user", "Hi"), ("assistant", "Once ")]
        again = await collected(client.send("Hi"))
        assert thread_id_of(again) == thread_id_of(events), "the same request, come again"
    await chat.close()


@pytest.mark.parametrize("when", ["closing", "closed"])
async def test_new_requests_are_refused(memory: ObservedStore, when: str) -> None:
    pause = Pause()
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder(["Once ", pause, "upon"]))
    await chat.open()
    async with client_of(chat) as client:
        stream = client.send("Hi")
        events = [await anext(stream) for _ in range(5)]
        closing = asyncio.create_task(chat.close())
        await asyncio.sleep(0)
        if when == "closed":
            pause.end()
            await closing
        memory.calls.clear()
        for request in (create("And now?"), body("threads.list")):
            response = await post(chat, request)
            assert response.status_code == 503
            assert response.json()["error"]["code"] == "service.unavailable"
        async with httpx2.AsyncClient(transport=InProcessTransport(chat.asgi())) as http:
            ready = await http.get("http://chat.test/health/ready")
            live = await http.get("http://chat.test/health")
        assert (ready.status_code, live.status_code) == (503, 200)
        assert "open" not in memory.calls
        pause.end()
        await collected(stream)
        await closing
    assert errors(events) == []


async def test_a_server_may_be_closed_twice_and_opened_again(observed: ObservedStore) -> None:
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder("Yes."))
    await chat.close()
    for _ in range(2):
        async with chat.lifespan():
            assert parsed((await post(chat, create())).content)
        await chat.close()
    await asyncio.gather(chat.close(), chat.close())
    await asyncio.gather(chat.open(), chat.open())
    assert len((await observed.store.list_threads(ME, PageQuery())).data) == 2
    await chat.close()


async def test_a_client_that_leaves_after_the_end_disturbs_nobody(
    observed: ObservedStore, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(shutdown_grace=0.0)
    responder = ScriptedResponder(["Once ", Pause()])
    chat = Chatkeep(store=observed.store, responder=responder, settings=settings)
    await chat.open()
    async with client_of(chat) as client, aclosing(client.send("Hi")) as stream:
        for _ in range(5):
            await anext(stream)
        await chat.close()
        caplog.clear()
    assert caplog.records == []


async def test_a_server_that_is_ended_over_its_socket_ends_its_streams(
    observed: ObservedStore,
) -> None:
    """As with `chatkeep serve`: the turns are wound down while they can still be followed."""
    pause = Pause()
    settings = Settings(shutdown_grace=0.05)
    responder = ScriptedResponder(["Once ", pause])
    chat = Chatkeep(store=observed.store, responder=responder, settings=settings)
    received = b""
    async with httpx2.AsyncClient() as http, serve(chat.asgi()) as address:
        headers = {"content-type": "application/json"}
        async with http.stream(
            "POST", f"{address}/chatkit", content=create("Hi"), headers=headers
        ) as response:
            chunks = response.aiter_raw()
            async for chunk in chunks:
                received += chunk
                if b"Once" in chunk:
                    break
            closing = asyncio.create_task(chat.close())
            async for chunk in chunks:
                received += chunk
            await closing
    events = parsed(received)
    assert errors(events)[0]["reason"] == "turn.interrupted"
    assert [text_of(item) for item in done(events)] == ["Hi", "Once "]


async def test_a_failed_answer_is_tried_again_before_the_end(memory: ObservedStore) -> None:
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."))
    await chat.open()
    memory.broken = {"finish_turn"}
    async with client_of(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        memory.broken.clear()
        await chat.close()
    page = await memory.inner.list_items(ME, thread_id, PageQuery(order="asc"))
    assert [item.type for item in page.data] == ["user_message", "assistant_message"]
    with pytest.raises(ClientFailure):
        async with client_of(chat) as client:
            await client.threads()


@pytest.mark.parametrize("others", [0, 1])
async def test_an_answer_that_begins_as_the_server_closes_is_none(
    observed: ObservedStore, others: int
) -> None:
    """Neither does it run on a closed store, nor does its thread stay locked."""
    pause, gate = Pause(), asyncio.Event()
    settings = Settings(shutdown_grace=0.05)
    responder = ScriptedResponder(["Once ", pause])
    chat = Chatkeep(store=observed.store, responder=responder, settings=settings)
    await chat.open()
    async with client_of(chat) as client:
        reading = [asyncio.create_task(collected(client.send("Hi"))) for _ in range(others)]
        if others:
            await pause.reached.wait()
        observed.gates["begin_turn"] = gate
        late = asyncio.create_task(post(chat, create("Me, too")))
        await observed.waiting["begin_turn"].wait()
        closing = asyncio.create_task(chat.close())
        await asyncio.sleep(0.02)
        gate.set()
        assert (await late).status_code == 503
        await closing
        for events in await asyncio.gather(*reading):
            assert [error["reason"] for error in errors(events)] == ["turn.interrupted"]
    await observed.inner.open()
    assert [turn.status for turn in await observed.turns()] == ["interrupted"] * (others + 1)
    assert len(responder.turns) == others
    await observed.inner.close()


async def test_closing_takes_no_longer_with_more_answers(memory: ObservedStore) -> None:
    """A store that hangs is waited for once, not once for each answer."""
    settings = Settings(shutdown_grace=0.0, keep_timeout=0.2)
    responder = ScriptedResponder(["Once ", Pause()])
    chat = Chatkeep(store=memory.store, responder=responder, settings=settings)
    await chat.open()
    async with client_of(chat) as client:
        reading = [asyncio.create_task(collected(client.send("Hi"))) for _ in range(50)]
        while len(responder.turns) < 50:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
        memory.gates["finish_turn"] = asyncio.Event()
        async with asyncio.timeout(5.0):  # in turn it would take more than ten
            await chat.close()
        await asyncio.gather(*reading)


# Requests under way


async def test_what_is_being_answered_is_answered_before_the_store_is_closed(
    memory: ObservedStore,
) -> None:
    gate = memory.gates["list_threads"] = asyncio.Event()
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."))
    await chat.open()
    asked = asyncio.create_task(post(chat, body("threads.list")))
    await memory.waiting["list_threads"].wait()
    closing = asyncio.create_task(chat.close())
    await asyncio.sleep(0.01)
    refused = await post(chat, body("threads.list"))
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert not closing.done()
    assert "close" not in memory.calls
    gate.set()
    await closing
    assert (await asked).status_code == 200
    assert memory.calls[-1] == "close"


async def test_what_takes_too_long_is_not_waited_for_and_told_so(tmp_path: Path) -> None:
    observed = ObservedStore(open_store(f"sqlite:///{tmp_path}/chat.db"))
    gate = observed.gates["list_threads"] = asyncio.Event()
    chat = Chatkeep(store=observed.store, settings=Settings(shutdown_grace=0.05))
    await chat.open()
    asked = asyncio.create_task(post(chat, body("threads.list")))
    await observed.waiting["list_threads"].wait()
    await chat.close()
    assert observed.calls[-1] == "close"
    gate.set()  # by now there is no store
    response = await asked
    assert (response.status_code, response.json()["error"]["code"]) == (503, "service.unavailable")


async def test_a_handler_whose_client_has_left_is_waited_for(memory: ObservedStore) -> None:
    pause, done = Pause(), []
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."))

    @chat.sync_action
    async def buy(_: WidgetAction) -> None:
        await pause.wait()
        done.append(list(memory.calls))

    await chat.open()
    async with client_of(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        acting = asyncio.create_task(client.sync_action(thread_id, {"type": "buy"}))
        await pause.reached.wait()
        acting.cancel()
        await asyncio.wait([acting])
    closing = asyncio.create_task(chat.close())
    await asyncio.sleep(0.01)
    pause.end()
    await closing
    assert len(done) == 1
    assert "close" not in done[0]


async def test_a_responder_that_can_not_be_closed_leaves_nothing_else_open(
    memory: ObservedStore,
) -> None:
    closed = []

    class Broken(ScriptedResponder):
        async def close(self) -> None:
            closed.append("broken")
            raise RuntimeError("stuck")

    class Sound(ScriptedResponder):
        def close(self) -> None:
            closed.append("sound")

    chat = Chatkeep(store=memory.store, responder=Sound("Yes."))
    chat.action(Broken("Yes."))
    await chat.open()
    with pytest.raises(RuntimeError, match="stuck"):
        await chat.close()
    assert sorted(closed) == ["broken", "sound"]
    assert memory.calls[-1] == "close"
    assert (await post(chat, body("threads.list"))).status_code == 503


async def test_a_responder_that_does_two_things_is_closed_once() -> None:
    closed = []

    class Both(ScriptedResponder):
        def close(self) -> None:
            closed.append(self)

    both = Both("Yes.")
    chat = Chatkeep("memory:", responder=both)
    chat.action(both)
    async with chat.lifespan():
        pass
    assert closed == [both]


async def test_to_open_what_is_closing_waits_and_opens(memory: ObservedStore) -> None:
    gate = memory.gates["close"] = asyncio.Event()
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."))
    await chat.open()
    closing = asyncio.create_task(chat.close())
    await memory.waiting["close"].wait()
    opening = asyncio.create_task(chat.open())
    await asyncio.sleep(0.01)
    assert not opening.done()
    gate.set()
    await asyncio.gather(closing, opening)
    assert (await post(chat, create())).status_code == 200
    await chat.close()


def test_one_event_loop_after_another(tmp_path: Path) -> None:
    chat = Chatkeep(f"sqlite:///{tmp_path}/chat.db", responder=ScriptedResponder("Yes."))

    async def ask() -> None:
        await asyncio.gather(chat.open(), chat.open())
        assert (await post(chat, create())).status_code == 200
        await asyncio.gather(chat.close(), chat.close())

    async def ask_and_leave() -> None:
        assert (await post(chat, create())).status_code == 200

    for _ in range(2):
        asyncio.run(ask())
    asyncio.run(chat.close())
    asyncio.run(chat.open())
    asyncio.run(ask_and_leave())
    asyncio.run(chat.close())


# One deadline


@pytest.mark.parametrize(
    ("call", "content"),
    [
        ("list_threads", body("threads.list")),
        ("update_thread", body("threads.update", thread_id="t", title="New")),
        ("get_thread", body("threads.add_user_message", thread_id="t", input=user_input("Hi"))),
        ("begin_turn", create()),
        ("get_thread", body("threads.sync_custom_action", thread_id="t", action={"type": "x"})),
        ("save_feedback", body("items.feedback", thread_id="t", item_ids=["i"], kind="positive")),
    ],
)
async def test_nothing_is_waited_for_for_ever(
    memory: ObservedStore, call: str, content: bytes
) -> None:
    gate = memory.gates[call] = asyncio.Event()
    settings = Settings(request_timeout=0.05)
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."), settings=settings)
    chat.sync_action(lambda _: None)
    async with chat.lifespan():
        response = await post(chat, content)
        assert (response.status_code, response.json()["error"]["code"]) == (
            503,
            "service.timed_out",
        )
        assert response.headers["retry-after"] == "1"
        gate.set()
        assert (await memory.inner.list_threads(ME, PageQuery())).data == []


@pytest.mark.parametrize("plain", [True, False], ids=["plain", "coroutine"])
async def test_nor_is_an_authenticator_or_a_guard(plain: bool) -> None:
    release = threading.Event()

    async def hang(*_: Any) -> None:
        await asyncio.get_running_loop().create_future()

    def block(*_: Any) -> None:
        release.wait(10)

    stuck = block if plain else hang
    options: list[dict[str, Any]] = [{"authenticate": stuck}, {"guards": [stuck]}]
    for option in options:
        chat = Chatkeep("memory:", settings=Settings(request_timeout=0.05), **option)
        async with chat.lifespan():
            response = await post(chat, body("threads.list"))
        assert (response.status_code, response.json()["error"]["code"]) == (
            503,
            "service.timed_out",
        )
    release.set()


async def test_ready_says_when_the_store_does_not_answer(memory: ObservedStore) -> None:
    memory.gates["ping"] = asyncio.Event()
    chat = Chatkeep(store=memory.store, settings=Settings(request_timeout=0.05))
    async with (
        chat.lifespan(),
        httpx2.AsyncClient(transport=InProcessTransport(chat.asgi())) as http,
    ):
        assert (await http.get("http://chat.test/health/ready")).status_code == 503
