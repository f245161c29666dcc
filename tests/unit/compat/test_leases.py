"""What is known of turns beside a store that knows of none, and for how long."""

import asyncio
import weakref
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chatkeep.compat.leases import Leases
from chatkeep.context import Owner
from chatkeep.errors import NotFound, TurnActive, TurnRepeated
from chatkeep.stores.base import TurnRecord

SHORT = 0.05


@dataclass
class User:
    """A context that equals another one with the same name."""

    name: str


class Session:
    """A context that equals nothing but itself."""


def a_turn(
    id_: str = "trn_1", thread_id: str = "thr_1", key: str = "key", **fields: Any
) -> TurnRecord:
    return TurnRecord(
        id=id_,
        owner=Owner("default", "local"),
        thread_id=thread_id,
        kind="threads.create",
        holder=fields.pop("holder", "worker"),
        started_at=fields.pop("started_at", datetime.now(UTC)),
        request_key=key,
    )


def collected(context: object) -> asyncio.Event:
    """An event that is set when nobody has the object any more."""
    gone = asyncio.Event()
    weakref.finalize(context, gone.set)
    return gone


def a_minute_ago() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=1)


def test_a_thread_has_one_turn() -> None:
    leases = Leases(60)
    first = a_turn()
    leases.take(first, may_repeat=True)
    with pytest.raises(TurnActive):
        leases.take(a_turn("trn_2", key="other"), may_repeat=True)
    with pytest.raises(TurnRepeated) as repeated:
        leases.take(a_turn("trn_2"), may_repeat=True)
    assert repeated.value.turn is first
    leases.release(first, "finished")
    leases.take(a_turn("trn_2", key="other"), may_repeat=True)


async def test_a_worker_is_told_of_its_own_turns() -> None:
    leases = Leases(60)
    leases.take(a_turn("trn_1", "thr_1"), may_repeat=False)
    stopped = a_turn("trn_2", "thr_2")
    stopped.stop_requested = True
    leases.take(stopped, may_repeat=False)
    leases.take(a_turn("trn_3", "thr_3", holder="another loop"), may_repeat=False)
    held = await leases.renew("worker", 30)
    assert held.active == {"trn_1", "trn_2"}
    assert held.to_stop == {"trn_2"}


async def test_a_turn_that_has_ended_is_known_for_a_while_whether_it_was_lost_or_not() -> None:
    leases = Leases(SHORT)
    turn = a_turn()
    leases.take(turn, may_repeat=False)
    leases.release(turn, "finished")
    assert leases.get("trn_1") is turn
    number = 0
    with pytest.raises(NotFound):
        async with asyncio.timeout(10):
            while leases.get("trn_1") is turn:
                await asyncio.sleep(SHORT)
                number += 1
                leases.take(a_turn(f"trn_2{number}", f"thr_2{number}"), may_repeat=False)


async def test_a_context_with_an_equality_of_its_own_is_kept_for_the_window_and_no_longer() -> None:
    leases = Leases(SHORT)
    context = User("ann")
    gone = collected(context)
    leases.lose(a_turn(), context)
    assert leases.lost("thr_2", "key", User("ann"), a_minute_ago())
    assert not leases.lost("thr_2", "key", User("bob"), a_minute_ago())
    del context
    assert not gone.is_set()
    await asyncio.wait_for(gone.wait(), 10)
    assert not leases.lost("thr_2", "key", User("ann"), a_minute_ago())


async def test_a_context_that_equals_only_itself_is_not_kept_at_all() -> None:
    leases = Leases(3600)
    context = Session()
    gone = collected(context)
    leases.lose(a_turn(), context)
    assert leases.lost("thr_2", "key", context, a_minute_ago())
    assert not leases.lost("thr_2", "key", Session(), a_minute_ago())
    del context
    assert gone.is_set()
    assert not leases.lost("thr_2", "key", None, a_minute_ago())
    assert leases.lost("thr_1", "key", Session(), a_minute_ago()), "the thread itself is enough"


async def test_of_a_long_answer_no_context_is_kept() -> None:
    """The same request would be a new one by the time that the answer is lost."""
    leases = Leases(60)
    context = User("ann")
    gone = collected(context)
    leases.lose(a_turn(started_at=datetime.now(UTC) - timedelta(minutes=5)), context)
    del context
    assert gone.is_set()


async def test_an_answer_that_arrived_after_all_is_lost_no_more() -> None:
    leases = Leases(3600)
    turn, context = a_turn(), User("ann")
    gone = collected(context)
    leases.take(turn, may_repeat=False)
    leases.lose(turn, context)
    leases.deliver(turn.id)
    assert not leases.lost("thr_1", "key", context, a_minute_ago())
    del context
    assert gone.is_set()


@pytest.mark.parametrize("context", [None, "ann", 7, ("ann", 1), {"user": "ann"}])
async def test_plain_values_are_contexts_too(context: Any) -> None:
    leases = Leases(3600)
    leases.lose(a_turn(), context)
    assert leases.lost("thr_2", "key", context, a_minute_ago())
    assert not leases.lost("thr_2", "key", object(), a_minute_ago())


def test_a_loop_that_has_ended_keeps_nothing_from_being_forgotten() -> None:
    leases = Leases(0)

    async def lose() -> None:
        leases.lose(a_turn(started_at=datetime.now(UTC) + timedelta(seconds=5)), User("ann"))

    asyncio.run(lose())
    leases.take(a_turn("trn_2", "thr_2", key="other"), may_repeat=False)
    assert not leases.lost("thr_1", "key", User("ann"), a_minute_ago())
