"""Whatever raises, hangs, is late or cancelled, wherever: a turn ends, what was shown is kept.

Each scenario is walked once without faults, which counts the places where it calls
its responder, its store and its live log. Then each fault happens at each place.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import msgspec
import pytest
from chatkit.types import (
    CustomTask,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemRemovedEvent,
    ThreadItemUpdatedEvent,
    URLSource,
    WidgetRootUpdated,
    WorkflowTaskAdded,
)

from chatkeep import Chatkeep, Context, Settings, Turn
from chatkeep.engine.dispatch import StreamReply
from chatkeep.live.memory import MemoryLiveLog
from chatkeep.stores.base import PageQuery
from chatkeep.stores.memory import MemoryStore
from support.clients import add, body, create
from support.events import Event, done, errors, of_type, text_of, thread_id_of
from support.faults import (
    ANSWER_LOST,
    HANGING,
    LATE,
    RAISING,
    Fault,
    FaultyLog,
    FaultyStore,
    Places,
    within,
)
from support.items import widget, widget_root, workflow

ME = Context().owner
SETTINGS = Settings(
    turn_timeout=0.4,
    idle_timeout=0.2,
    keep_timeout=0.05,
    lease_seconds=0.4,
    checkpoint_interval=0.02,
    sweep_interval=0.05,
    shutdown_grace=0.05,
    cancel_grace=0.05,
    title_timeout=0.05,
    heartbeat_interval=0.05,
)
PATIENCE = 10.0
"""Seconds in which everything must have come to its end. It takes a tenth of them."""

FAULTS = [*RAISING, HANGING, ANSWER_LOST, LATE]


class World:
    """A server with faults in it, and what its one client was told."""

    def __init__(self, fault: Fault | None = None, at: int | None = None) -> None:
        self.places = Places(fault, at)
        self.kept = MemoryStore()
        self.events: list[Event] = []
        self.removed: set[str] = set()
        self.chat = Chatkeep(
            store=FaultyStore(self.kept, self.places).store,
            live=FaultyLog(MemoryLiveLog(60, 1_000_000), self.places),
            settings=SETTINGS,
            titles=self._name,
        )
        self.chat.responder(self._answer)
        self.script: Callable[[Turn], AsyncGenerator[Any]] = plain_answer

    async def _name(self, _turn: Turn) -> str:
        await self.places.call("namer", _nothing)
        return "A name"

    async def _answer(self, turn: Turn) -> AsyncGenerator[Any]:
        async for output in self.script(turn):
            await self.places.call("responder", _nothing)
            yield output

    async def ask(self, request: bytes, *, live: bool = False) -> list[Event]:
        """Send a request and read its stream to the end, however it ends."""
        told: list[Event] = []
        try:
            reply = await self.chat.process(request, resumable=live)
            assert isinstance(reply, StreamReply)
            async for chunk in reply.stream:
                for frame in chunk.split(b"\n\n"):
                    event = frame.rpartition(b"data: ")[2]
                    if frame.startswith((b"data: ", b"id: ")) and event:
                        told.append(msgspec.json.decode(event))
        except (Exception, asyncio.CancelledError) as error:  # a broken answer
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            self.refusal = error
        finally:
            self.events += told
        return told

    async def items(self, thread_id: str) -> list[Any]:
        page = await self.kept.list_items(ME, thread_id, PageQuery(100, order="asc"), hidden=True)
        return [msgspec.json.decode(item.data) for item in page.data]

    async def assert_all_is_well(self, thread_id: str) -> None:
        """Faults are over: what was shown is there, and the thread answers."""
        self.places.watching = False
        self.places.over.set()
        self.script = plain_answer
        async with within(PATIENCE, "a further answer"):
            while not await self.is_answered(thread_id):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.02)
        async with within(PATIENCE, "the end of all turns"):
            while self.chat._worker.running or self.active():  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.02)
        async with within(PATIENCE, "closing"):
            await self.chat.close()
        await self.assert_kept(thread_id)
        await self.chat.store.close()

    async def is_answered(self, thread_id: str) -> bool:
        return bool(done(await self.ask(add(thread_id, "Still there?")), "assistant_message"))

    def active(self) -> list[str]:
        """The turns that have not ended."""
        return [turn.id for turn in self.kept._turns.values() if turn.status == "active"]

    async def assert_kept(self, thread_id: str) -> None:
        items = {item["id"]: item for item in await self.items(thread_id)}
        removed = {event["item_id"] for event in of_type(self.events, "thread.item.removed")}
        for item in done(self.events):
            if item["id"] not in removed:
                assert item["id"] in items, f"told as done, and not kept: {item}"
        for item_id, text in shown_texts(self.events).items():
            if text.strip() and item_id not in removed:
                assert item_id in items, f"shown, and not kept: {text}"
                assert text_of(items[item_id]).startswith(text)


async def _nothing() -> None:
    return None


def shown_texts(events: list[Event]) -> dict[str, str]:
    """The text of each message, as far as it was shown."""
    texts: dict[str, str] = {}
    for event in of_type(events, "thread.item.updated"):
        if event["update"]["type"] == "assistant_message.content_part.text_delta":
            item_id = event["item_id"]
            texts[item_id] = texts.get(item_id, "") + event["update"]["delta"]
    return texts


# Scenarios


async def plain_answer(_turn: Turn) -> AsyncGenerator[Any]:
    yield "Yes."


async def show_a_card(turn: Turn) -> AsyncGenerator[Any]:
    yield widget(turn, "Old").model_copy(update={"id": "wgt_1"})


async def everything(turn: Turn) -> AsyncGenerator[Any]:
    """All that a responder may do, some of it in tasks of its own."""
    flow = workflow(turn, "Search").model_copy(update={"id": "wf_1"})
    yield "Once "
    yield ThreadItemAddedEvent(item=flow)
    task = asyncio.create_task(turn.add_hidden_context("secret"))
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    update = WorkflowTaskAdded(task_index=1, task=CustomTask(title="Read"))
    yield ThreadItemUpdatedEvent(item_id="wf_1", update=update)
    yield "upon "
    await turn.cite(URLSource(title="Here", url="https://example.com"))
    turn.thread.metadata["mood"] = "calm"
    yield widget_root("New")
    changed = WidgetRootUpdated(widget=widget_root("Newer"))
    yield ThreadItemUpdatedEvent(item_id="wgt_1", update=changed)
    yield ThreadItemDoneEvent(item=flow)
    yield ThreadItemAddedEvent(item=workflow(turn, "x").model_copy(update={"id": "wf_2"}))
    yield ThreadItemRemovedEvent(item_id="wf_2")
    await turn.history()
    turn.set_state("me", 1)
    yield "a time."


async def first_message(world: World) -> str:
    await world.chat.open()
    world.script = everything_but_the_card
    world.places.watching = True
    events = await world.ask(create("Tell me"))
    if created := of_type(events, "thread.created"):
        return str(created[0]["thread"]["id"])
    world.places.watching = False
    world.places.over.set()
    return thread_id_of(await world.ask(create("Again")))


async def everything_but_the_card(turn: Turn) -> AsyncGenerator[Any]:
    async for output in everything(turn):
        if getattr(output, "item_id", "") != "wgt_1":
            yield output


async def further_message(world: World) -> str:
    world.script = show_a_card
    thread_id = thread_id_of(await world.ask(create("Show me")))
    world.script = everything
    world.places.watching = True
    await world.ask(add(thread_id, "Tell me"), live=True)
    return thread_id


async def retry(world: World) -> str:
    events = await world.ask(create("Tell me"))
    thread_id = thread_id_of(events)
    world.script = everything_but_the_card
    world.places.watching = True
    request = body("threads.retry_after_item", thread_id=thread_id, item_id=done(events)[0]["id"])
    world.events.clear()  # the old answer goes when there is a new one
    await world.ask(request)
    return thread_id


Scenario = Callable[[World], Awaitable[str]]
SCENARIOS = [first_message, further_message, retry]


async def places_of(scenario: Scenario) -> list[str]:
    world = World()
    async with within(PATIENCE, "a run without faults"):
        thread_id = await scenario(world)
    await world.assert_all_is_well(thread_id)
    assert errors(world.events) == []
    return world.places.seen


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_turn_ends_and_keeps_what_was_shown(
    scenario: Scenario, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL")
    places = await places_of(scenario)
    wrong: list[str] = []
    for start in range(0, len(places), 16):
        numbers = range(start, min(start + 16, len(places)))
        runs = [run_with(scenario, fault, number) for number in numbers]
        outcomes = await asyncio.gather(*runs, return_exceptions=True)
        wrong += [
            f"{outcome!r}"
            for number, outcome in zip(numbers, outcomes, strict=True)
            if outcome is not None
        ]
    assert wrong == [], "\n".join(wrong)


async def run_with(scenario: Scenario, fault: Fault, place: int) -> None:
    world = World(fault, place)
    try:
        async with within(PATIENCE, "the stream"):
            thread_id = await scenario(world)
        await world.assert_all_is_well(thread_id)
    except BaseException as error:
        seen = world.places.seen
        where = seen[place] if place < len(seen) else "nowhere"
        raise AssertionError(f"{where} (place {place}) {fault.name}: {error!r}") from error


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_a_turn_whose_request_is_cancelled_ends(
    scenario: Scenario, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL")
    await asyncio.gather(*(cancelled_after(scenario, rounds) for rounds in range(0, 120, 3)))


async def cancelled_after(scenario: Scenario, rounds: int) -> None:
    world = World()
    running = asyncio.ensure_future(scenario(world))
    while not world.places.watching:  # noqa: ASYNC110 - to be exact to a round
        await asyncio.sleep(0)
    for _round in range(rounds):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running], timeout=PATIENCE)
    threads = (await world.kept.list_threads(ME, PageQuery())).data
    for thread in threads:
        await world.assert_all_is_well(thread.id)
    if not threads:
        await world.chat.close()
