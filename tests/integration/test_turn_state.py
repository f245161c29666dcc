"""What a responder wants to know again: kept with its turn, there at the next."""

from typing import Any

import pytest

from chatkeep import Chatkeep, Turn
from chatkeep.testing.client import connected
from chatkeep.testing.responder import Pause, ScriptedResponder
from support.events import collected, errors, streamed_text, thread_id_of
from support.stores import ObservedStore


def counting(turn: Turn) -> Any:
    async def count() -> str:
        known = await turn.get_state("counter")
        number = (known or {"number": 0})["number"] + 1
        turn.set_state("counter", {"number": number})
        return f"{number} "

    return count()


async def test_a_state_is_there_at_the_next_turn_of_its_thread(observed: ObservedStore) -> None:
    chat = Chatkeep(store=observed.store, responder=ScriptedResponder([counting]))
    async with connected(chat) as client:
        first = await collected(client.send("One"))
        second = await collected(client.send("Two", thread_id_of(first)))
        elsewhere = await collected(client.send("Another thread"))

    assert [streamed_text(events) for events in (first, second, elsewhere)] == ["1 ", "2 ", "1 "]


async def test_a_state_is_read_back_within_its_turn(memory: ObservedStore) -> None:
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder([counting, counting]))
    async with connected(chat) as client:
        assert streamed_text(await collected(client.send("Go"))) == "1 2 "


@pytest.mark.parametrize("end", ["stop", "error"])
async def test_a_state_is_kept_however_its_turn_ends(memory: ObservedStore, end: str) -> None:
    pause = Pause()
    broken = [counting, RuntimeError("no")] if end == "error" else [counting, pause]
    chat = Chatkeep(store=memory.store, responder=ScriptedResponder(broken, [counting]))
    async with connected(chat) as client:
        stream = client.send("Go")
        events = [await anext(stream)]
        thread_id = thread_id_of(events)
        if end == "stop":
            await pause.reached.wait()
            await client.stop(thread_id)
        await collected(stream)
        assert streamed_text(await collected(client.send("Again", thread_id))) == "2 "


@pytest.mark.parametrize("value", [object(), "x" * 2_000_000])
async def test_what_can_not_be_kept_is_refused_where_it_is_set(
    memory: ObservedStore, value: Any
) -> None:
    def keep(turn: Turn) -> None:
        turn.set_state("agent", value)

    chat = Chatkeep(store=memory.store, responder=ScriptedResponder(["So far", keep], [counting]))
    async with connected(chat) as client:
        events = await collected(client.send("Go"))
        assert errors(events)[0]["reason"] == "responder.failed"
        assert streamed_text(events) == "So far"
        after = await collected(client.send("Again", thread_id_of(events)))
        assert streamed_text(after) == "1 "


async def test_what_happens_to_a_value_after_it_was_set_is_not_kept(memory: ObservedStore) -> None:
    def keep(turn: Turn) -> None:
        value = {"number": 7}
        turn.set_state("counter", value)
        value["number"] = 100

    chat = Chatkeep(store=memory.store, responder=ScriptedResponder([keep], [counting]))
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Go")))
        assert streamed_text(await collected(client.send("Again", thread_id))) == "8 "
