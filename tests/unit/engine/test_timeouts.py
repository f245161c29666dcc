"""Deadlines of requests, and timeouts of reads that share one timer."""

import asyncio
import time

import pytest

from chatkeep.engine.timeouts import Deadlines, ReadTimeout
from chatkeep.errors import RequestTimedOut


async def for_ever() -> None:
    await asyncio.get_running_loop().create_future()


async def test_a_deadline_says_what_happened() -> None:
    with pytest.raises(RequestTimedOut), Deadlines(0.01).begin():
        await for_ever()


async def test_a_deadline_that_is_kept_changes_nothing() -> None:
    deadlines = Deadlines(60.0)
    with deadlines.begin():
        await asyncio.sleep(0)
    with pytest.raises(LookupError), deadlines.begin():
        raise LookupError


async def test_a_timeout_of_the_works_own_is_its_own() -> None:
    with pytest.raises(TimeoutError), Deadlines(60.0).begin():
        raise TimeoutError


async def test_each_has_its_own_deadline() -> None:
    deadlines, ended = Deadlines(0.05), []

    async def wait(name: str, seconds: float) -> None:
        try:
            with deadlines.begin():
                await asyncio.sleep(seconds)
        except RequestTimedOut:
            name += " late"
        ended.append(name)

    waiting = [asyncio.create_task(wait("a", 60.0)), asyncio.create_task(wait("b", 0.0))]
    await asyncio.sleep(0.02)
    waiting.append(asyncio.create_task(wait("c", 60.0)))
    await asyncio.gather(*waiting)
    assert ended == ["b", "a late", "c late"]
    with pytest.raises(RequestTimedOut), deadlines.begin():  # the timer is set again
        await for_ever()


async def test_one_deadline_within_another() -> None:
    inner, outer = Deadlines(60.0), Deadlines(0.01)
    with pytest.raises(RequestTimedOut), outer.begin(), inner.begin():
        await for_ever()


def test_deadlines_hold_in_one_event_loop_after_another() -> None:
    deadlines = Deadlines(0.01)

    async def late() -> None:
        with pytest.raises(RequestTimedOut), deadlines.begin():
            await for_ever()

    async def leave() -> None:
        task = asyncio.create_task(late())
        await asyncio.sleep(0)
        assert not task.done()

    asyncio.run(late())
    asyncio.run(leave())
    asyncio.run(late())


async def test_each_read_has_its_time() -> None:
    timeout = ReadTimeout(0.02)
    for _ in range(5):
        with timeout:
            await asyncio.sleep(0.005)
    for _ in range(3):
        with pytest.raises(TimeoutError), timeout:
            await for_ever()
        with timeout:
            await asyncio.sleep(0)
    timeout.close()


async def test_what_is_cancelled_from_outside_stays_cancelled() -> None:
    timeout = ReadTimeout(60.0)

    async def read() -> None:
        with timeout:
            await for_ever()

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    timeout.close()


async def test_both_at_once_is_a_cancellation() -> None:
    timeout = ReadTimeout(0.01)

    async def read() -> None:
        task = asyncio.current_task()
        assert task is not None
        with timeout:
            asyncio.get_running_loop().call_later(0.01, task.cancel)
            await asyncio.sleep(0)
            time.sleep(0.03)  # noqa: ASYNC251 - both timers are due when the loop looks again
            await for_ever()

    reading = asyncio.create_task(read())
    await asyncio.wait([reading])
    assert reading.cancelled()
    timeout.close()


async def test_time_between_reads_does_not_count() -> None:
    timeout = ReadTimeout(0.01)
    for _ in range(3):
        with timeout:
            await asyncio.sleep(0)
        await asyncio.sleep(0.03)
    timeout.close()
