"""Leases: what a holder does while its turns run, and what is found when it died."""

import asyncio

import pytest

from ...errors import NotFound
from ...stores.base import Store, TurnChanges
from .records import (
    ALICE,
    COLLEAGUE,
    HOLDER,
    NAMESAKE,
    a_piece,
    a_thread,
    a_turn,
    an_item,
    begin,
    begun,
)

OTHER = "host-b:1:x"
GONE = -1.0
"""The length of a lease that has lapsed already."""


class LeasesContract:
    """What a store promises about stops, renewals and turns left behind."""

    async def test_a_stop_reaches_the_holder_when_it_renews(self, store: Store) -> None:
        turn = await begun(store, "t1")
        other = await begun(store, "t2")
        assert (await store.renew(HOLDER, 30)).to_stop == set()
        stopped = await store.request_stop(ALICE, "t1")

        assert stopped is not None
        assert (stopped.id, stopped.stop_requested) == (turn.id, True)
        assert (await store.get_turn(ALICE, turn.id)).stop_requested
        assert (await store.renew(OTHER, 30)).active == set()
        held = await store.renew(HOLDER, 30)
        assert held.active == {turn.id, other.id}
        assert held.to_stop == {turn.id}

    async def test_there_is_nothing_to_stop_on_an_idle_thread(self, store: Store) -> None:
        turn = await begun(store)
        await store.finish_turn(turn, "finished", TurnChanges())

        assert await store.request_stop(ALICE, "t") is None
        assert not (await store.get_turn(ALICE, turn.id)).stop_requested
        with pytest.raises(NotFound):
            await store.request_stop(ALICE, "none")

    async def test_the_turn_on_a_thread_can_be_seen_without_stopping_it(self, store: Store) -> None:
        turn = await begun(store)
        assert await store.active_turn(ALICE, "t") == turn
        assert (await store.renew(HOLDER, 30)).to_stop == set()

        await store.finish_turn(turn, "finished", TurnChanges())
        assert await store.active_turn(ALICE, "t") is None
        with pytest.raises(NotFound):
            await store.active_turn(ALICE, "none")

    async def test_a_client_that_left_and_came_back_is_noted(self, store: Store) -> None:
        turn = await begun(store)
        await store.mark_delivered(ALICE, turn.id, False)
        assert not (await store.get_turn(ALICE, turn.id)).delivered

        await store.mark_delivered(ALICE, turn.id, True)
        assert (await store.get_turn(ALICE, turn.id)).delivered
        with pytest.raises(NotFound):
            await store.mark_delivered(ALICE, "none", False)

    @pytest.mark.parametrize("delivered", [True, False, None])
    async def test_the_end_of_a_turn_says_whether_its_client_was_there(
        self, store: Store, delivered: bool | None
    ) -> None:
        for before in (True, False):
            turn = await begun(store, f"t-{before}")
            await store.mark_delivered(ALICE, turn.id, before)
            await store.finish_turn(turn, "finished", TurnChanges(delivered=delivered))

            ended = await store.get_turn(ALICE, turn.id)
            assert ended.delivered is (before if delivered is None else delivered)

    async def test_a_renewal_is_for_the_turns_of_one_holder(self, store: Store) -> None:
        mine = [await begun(store, name, GONE) for name in ("t1", "t2")]
        other = await begun(store, "t3", GONE, holder=OTHER)
        held = await store.renew(HOLDER, 30)

        assert held.active == {turn.id for turn in mine}
        for turn in mine:
            assert not (await store.get_turn(ALICE, turn.id)).lapsed
        assert (await store.get_turn(ALICE, other.id)).lapsed

    async def test_what_has_ended_or_is_gone_is_not_held(self, store: Store) -> None:
        ended, gone, active = [await begun(store, name) for name in ("t1", "t2", "t3")]
        await store.finish_turn(ended, "stopped", TurnChanges())
        await store.delete_thread(ALICE, gone.thread_id)

        assert (await store.renew(HOLDER, 30)).active == {active.id}

    async def test_a_lease_lapses_by_itself(self, store: Store) -> None:
        turn = await begun(store, lease_seconds=0.05)
        await asyncio.sleep(0.1)  # there is nothing but time to wait for
        assert (await store.get_turn(ALICE, turn.id)).lapsed
        assert (await store.renew(HOLDER, 30)).active == {turn.id}
        assert not (await store.get_turn(ALICE, turn.id)).lapsed

    # Left behind

    async def test_turns_past_their_lease_are_found_whoever_owns_them(self, store: Store) -> None:
        for name, owner, lease in (
            ("dead1", ALICE, GONE),
            ("dead2", NAMESAKE, GONE),
            ("alive", COLLEAGUE, 30.0),
            ("ended", ALICE, GONE),
        ):
            turn = a_turn(name, owner, id=f"trn_{name}")
            await begin(store, turn, thread=a_thread(name), lease_seconds=lease)
            if name == "ended":
                await store.finish_turn(turn, "finished", TurnChanges())
        found = await store.orphaned_turns("nobody:")

        assert sorted(turn.id for turn in found) == ["trn_dead1", "trn_dead2"]
        assert {turn.owner for turn in found} == {ALICE, NAMESAKE}
        assert all(turn.lapsed for turn in found)
        for turn in found:
            assert turn == await store.get_turn(turn.owner, turn.id)

    async def test_turns_of_one_host_are_found_whatever_their_lease(self, store: Store) -> None:
        holders = ["host:1:a", "host:2:b", "HOST:1:a", "hostess:1:a", "ho%t:1:a", "ho_t:1:a"]
        for number, holder in enumerate(holders):
            await begun(store, f"t{number}", holder=holder)

        async def found(prefix: str) -> list[str]:
            return sorted(turn.holder for turn in await store.orphaned_turns(prefix))

        assert await found("host:") == ["host:1:a", "host:2:b"]
        assert await found("ho%t") == ["ho%t:1:a"]
        assert await found("ho_t") == ["ho_t:1:a"]
        assert await found("none:") == []

    async def test_a_turn_left_behind_can_be_taken_over(self, store: Store) -> None:
        turn = await begun(store, lease_seconds=GONE)
        await store.checkpoint(HOLDER, [a_piece(turn.id, 0, b"half an answer")])
        (left,) = await store.orphaned_turns("none:")
        assert [piece.data for piece in await store.load_checkpoints(left)] == [b"half an answer"]
        changes = TurnChanges(items=[an_item("kept", finished=False)])
        assert await store.finish_turn(left, "interrupted", changes, takeover=True) is True

        assert await store.finish_turn(turn, "finished", TurnChanges()) is False
        assert (await store.renew(HOLDER, 30)).active == set()
        assert await store.orphaned_turns(HOLDER) == []
        assert not (await store.get_item(ALICE, "t", "kept")).finished
        await begin(store, a_turn("t"))

    async def test_a_turn_that_was_renewed_meanwhile_is_not_taken_over(self, store: Store) -> None:
        turn = await begun(store, lease_seconds=GONE)
        (left,) = await store.orphaned_turns("none:")
        await store.renew(HOLDER, 30)
        changes = TurnChanges(items=[an_item("stolen")])

        assert await store.finish_turn(left, "interrupted", changes, takeover=True) is False
        with pytest.raises(NotFound):
            await store.get_item(ALICE, "t", "stolen")
        assert await store.finish_turn(turn, "finished", TurnChanges()) is True
