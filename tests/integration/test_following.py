"""Following an answer from another worker: two of them on one database, nothing else running."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from chatkeep import Chatkeep, Context, Settings, Turn
from chatkeep.client import ChatClient, ClientFailure
from chatkeep.engine.recovery import RECOVERED
from chatkeep.live.entries import frames_of
from chatkeep.stores import open_store
from chatkeep.stores.memory import MemoryStore
from chatkeep.testing.client import URL, InProcessTransport
from chatkeep.testing.responder import Pause, ScriptedResponder
from support.clients import PLAIN, add, body, client_of, create, post
from support.crashes import DoomedWorker
from support.events import (
    Event,
    collected,
    done,
    errors,
    parsed,
    streamed_text,
    text_of,
    thread_id_of,
)
from support.postgresql import Server
from support.stores import ObservedStore

QUICK = Settings(checkpoint_interval=0.02, lease_seconds=0.4, sweep_interval=0.1)
FINISH = Settings(checkpoint_interval=0.02, on_disconnect="finish")


class Workers(NamedTuple):
    """Two workers, the first of which answers."""

    first: Chatkeep
    second: Chatkeep


def by_header(request: Any) -> Context:
    return Context(user=request.headers.get("x-user", "ada"))


@pytest.fixture(params=["sqlite", "postgres"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database that several workers can be on."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/chat.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@asynccontextmanager
async def workers(url: str, responder: Any, settings: Settings = QUICK) -> AsyncIterator[Workers]:
    first, second = (
        Chatkeep(url, responder=responder, settings=settings, authenticate=by_header)
        for _ in range(2)
    )
    async with first.lifespan(), second.lifespan():
        yield Workers(first, second)


async def begun(client: ChatClient, pause: Pause) -> tuple[str, AsyncGenerator[Event], list[Event]]:
    """Ask, and read until the answer pauses: the thread, the stream and what it brought."""
    stream = client.send("Hi")
    events = [await anext(stream)]
    await pause.reached.wait()
    return thread_id_of(events), stream, events


async def followed(
    chat: Chatkeep, thread_id: str, last: str | None = None, user: str = "ada"
) -> httpx2.Response:
    headers = {"chatkeep-live": "1", "x-user": user}
    if last is not None:
        headers["last-event-id"] = last
    return await post(chat, body("threads.follow", thread_id=thread_id), **headers)


def ids_of(response: httpx2.Response) -> list[str]:
    lines = response.text.split("\n")
    return [line.removeprefix("id: ") for line in lines if line.startswith("id: ")]


async def test_an_answer_is_followed_from_its_beginning_in_another_worker(shared: str) -> None:
    pause = Pause()
    responder = ScriptedResponder(["Once ", "upon ", pause, "a ", "time."])
    async with (
        workers(shared, responder) as two,
        client_of(two.first) as here,
        client_of(two.second) as there,
    ):
        thread_id, stream, events = await begun(here, pause)
        async with aclosing(there.follow(thread_id)) as remote:
            seen = [await anext(remote)]
            while "upon" not in streamed_text(seen):
                seen.append(await anext(remote))
            pause.end()
            events += await collected(stream)
            seen += await collected(remote)
        assert seen == events
        assert streamed_text(seen) == "Once upon a time."


async def test_an_answer_is_followed_on_after_any_event_and_its_ids_go_on(shared: str) -> None:
    pause = Pause()
    responder = ScriptedResponder(["a", "b", pause, "c", "d"])
    async with workers(shared, responder) as two, client_of(two.first) as here:
        thread_id, stream, _ = await begun(here, pause)
        active = await two.first.store.active_turn(Context(user="ada").owner, thread_id)
        assert active is not None
        following = [
            asyncio.create_task(followed(two.second, thread_id, f"{active.id}:{number}"))
            for number in range(-1, 7)
        ]
        pause.end()
        await collected(stream)
        whole = ids_of(await following[0])
        assert whole == [f"{active.id}:{number}" for number in range(-1, len(whole) - 1)]
        for number, task in enumerate(following):
            response = await task
            assert response.text.startswith(
                f"retry: 1000\nid: {active.id}:{number - 1}\ndata: \n\n"
            )
            assert ids_of(response) == whole[number:]


async def test_an_ended_answer_is_read_again_and_who_has_all_of_it_is_told_so(shared: str) -> None:
    async with workers(shared, ScriptedResponder(["a", "b"])) as two, client_of(two.first) as here:
        events = await collected(here.send("Hi"))
        thread_id = thread_id_of(events)
        turns = two.first._worker
        assert not turns.running
        response = await post(two.first, add(thread_id, "More"), **{"chatkeep-live": "1"})
        last = ids_of(response)[-1]
        turn_id, number = last.split(":")
        for chat in two:
            again = await followed(chat, thread_id, f"{turn_id}:0")
            assert ids_of(again) == [f"{turn_id}:{n}" for n in range(int(number) + 1)]
            assert (await followed(chat, thread_id, last)).status_code == 204
            assert (await followed(chat, thread_id)).status_code == 204

        store: Any = two.first.store
        await store.purge(streamed_seconds=0, turns_seconds=3600, limit=10)
        gone = await followed(two.second, thread_id, f"{turn_id}:0")
        assert (gone.status_code, gone.text) == (204, "")


async def test_who_follows_elsewhere_is_told_of_a_stop(shared: str) -> None:
    pause = Pause()
    responder = ScriptedResponder(["Once ", pause])
    async with workers(shared, responder) as two, client_of(two.second) as there:
        async with client_of(two.first) as here:
            thread_id, stream, _ = await begun(here, pause)
            async with aclosing(there.follow(thread_id)) as remote:
                seen = [await anext(remote)]
                await there.stop(thread_id)
                seen += await collected(remote)
            await collected(stream)
        assert streamed_text(seen) == "Once "
        (answer,) = done(seen, "assistant_message")
        assert text_of(answer) == "Once "
        assert errors(seen) == []


async def test_who_follows_elsewhere_is_told_of_a_deletion(shared: str) -> None:
    pause = Pause()
    responder = ScriptedResponder(["Once ", pause])
    async with workers(shared, responder) as two, client_of(two.first) as here:
        thread_id, stream, _ = await begun(here, pause)
        async with client_of(two.second) as there, aclosing(there.follow(thread_id)) as remote:
            seen = [await anext(remote)]
            await here.delete(thread_id)
            try:  # it is stopped before it is deleted, and some are quick enough to read that
                seen += await collected(remote)
            except ClientFailure as gone:
                assert gone.code == "not_found"  # noqa: PT017 - either is the truth
            else:
                assert [text_of(item) for item in done(seen, "assistant_message")] == ["Once "]
        await stream.aclose()


async def test_who_follows_elsewhere_is_told_of_a_takeover() -> None:
    pause = Pause()
    store = MemoryStore()
    doomed = DoomedWorker(store, ScriptedResponder(["Once ", "upon ", pause, "a time."]))
    async with doomed.chat.lifespan(), client_of(doomed.chat) as here:
        stream = here.send("Hi")
        events = await doomed.read_until(stream, pause)
        thread_id = thread_id_of(events)
        doomed.crashes()
        store.shared = True
        second = Chatkeep(store=store, responder=ScriptedResponder("no"), settings=QUICK)
        async with second.lifespan(), client_of(second) as there:
            turn_id = next(iter(doomed.chat._worker.running))
            seen = await collected(there.follow(thread_id, f"{turn_id}:99"))
            (answer,) = done(seen)
            assert text_of(answer) == "Once upon "
            assert [error["reason"] for error in errors(seen)] == ["turn.interrupted"]
            again = await post(
                second,
                body("threads.follow", thread_id=thread_id),
                **{"chatkeep-live": "1", "last-event-id": f"{turn_id}:99"},
            )
            numbers = [int(each.rpartition(":")[2]) for each in ids_of(again)]
            assert numbers == [99, RECOVERED, RECOVERED + 1]
        pause.end()
        await stream.aclose()


async def test_a_worker_that_closes_sends_its_followers_to_another_one(shared: str) -> None:
    pause = Pause()
    responder = ScriptedResponder(["Once ", pause, "upon."])
    async with workers(shared, responder) as two, client_of(two.first) as here:
        thread_id, stream, events = await begun(here, pause)
        following = asyncio.create_task(followed(two.second, thread_id))
        await until_followed(two.second)
        await two.second.close()
        hung_up = await following
        assert hung_up.text.endswith("\ndata: \n\n"), "come back"
        pause.end()
        events += await collected(stream)
        rest = await followed(two.first, thread_id, ids_of(hung_up)[-1])
        everything = [*ids_of(hung_up)[1:-1], *ids_of(rest)[1:]]
        assert len(set(everything)) == len(everything) == len(events)


async def until_followed(chat: Chatkeep) -> None:
    """Wait until someone reads what another worker streamed."""
    live: Any = chat.live
    while not live._watch._watched:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.005)


async def test_the_same_request_is_answered_once_whichever_worker_it_comes_to(shared: str) -> None:
    pause = Pause()
    responder = ScriptedResponder("Yes.", ["Once ", pause, "upon."])
    async with (
        workers(shared, responder, FINISH) as two,
        ChatClient(URL, headers=PLAIN, transport=InProcessTransport(two.first.asgi())) as here,
    ):
        thread_id = thread_id_of(await collected(here.send("Hi")))
        stream = here.send("Go", thread_id)
        await anext(stream)
        await pause.reached.wait()
        again = asyncio.create_task(post(two.second, add(thread_id, "Go")))
        await until_followed(two.second)
        pause.end()
        await stream.aclose()
        told = (await again).text
        assert streamed_text(parsed(told.encode())) == "Once upon."
        assert "id: " not in told
        items = (await here.items(thread_id))["data"]
        assert [item["type"] for item in items].count("user_message") == 2
        assert len(responder.turns) == 2


async def test_a_restart_of_the_database_costs_who_follows_nothing(own_postgres: Server) -> None:
    pause = Pause()
    responder = ScriptedResponder(["Once ", pause, "upon ", "a time."])
    async with (
        workers(own_postgres.url(), responder, FINISH) as two,
        client_of(two.first) as here,
        client_of(two.second) as there,
    ):
        thread_id, stream, events = await begun(here, pause)
        following = asyncio.create_task(collected(there.follow(thread_id)))
        await until_followed(two.second)
        await asyncio.to_thread(own_postgres.stop)
        await asyncio.to_thread(own_postgres.start)
        pause.end()
        events += await collected(stream)
        assert await following == events
        assert errors(events) == []


async def test_what_cant_be_known_right_now_is_not_taken_for_nothing(shared: str) -> None:
    pause = Pause()
    responder = ScriptedResponder(["Once ", pause])
    async with workers(shared, responder) as two, client_of(two.first) as here:
        thread_id, stream, _ = await begun(here, pause)
        store: Any = two.second.store
        store.progress = unavailable
        refused = await followed(two.second, thread_id)
        assert (refused.status_code, "10.0.0.7" in refused.text) == (503, False)
        del store.progress
        await here.stop(thread_id)
        await collected(stream)


async def unavailable(_turns: object) -> None:
    raise OSError("no route to 10.0.0.7")


@pytest.mark.parametrize("running", [True, False])
async def test_another_users_ids_give_nothing_away(shared: str, running: bool) -> None:
    pause = Pause()
    responder = ScriptedResponder(["Secret ", pause])
    async with workers(shared, responder) as two, client_of(two.first, user="eve") as eve:
        client = client_of(two.first, user="ada")
        async with client as ada:
            thread_id, stream, _ = await begun(ada, pause)
            active = await two.first.store.active_turn(Context(user="ada").owner, thread_id)
            assert active is not None
            if not running:
                await ada.stop(thread_id)
                await collected(stream)
            pause.end()
            eves = eve.send("Hi")
            own_thread = thread_id_of([await anext(eves)])
            await eve.stop(own_thread)
            await eves.aclose()
            for chat in two:
                for last in (f"{active.id}:0", f"{active.id}:-1", "trn_none:0", "no id", "a:b:c"):
                    theirs = await followed(chat, thread_id, last, user="eve")
                    none = await followed(chat, "thr_none", last, user="eve")
                    assert (theirs.status_code, theirs.text) == (none.status_code, none.text)
                    assert theirs.status_code == 404
                    own = await followed(chat, own_thread, last, user="eve")
                    assert (own.status_code, own.text) == (204, "")
            await stream.aclose()


async def test_a_turn_of_another_thread_is_not_followed_by_its_id(shared: str) -> None:
    async with workers(shared, ScriptedResponder("Yes.")) as two, client_of(two.first) as here:
        one = await post(
            two.first,
            add(thread_id_of(await collected(here.send("Hi"))), "One"),
            **{"chatkeep-live": "1"},
        )
        other = thread_id_of(await collected(here.send("Hi")))
        assert (await followed(two.second, other, ids_of(one)[0])).status_code == 204


async def test_a_title_that_comes_with_the_end_gives_no_event_another_number(
    memory: ObservedStore,
) -> None:
    """Whoever goes on in another worker would lose the event whose number the title has here."""
    named = asyncio.Event()
    memory.gates["finish_turn"] = asyncio.Event()

    async def name(_turn: Turn) -> str:
        await memory.waiting["finish_turn"].wait()
        named.set()
        return "A title"

    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Once."), titles=name)
    async with chat.lifespan():
        asking = asyncio.create_task(post(chat, create("Hi"), **{"chatkeep-live": "1"}))
        await named.wait()
        await memory.done["update_thread"].wait()
        await asyncio.sleep(0.05)  # nothing tells whether it would be published now
        memory.gates["finish_turn"].set()
        told = (await asking).text
        [turn] = await memory.turns()
        kept = frames_of(await memory.inner.load_checkpoints(turn), 0)
    assert "A title" in told
    numbered = dict(re.findall(r"id: \S+:(\d+)\n(data: .*)\n\n", told))
    ((first, frames),) = kept
    assert first == 0
    assert [numbered[str(number)] for number in range(len(frames))] == [
        frame.decode().removesuffix("\n\n") for frame in frames
    ]


async def test_a_store_of_one_process_alone_is_followed_in_memory() -> None:
    from chatkeep.live.memory import MemoryLiveLog

    assert isinstance(Chatkeep("memory:").live, MemoryLiveLog)
    assert open_store("memory:").shared is False
