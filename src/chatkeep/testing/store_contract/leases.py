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
    NOON,
    a_thread,
    a_turn,
    an_item,
    begun,
    minutes,
)


class LeasesContract:
    """What a store promises about stops, checkpoints and turns left behind."""

    async def test_a_stop_reaches_the_holder_at_its_next_checkpoint(self, store: Store) -> None:
        turn = await begun(store, "t1")
        await begun(store, "t2")
        assert await store.checkpoint(HOLDER, NOON + minutes(1), []) == []
        stopped = await store.request_stop(ALICE, "t1")

        assert stopped is not None
        assert (stopped.id, stopped.stop_requested) == (turn.id, True)
        assert (await store.get_turn(ALICE, turn.id)).stop_requested
        assert await store.checkpoint("host-b:1:x", NOON + minutes(1), []) == []
        assert await store.checkpoint(HOLDER, NOON + minutes(1), []) == [turn.id]

    async def test_there_is_nothing_to_stop_on_an_idle_thread(self, store: Store) -> None:
        turn = await begun(store)
        await store.finish_turn(turn, "finished", TurnChanges())

        assert await store.request_stop(ALICE, "t") is None
        assert not (await store.get_turn(ALICE, turn.id)).stop_requested
        with pytest.raises(NotFound):
            await store.request_stop(ALICE, "none")

    async def test_a_client_that_left_and_came_back_is_noted(self, store: Store) -> None:
        turn = await begun(store)
        await store.mark_delivered(ALICE, turn.id, False)
        assert not (await store.get_turn(ALICE, turn.id)).delivered

        await store.mark_delivered(ALICE, turn.id, True)
        assert (await store.get_turn(ALICE, turn.id)).delivered
        with pytest.raises(NotFound):
            await store.mark_delivered(ALICE, "none", False)

    async def test_a_checkpoint_renews_the_leases_of_its_holder_only(self, store: Store) -> None:
        mine = [await begun(store, name) for name in ("t1", "t2")]
        other = await begun(store, "t3", holder="host-b:1:x")
        renewed = NOON + minutes(5)
        await store.checkpoint(HOLDER, renewed, [(mine[0].id, b"said")])

        for turn in mine:
            assert (await store.get_turn(ALICE, turn.id)).lease_expires_at == renewed
        assert await store.get_turn(ALICE, other.id) == other

    async def test_checkpoints_come_back_in_order_for_each_turn(self, store: Store) -> None:
        one, two = await begun(store, "t1"), await begun(store, "t2")
        lease = NOON + minutes(1)
        await store.checkpoint(HOLDER, lease, [(one.id, b"a"), (two.id, b"x"), (one.id, b"b")])
        await store.checkpoint(HOLDER, lease, [])
        await store.checkpoint(HOLDER, lease, [(two.id, b"y"), (one.id, b"c")])

        assert await store.load_checkpoints(one) == [b"a", b"b", b"c"]
        assert await store.load_checkpoints(two) == [b"x", b"y"]

    async def test_a_checkpoint_of_anothers_or_an_ended_turn_is_dropped(self, store: Store) -> None:
        mine, ended = await begun(store, "t1"), await begun(store, "t2")
        other = await begun(store, "t3", holder="host-b:1:x")
        await store.finish_turn(ended, "finished", TurnChanges())
        frames = [(turn.id, b"said") for turn in (other, ended, mine)]
        await store.checkpoint(HOLDER, NOON + minutes(1), [*frames, ("none", b"said")])

        assert await store.load_checkpoints(mine) == [b"said"]
        assert await store.load_checkpoints(other) == []
        assert await store.load_checkpoints(ended) == []

    async def test_many_checkpoints_at_once_keep_every_frame(self, store: Store) -> None:
        turns = [await begun(store, f"t{number}", holder=f"h{number}") for number in range(4)]
        async with asyncio.timeout(60):
            await asyncio.gather(
                *(
                    store.checkpoint(turn.holder, turn.lease_expires_at, [(turn.id, b"said")])
                    for turn in turns
                    for _ in range(4)
                )
            )

        for turn in turns:
            assert await store.load_checkpoints(turn) == [b"said"] * 4

    # Left behind

    async def test_turns_past_their_lease_are_found_whoever_owns_them(self, store: Store) -> None:
        soon, late = NOON + minutes(1), NOON + minutes(10)
        for name, owner, lease in (
            ("dead1", ALICE, soon),
            ("dead2", NAMESAKE, soon),
            ("alive", COLLEAGUE, late),
            ("ended", ALICE, soon),
        ):
            turn = a_turn(name, owner, id=f"trn_{name}", lease_expires_at=lease)
            await store.begin_turn(turn, thread=a_thread(name))
            if name == "ended":
                await store.finish_turn(turn, "finished", TurnChanges())
        found = await store.expired_turns(NOON + minutes(5), "nobody:")

        assert sorted(turn.id for turn in found) == ["trn_dead1", "trn_dead2"]
        assert {turn.owner for turn in found} == {ALICE, NAMESAKE}
        for turn in found:
            assert turn == await store.get_turn(turn.owner, turn.id)

    async def test_turns_of_one_host_are_found_whatever_their_lease(self, store: Store) -> None:
        holders = ["host:1:a", "host:2:b", "HOST:1:a", "hostess:1:a", "ho%t:1:a", "ho_t:1:a"]
        for number, holder in enumerate(holders):
            await begun(store, f"t{number}", holder=holder)

        async def found(prefix: str) -> list[str]:
            return sorted(turn.holder for turn in await store.expired_turns(NOON, prefix))

        assert await found("host:") == ["host:1:a", "host:2:b"]
        assert await found("ho%t") == ["ho%t:1:a"]
        assert await found("ho_t") == ["ho_t:1:a"]
        assert await found("none:") == []

    async def test_a_turn_left_behind_can_be_recovered(self, store: Store) -> None:
        turn = await begun(store)
        await store.checkpoint(HOLDER, NOON + minutes(1), [(turn.id, b"half an answer")])
        (left,) = await store.expired_turns(NOON + minutes(5), "none:")
        assert await store.load_checkpoints(left) == [b"half an answer"]
        changes = TurnChanges(items=[an_item("kept", finished=False)])
        assert await store.finish_turn(left, "interrupted", changes) is True

        assert await store.finish_turn(turn, "finished", TurnChanges()) is False
        assert await store.expired_turns(NOON + minutes(5), HOLDER) == []
        assert not (await store.get_item(ALICE, "t", "kept")).finished
        await store.begin_turn(a_turn("t"))
