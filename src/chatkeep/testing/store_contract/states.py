"""States: what a responder wants to know again at its next turn of a thread."""

from typing import Any

import pytest

from ...errors import NotFound
from ...stores.base import Store, TurnChanges
from .records import ALICE, a_thread, a_turn, begin, begun


class StatesContract:
    """What a store promises about states."""

    @pytest.mark.parametrize("value", [{"run": [1, None, "\ud83d\x00"]}, [], "", 0, False, 2.5])
    async def test_a_state_comes_back_at_the_next_turn(self, store: Store, value: Any) -> None:
        turn = await begun(store)
        assert await store.get_state(ALICE, "t", "agent") is None
        await store.finish_turn(turn, "finished", TurnChanges(state={"agent": value}))

        assert await store.get_state(ALICE, "t", "agent") == value
        assert await store.get_state(ALICE, "t", "other") is None
        with pytest.raises(NotFound):
            await store.get_state(ALICE, "none", "agent")

    async def test_states_are_kept_by_name_and_thread(self, store: Store) -> None:
        for name, value in (("t1", 1), ("t2", 2)):
            turn = await begun(store, name)
            await store.finish_turn(turn, "failed", TurnChanges(state={"a": value, "b": -value}))
        again = a_turn("t1")
        await begin(store, again)
        await store.finish_turn(again, "stopped", TurnChanges(state={"a": "new", "b": None}))

        assert await store.get_state(ALICE, "t1", "a") == "new"
        assert await store.get_state(ALICE, "t1", "b") is None
        assert await store.get_state(ALICE, "t2", "a") == 2
        assert await store.get_state(ALICE, "t2", "b") == -2

    async def test_a_turn_that_lost_its_thread_keeps_no_state(self, store: Store) -> None:
        turn = await begun(store)
        await store.finish_turn(turn, "stopped", TurnChanges())
        await store.finish_turn(turn, "finished", TurnChanges(state={"agent": 1}))

        assert await store.get_state(ALICE, "t", "agent") is None

    async def test_a_state_goes_with_its_thread(self, store: Store) -> None:
        turn = await begun(store)
        await store.finish_turn(turn, "finished", TurnChanges(state={"agent": 1}))
        await store.delete_thread(ALICE, "t")
        await store.save_thread(ALICE, a_thread("t"))

        assert await store.get_state(ALICE, "t", "agent") is None
