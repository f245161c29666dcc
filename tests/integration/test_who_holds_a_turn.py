"""Who holds a turn: what a worker does, and its client is told, when the thread is taken away."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest
from chatkit.types import ThreadItemUpdatedEvent, WidgetStreamingTextValueDelta
from sqlalchemy import create_engine, make_url, text

from chatkeep import Chatkeep, Context, Settings, Turn
from chatkeep.stores.base import Store, TurnChanges
from chatkeep.testing.client import connected
from chatkeep.testing.responder import Pause, ScriptedResponder
from support.clients import client_of
from support.crashes import WRITING
from support.events import (
    Event,
    collected,
    conversation,
    done,
    errors,
    of_type,
    streamed_text,
    thread_id_of,
)
from support.items import widget, widget_root, widget_texts, workflow
from support.stores import ObservedStore

ME = Context().owner
QUICK = Settings(
    lease_seconds=0.4, checkpoint_interval=0.02, sweep_interval=0.05, shutdown_grace=0.0
)


async def take_away(store: Store, thread_id: str) -> None:
    """End the thread's turn as another worker does which took its own for dead."""
    turn = await store.active_turn(ME, thread_id)
    assert turn is not None
    assert await store.finish_turn(turn, "interrupted", TurnChanges())


@pytest.mark.parametrize("then", ["says more", "ends", "ends an item"])
async def test_who_has_lost_the_thread_writes_nothing_and_says_so(
    observed: ObservedStore, then: str
) -> None:
    pause = Pause()
    more: dict[str, list[Any]] = {
        "says more": ["upon"],
        "ends an item": [lambda turn: workflow(turn, "x")],
    }
    responder = ScriptedResponder(["Once ", pause, *more.get(then, [])], "Again.")
    chat = Chatkeep(store=observed.store, responder=responder, settings=QUICK)
    async with connected(chat) as client:
        async with aclosing(client.send("Tell me")) as stream:
            events = [await anext(stream) for _ in range(5)]
            thread_id = thread_id_of(events)
            await pause.reached.wait()
            await take_away(observed.inner, thread_id)
            pause.end()
            events += await collected(stream)
        assert [error["reason"] for error in errors(events)] == ["turn.lost"]
        assert events[-1] in errors(events)
        assert [item["type"] for item in done(events)] == ["user_message"]
        items = (await client.items(thread_id, order="asc"))["data"]
        assert conversation(items) == [("user", "Tell me")]
        assert streamed_text(await collected(client.send("And now?", thread_id))) == "Again."


async def test_what_was_shown_is_kept_when_the_database_comes_back(
    observed: ObservedStore,
) -> None:
    """It was gone for everybody, for longer than a lease lasts, and no checkpoint has it."""
    responder = ScriptedResponder(["Once ", "upon"], "Again.")
    chat = Chatkeep(store=observed.store, responder=responder, settings=QUICK)
    async with connected(chat) as client:
        observed.broken = {*WRITING, "orphaned_turns", "load_checkpoints", "get_turn"}
        events = await collected(client.send("Tell me"))
        assert streamed_text(events) == "Once upon"
        assert len(errors(events)) == 1
        await asyncio.sleep(3 * QUICK.lease_seconds)
        observed.broken.clear()
        assert await observed.ends.get() == "finished"
        items = (await client.items(thread_id_of(events), order="asc"))["data"]
        assert conversation(items) == [("user", "Tell me"), ("assistant", "Once upon")]


@pytest.mark.parametrize("how", ["delete", "take away"])
async def test_who_has_lost_the_thread_stops_paying_the_model(
    observed: ObservedStore, how: str
) -> None:
    """Though the responder says nothing, and would wait for ever."""
    pause = Pause()
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder(["Once ", pause]))
    other = Chatkeep(store=ObservedStore(observed.inner).store, responder=ScriptedResponder("x"))
    async with chat.lifespan(), client_of(chat) as client, client_of(other) as elsewhere:
        async with aclosing(client.send("Tell me")) as stream:
            events = [await anext(stream) for _ in range(5)]
            await pause.reached.wait()
            if how == "delete":
                await elsewhere.delete(thread_id_of(events))
            else:
                await take_away(observed.inner, thread_id_of(events))
            events += await collected(stream)
        await pause.cancelled.wait()
        assert [error["reason"] for error in errors(events)] == ["turn.lost"]
        assert (await client.threads())["data"] == [] or how == "take away"


@pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)
async def test_a_lease_that_seems_to_have_lapsed_takes_nothing_from_who_lives(
    database: str,
) -> None:
    """As after a jump of the database's clock."""
    pause = Pause()
    settings = Settings(lease_seconds=10.0, sweep_interval=0.02)
    chat = Chatkeep(
        database, responder=ScriptedResponder(["Once ", pause, "upon"]), settings=settings
    )
    other = Chatkeep(database, responder=ScriptedResponder("x"), settings=settings)
    async with chat.lifespan(), other.lifespan(), client_of(chat) as client:
        async with aclosing(client.send("Tell me")) as stream:
            events = [await anext(stream) for _ in range(5)]
            for _ in range(5):
                await asyncio.to_thread(let_leases_lapse, database)
                await asyncio.sleep(0.3)
            pause.end()
            events += await collected(stream)
        assert errors(events) == []
        assert streamed_text(events) == "Once upon"


def let_leases_lapse(url: str) -> None:
    parsed = make_url(url)
    if parsed.drivername == "sqlite":
        engine = create_engine(parsed)
        with engine.begin() as connection:
            connection.execute(text("UPDATE chatkeep_turns SET lease_expires_at = 0"))
        engine.dispose()
    else:
        asyncio.run(_let_leases_lapse_in_postgres(url))


async def _let_leases_lapse_in_postgres(url: str) -> None:
    import asyncpg  # type: ignore[import-untyped]

    connection = await asyncpg.connect(url)
    try:
        await connection.execute("UPDATE chatkeep_turns SET lease_expires_at = 0")
    finally:
        await connection.close()


async def test_a_thread_that_came_free_while_one_looked_takes_the_message(
    memory: ObservedStore,
) -> None:
    """Two workers find a dead one's thread at once; the second must not say that it is busy."""
    responder = ScriptedResponder(["Once ", Pause()], "Again.")
    chat = Chatkeep(store=memory.store, responder=responder, settings=QUICK)
    await chat.open()
    async with client_of(chat) as client, aclosing(client.send("Tell me")) as stream:
        events = [await anext(stream) for _ in range(5)]
        thread_id = thread_id_of(events)
        turn = await memory.inner.active_turn(ME, thread_id)
        assert turn is not None
        heir = Chatkeep(
            store=ObservedStore(memory.inner).store,
            responder=responder,
            settings=Settings(lease_seconds=0.4),
        )
        async with connected(heir) as other:
            chat._worker._beats["_renew"].cancel()  # as if its process was stopped
            await asyncio.sleep(0.5)
            asking = asyncio.create_task(collected(other.send("And now?", thread_id)))
            await asyncio.sleep(0.05)
            await take_away(memory.inner, thread_id)
            assert streamed_text(await asking) == "Again."
    await chat.close()


# How many at once


async def test_turns_of_one_user_are_bounded(observed: ObservedStore) -> None:
    """However they are begun: at once, by clients that may come back, in as many threads."""
    pause = Pause()
    settings = Settings(max_turns_per_user=4)
    chat = Chatkeep(
        store=observed.store,
        responder=ScriptedResponder(["Once ", pause, "upon"]),
        settings=settings,
        authenticate=lambda request: Context(user=request.headers.get("x-user", "me")),
    )
    async with chat.lifespan(), client_of(chat) as client, client_of(chat, user="you") as you:
        reading = [asyncio.create_task(collected(client.send(f"Hi {n}"))) for n in range(64)]
        refused: set[asyncio.Task[list[Event]]] = set()
        while len(refused) < 60:
            refused, under_way = await asyncio.wait(
                reading, return_when=asyncio.FIRST_COMPLETED, timeout=0.01
            )
        for events in [task.result() for task in refused]:
            assert [error["reason"] for error in errors(events)] == ["turn.too_many"]
            assert of_type(events, "thread.created") == []
        other = asyncio.create_task(collected(you.send("Hi")))
        pause.end()
        answers = await asyncio.gather(*under_way)
        assert [streamed_text(events) for events in answers] == ["Once upon"] * 4
        assert streamed_text(await other) == "Once upon"
        assert len((await client.threads(limit=100))["data"]) == 4
        assert streamed_text(await collected(client.send("Now?"))) == "Once upon"


# What others write meanwhile


async def test_metadata_is_kept_by_its_keys(observed: ObservedStore) -> None:
    """A click during an answer, and the answer, each set a key of their own."""
    pause = Pause()
    chat = Chatkeep(store=observed.store)

    @chat.responder
    async def answer(turn: Turn) -> AsyncGenerator[str]:
        turn.thread.metadata["topic"] = "rent"
        turn.thread.metadata.pop("draft", None)
        yield "Once "
        await pause.wait()
        turn.thread.metadata["done"] = True
        yield "upon"

    @chat.sync_action
    def click(action: Any) -> None:
        action.thread.metadata["toggled"] = True

    async with connected(chat) as client:
        async with aclosing(client.send("Hi")) as stream:
            events = [await anext(stream) for _ in range(4)]
            await pause.reached.wait()
            await client.sync_action(thread_id_of(events), {"type": "toggle"})
            pause.end()
            await collected(stream)
        thread = await observed.inner.get_thread(ME, thread_id_of(events))
        assert thread.metadata == {"topic": "rent", "done": True, "toggled": True}


async def test_a_click_on_a_card_that_an_answer_changes_is_kept(observed: ObservedStore) -> None:
    pause = Pause()

    def show(turn: Turn) -> Any:
        return widget(turn, "Price: ", "off").model_copy(update={"id": "wgt_1"})

    def grow(_: Turn) -> Any:
        delta = WidgetStreamingTextValueDelta(component_id="text0", delta="10", done=True)
        return ThreadItemUpdatedEvent(item_id="wgt_1", update=delta)

    responder = ScriptedResponder([show], [grow, "Look. ", pause])
    chat = Chatkeep(store=observed.store, responder=responder)

    @chat.sync_action
    def click(action: Any) -> Any:
        return action.sender.model_copy(update={"widget": widget_root("Price: ", "on")})

    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Show me")))
        async with aclosing(client.send("How much?", thread_id)) as stream:
            await anext(stream)
            await pause.reached.wait()
            await client.sync_action(thread_id, {"type": "toggle"}, "wgt_1")
            pause.end()
            await collected(stream)
        items = (await client.items(thread_id, order="asc"))["data"]
        assert widget_texts(items[1]) == ["Price: 10", "on"]
