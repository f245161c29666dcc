"""Actions, feedback and dictation: who may, what fails, and what a repeat does."""

import asyncio
import threading
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from chatkit.types import ClosedStatus, LockedStatus

from chatkeep import Chatkeep, Context, Feedback, Settings, TurnError, WidgetAction
from chatkeep.errors import HandlerFailed, InvalidRequest, ServiceUnavailable, ThreadBusy
from chatkeep.testing.client import connected
from chatkeep.testing.responder import Pause, ScriptedResponder
from chatkeep.testing.server import serve
from support.clients import body, client_of, create, post
from support.events import collected, done, thread_id_of
from support.stores import SECRET, ObservedStore

JSON = {"content-type": "application/json"}
ME = Context().owner


async def a_thread(chat: Chatkeep) -> str:
    async with client_of(chat) as client:
        return thread_id_of(await collected(client.send("Hi")))


def click(thread_id: str, **payload: Any) -> bytes:
    action = {"type": "buy", "payload": payload}
    return body("threads.sync_custom_action", thread_id=thread_id, action=action)


def error_of(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


# What the client says is the client's


async def test_what_a_client_says_is_never_what_the_server_knows() -> None:
    async def authenticate(_: Any) -> Context:
        return Context(metadata={"plan": "free"})

    responder = ScriptedResponder("Yes.")
    chat = Chatkeep("memory:", responder=responder, authenticate=authenticate)
    async with chat.lifespan():
        content = create().replace(b"{", b'{"metadata":{"plan":"pro"},', 1)
        assert (await post(chat, content)).status_code == 200
        assert (await post(chat, create("2"))).status_code == 200
    first, second = (turn.context for turn in responder.turns)
    assert first.metadata == second.metadata == {"plan": "free"}
    assert (first.request_metadata, second.request_metadata) == ({"plan": "pro"}, {})


# Threads that are not to be written in


@pytest.mark.parametrize("status", ["locked", "closed"])
async def test_no_action_is_taken_in_a_thread_that_is(observed: ObservedStore, status: str) -> None:
    clicks: list[WidgetAction] = []

    def lock(turn: Any) -> None:
        kind = LockedStatus if status == "locked" else ClosedStatus
        turn.thread.status = kind(reason="Closed for today.")

    async def acted(action: WidgetAction) -> None:
        clicks.append(action)

    chat = Chatkeep(store=observed.store, responder=ScriptedResponder([lock, "Yes."]))
    chat.sync_action(acted)
    async with chat.lifespan():
        response = await post(chat, click(await a_thread(chat)))
    assert error_of(response) == (409, f"thread.{status}")
    assert response.json()["error"]["message"] == "Closed for today."
    assert clicks == []


# What a handler raises


class NoCredit(TurnError):
    """Your card was declined."""

    code = "card.declined"


RAISED = [
    (NoCredit(), 422, "card.declined"),
    (TurnError("Sold out."), 422, "turn.failed"),
    (ThreadBusy(), 409, "thread.busy"),
    (InvalidRequest("Which one?"), 400, "request.invalid"),
    (RuntimeError(SECRET), 422, "handler.failed"),
    (ServiceUnavailable(SECRET), 422, "handler.failed"),
    (TimeoutError(SECRET), 422, "handler.failed"),
    (StopIteration(SECRET), 422, "handler.failed"),
]


@pytest.mark.parametrize(("error", "status", "code"), RAISED, ids=repr)
@pytest.mark.parametrize("plain", [True, False], ids=["plain", "coroutine"])
async def test_what_a_handler_raises_has_a_status_that_is_not_sent_again(
    error: Exception, status: int, code: str, plain: bool
) -> None:
    async def fail(*_: Any) -> None:
        raise error

    def fail_plainly(*_: Any) -> None:
        raise error

    if not plain and isinstance(error, StopIteration):
        return  # Python itself makes a RuntimeError of it
    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."))
    chat.sync_action(fail_plainly if plain else fail)
    chat.transcribe(fail_plainly if plain else fail)
    async with chat.lifespan():
        for content in (
            click(await a_thread(chat)),
            body("input.transcribe", audio_base64="aGk=", mime_type="audio/webm"),
        ):
            response = await post(chat, content)
            assert error_of(response) == (status, code)
            assert SECRET not in response.text
            if code == "handler.failed":
                assert "error err_" in response.text


async def test_a_store_that_fails_after_a_handler_is_not_answered_5xx(
    memory: ObservedStore,
) -> None:
    async def rename(action: WidgetAction) -> None:
        action.thread.title = "New"

    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."))
    chat.sync_action(rename)
    async with chat.lifespan():
        thread_id = await a_thread(chat)
        memory.broken = {"update_thread"}
        assert error_of(await post(chat, click(thread_id))) == (422, "handler.failed")
        memory.broken = {"get_thread"}  # before it: nothing has run
        assert error_of(await post(chat, click(thread_id))) == (500, "internal")


async def test_programs_see_what_their_handler_raised() -> None:
    async def fail(_: WidgetAction) -> None:
        raise LookupError("no such article")

    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."))
    chat.sync_action(fail)
    async with chat.lifespan():
        thread_id = await a_thread(chat)
        with pytest.raises(HandlerFailed) as failure:
            await chat.process(click(thread_id))
        assert isinstance(failure.value.__cause__, LookupError)


@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeError(SECRET), 200), (NoCredit(), 422), (ThreadBusy(), 409)]
)
async def test_feedback_is_kept_and_told_to_all_whatever_one_raises(
    memory: ObservedStore, error: Exception, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[Feedback] = []
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."))

    @chat.on_feedback
    async def fail(_: Feedback) -> None:
        raise error

    @chat.on_feedback
    async def tell(feedback: Feedback) -> None:
        told.append(feedback)

    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        thread_id, item_id = thread_id_of(events), done(events)[1]["id"]
        content = body("items.feedback", thread_id=thread_id, item_ids=[item_id], kind="positive")
        response = await post(chat, content)
        assert response.status_code == status
        assert len(told) == 1
        (kept,) = await memory.store.list_feedback(ME, thread_id)
        assert kept.kind == "positive"
    assert (SECRET in caplog.text) is isinstance(error, RuntimeError)


# A click that comes again


class Shop:
    """Counts what is bought, each when the test lets it."""

    def __init__(self, *, settings: Settings | None = None) -> None:
        self.bought = 0
        self.paying = asyncio.Event()
        self.pause = Pause()
        self.chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."), settings=settings)
        self.chat.sync_action(self.buy)

    async def buy(self, _: WidgetAction) -> None:
        self.bought += 1
        self.paying.set()
        await self.pause.wait()


async def leave_after(address: str, content: bytes, until: asyncio.Event) -> None:
    """Send a request, and cut the connection when something has happened."""
    parts = urlsplit(address)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = b"POST /chatkit HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    writer.write(head + b"content-length: %d\r\n\r\n" % len(content) + content)
    await writer.drain()
    await until.wait()
    writer.transport.abort()


async def all_have_left(chat: Chatkeep) -> None:
    """Wait until the server knows that nobody waits for its handlers."""
    runs = chat._dispatcher._once._runs
    while any(run.waiting for each in runs.values() for run in each):  # noqa: ASYNC110
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("when", ["while it runs", "after it ended"])
async def test_a_click_that_is_sent_five_times_runs_once(when: str) -> None:
    shop = Shop()
    async with serve(shop.chat.asgi()) as address, httpx2.AsyncClient(base_url=address) as http:
        thread_id = await a_thread(shop.chat)
        content = click(thread_id)
        await leave_after(address, content, shop.paying)
        await all_have_left(shop.chat)
        if when == "after it ended":
            shop.pause.end()
            (run,) = next(iter(shop.chat._dispatcher._once._runs.values()))
            await asyncio.wait([run.task])
        again = [
            asyncio.create_task(http.post("/chatkit", content=content, headers=JSON))
            for _ in range(4)
        ]
        await asyncio.sleep(0.05)
        shop.pause.end()
        responses = await asyncio.gather(*again)
        assert [response.status_code for response in responses] == [200] * 4
        assert shop.bought == 1


async def test_a_repeat_that_is_cut_too_finds_the_first_still_running() -> None:
    shop = Shop()
    async with serve(shop.chat.asgi()) as address, httpx2.AsyncClient(base_url=address) as http:
        content = click(await a_thread(shop.chat))
        for _ in range(3):
            await leave_after(address, content, shop.paying)
            await all_have_left(shop.chat)
        shop.pause.end()
        assert (await http.post("/chatkit", content=content, headers=JSON)).status_code == 200
    assert shop.bought == 1


async def test_two_clicks_are_two() -> None:
    shop = Shop()
    shop.pause.end()
    async with shop.chat.lifespan():
        content = click(await a_thread(shop.chat))
        for _ in range(2):
            assert (await post(shop.chat, content)).status_code == 200
    assert shop.bought == 2


async def test_two_clicks_at_once_are_two() -> None:
    shop = Shop()
    async with shop.chat.lifespan():
        content = click(await a_thread(shop.chat))
        both = [asyncio.create_task(post(shop.chat, content)) for _ in range(2)]
        await shop.pause.reached.wait()
        await asyncio.sleep(0.01)
        shop.pause.end()
        await asyncio.gather(*both)
    assert shop.bought == 2


async def test_another_click_or_another_person_is_no_repeat() -> None:
    def who(request: Any) -> Context:
        return Context(user=request.headers.get("x-user", "ann"))

    shop = Shop()
    shop.chat.authenticate = who
    async with serve(shop.chat.asgi()) as address, httpx2.AsyncClient(base_url=address) as http:
        response = await http.post("/chatkit", content=create(), headers=JSON)
        thread_id = response.text.split('"thread":{"id":"')[1].split('"')[0]
        await leave_after(address, click(thread_id), shop.paying)
        await all_have_left(shop.chat)
        shop.pause.end()
        for content, user in ((click(thread_id, n=2), "ann"), (click(thread_id), "bob")):
            await http.post("/chatkit", content=content, headers=JSON | {"x-user": user})
    assert shop.bought == 2, "bob has no such thread"


async def test_a_handler_that_takes_too_long_goes_on_and_is_found_again() -> None:
    shop = Shop(settings=Settings(request_timeout=0.1))
    async with shop.chat.lifespan():
        content = click(await a_thread(shop.chat))
        response = await post(shop.chat, content)
        assert error_of(response) == (422, "handler.timed_out"), "clients send a 5xx again"
        shop.pause.end()
        assert (await post(shop.chat, content)).status_code == 200
    assert shop.bought == 1


async def test_what_has_not_begun_when_its_client_leaves_never_begins(
    memory: ObservedStore,
) -> None:
    bought: list[WidgetAction] = []
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."))
    chat.sync_action(bought.append)
    async with serve(chat.asgi()) as address, httpx2.AsyncClient(base_url=address) as http:
        content = click(await a_thread(chat))
        gate = memory.gates["get_thread"] = asyncio.Event()
        await leave_after(address, content, memory.waiting["get_thread"])
        await all_have_left(chat)
        gate.set()
        assert (await http.post("/chatkit", content=content, headers=JSON)).status_code == 200
    assert len(bought) == 1


async def test_what_a_handler_waited_for_may_have_been_cancelled() -> None:
    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."))

    @chat.sync_action
    async def wait(_: WidgetAction) -> None:
        raise asyncio.CancelledError

    async with chat.lifespan():
        assert error_of(await post(chat, click(await a_thread(chat)))) == (422, "handler.failed")


async def test_what_is_dictated_twice_is_heard_once() -> None:
    heard, pause = [], Pause()
    chat = Chatkeep("memory:")
    began = asyncio.Event()

    @chat.transcribe
    async def listen(audio: Any, _: Context) -> str:
        heard.append(audio)
        began.set()
        await pause.wait()
        return "two words"

    content = body("input.transcribe", audio_base64="aGk=", mime_type="audio/webm")
    async with serve(chat.asgi()) as address, httpx2.AsyncClient(base_url=address) as http:
        await leave_after(address, content, began)
        await all_have_left(chat)
        pause.end()
        response = await http.post("/chatkit", content=content, headers=JSON)
    assert (response.json(), len(heard)) == ({"text": "two words"}, 1)


# What blocks stops nobody else


async def test_plain_functions_may_block() -> None:
    """Each of them waits for something that only the event loop can do."""
    loop = asyncio.get_running_loop()
    threads = set()

    def block(*_: Any) -> None:
        threads.add(threading.current_thread())
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(10)

    def authenticate(_: Any) -> Context:
        block()
        return Context()

    def name(_: Any) -> str:
        block()
        return "Named"

    def listen(*_: Any) -> str:
        block()
        return "heard"

    chat = Chatkeep(
        "memory:",
        responder=ScriptedResponder("Yes."),
        authenticate=authenticate,
        titles=name,
        guards=[block],
    )
    chat.sync_action(block)
    chat.transcribe(listen)
    chat.on_feedback(block)
    async with connected(chat) as client:
        events = await collected(client.send("Hi"))
        thread_id = thread_id_of(events)
        assert (await client.thread(thread_id))["title"] == "Named"
        await client.sync_action(thread_id, {"type": "x"})
        await client.feedback(thread_id, [done(events)[1]["id"]], "positive")
        assert await client.transcribe("aGk=", "audio/webm") == "heard"
    assert threading.main_thread() not in threads
