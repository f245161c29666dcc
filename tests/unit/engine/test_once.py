"""A request that comes again, and one that is another."""

import asyncio
from typing import Any

import pytest

from chatkeep.context import Owner
from chatkeep.engine.once import ClientGone, OnceRunner, mark_irrevocable, never
from chatkeep.errors import HandlerFailed, HandlerTimedOut, RequestTimedOut

KEY = (Owner("t", "u"), "digest")


class Client:
    """Waits for an answer, until it leaves."""

    def __init__(self, once: OnceRunner, work: Any, patience: float = 60.0) -> None:
        self._left = asyncio.Event()
        self.answer = asyncio.create_task(once.answer(KEY, work, self._gone, patience))

    async def _gone(self) -> None:
        await self._left.wait()

    async def leave(self) -> None:
        self._left.set()
        with pytest.raises(ClientGone):
            await self.answer


class Work:
    """Counts how often it runs; ends when it is told to."""

    def __init__(self, error: Exception | None = None, *, irrevocable: bool = True) -> None:
        self.runs = 0
        self.irrevocable = irrevocable
        self.end = asyncio.Event()
        self._error = error

    async def __call__(self) -> bytes:
        self.runs += 1
        if self.irrevocable:
            mark_irrevocable()
        await self.end.wait()
        if self._error is not None:
            raise self._error
        return b"done"


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_repeats_wait_for_the_first_whose_client_has_gone() -> None:
    once, work = OnceRunner(60.0), Work()
    first = Client(once, work)
    await settled()
    await first.leave()
    again = [Client(once, work) for _ in range(4)]
    await settled()
    work.end.set()
    assert [await client.answer for client in again] == [b"done"] * 4
    assert work.runs == 1


async def test_an_answer_that_nobody_got_is_given_to_the_repeat() -> None:
    once, work = OnceRunner(60.0), Work()
    first = Client(once, work)
    await settled()
    await first.leave()
    work.end.set()
    await settled()
    assert await Client(once, work).answer == b"done"
    assert work.runs == 1


async def test_an_error_that_nobody_got_is_too() -> None:
    once, work = OnceRunner(60.0), Work(LookupError("gone"))
    first = Client(once, work)
    await settled()
    await first.leave()
    work.end.set()
    await settled()
    with pytest.raises(LookupError):
        await Client(once, work).answer
    assert work.runs == 1


async def test_what_was_answered_runs_again_when_it_is_asked_again() -> None:
    once, work = OnceRunner(60.0), Work()
    work.end.set()
    for runs in (1, 2, 3):
        assert await Client(once, work).answer == b"done"
        assert work.runs == runs
    assert once._runs == {}


async def test_two_at_once_are_two() -> None:
    once, work = OnceRunner(60.0), Work()
    both = [Client(once, work), Client(once, work)]
    await settled()
    work.end.set()
    await asyncio.gather(*(client.answer for client in both))
    assert work.runs == 2


async def test_of_two_at_once_the_one_is_repeated_that_was_lost() -> None:
    once, work = OnceRunner(60.0), Work()
    lost, kept = Client(once, work), Client(once, work)
    await settled()
    await lost.leave()
    again = Client(once, work)
    await settled()
    work.end.set()
    assert await again.answer == await kept.answer == b"done"
    assert work.runs == 2


async def test_after_the_window_it_is_a_request_of_its_own() -> None:
    once, work = OnceRunner(0.0), Work()
    first = Client(once, work)
    await settled()
    await first.leave()
    work.end.set()
    await asyncio.sleep(0.01)
    assert await Client(once, work).answer == b"done"
    assert work.runs == 2
    assert once._runs == {}


async def test_impatience_is_a_loss_too() -> None:
    once, work = OnceRunner(60.0), Work()
    with pytest.raises(HandlerTimedOut):
        await Client(once, work, patience=0.01).answer
    again = Client(once, work)
    await settled()
    work.end.set()
    assert await again.answer == b"done"
    assert work.runs == 1


async def test_what_can_be_taken_back_is() -> None:
    once, work = OnceRunner(60.0), Work(irrevocable=False)
    with pytest.raises(RequestTimedOut):
        await Client(once, work, patience=0.01).answer
    await settled()
    assert once._runs == {}
    first = Client(once, work)
    await settled()
    await first.leave()
    again = Client(once, work)
    work.end.set()
    assert await again.answer == b"done"
    assert work.runs == 3


async def test_a_client_that_is_cancelled_cancels_nothing() -> None:
    once, work = OnceRunner(60.0), Work()
    first = Client(once, work)
    await settled()
    first.answer.cancel()
    await asyncio.wait([first.answer])
    work.end.set()
    assert await Client(once, work).answer == b"done"
    assert work.runs == 1


async def test_closing_waits_for_a_while() -> None:
    once, quick, slow = OnceRunner(60.0), Work(), Work()
    answers = [asyncio.create_task(once.answer(KEY, work, never, 60.0)) for work in (quick, slow)]
    await settled()
    quick.end.set()
    await once.close(0.02)
    assert await answers[0] == b"done"
    with pytest.raises(HandlerFailed):
        await answers[1]
