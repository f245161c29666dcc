"""A wait that takes too long ends, and no other."""

import asyncio
from math import inf

import pytest

from chatkeep.models.watchdog import Watchdog


async def test_a_wait_in_time_gives_what_came() -> None:
    watchdog = Watchdog()
    assert [await watchdog.wait(asyncio.sleep(0, n), 60) for n in range(3)] == [0, 1, 2]
    assert await watchdog.wait(asyncio.sleep(0, "x"), inf) == "x"
    watchdog.close()


async def test_a_wait_that_takes_too_long_ends() -> None:
    watchdog = Watchdog()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await watchdog.wait(asyncio.Event().wait(), 0.01)
    await asyncio.sleep(0)  # the task is not cancelled any more
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_later_wait_may_be_shorter() -> None:
    watchdog = Watchdog()
    await watchdog.wait(asyncio.sleep(0), 60)
    with pytest.raises(TimeoutError):
        await watchdog.wait(asyncio.Event().wait(), 0.01)


async def test_a_later_wait_may_be_longer() -> None:
    watchdog = Watchdog()
    await watchdog.wait(asyncio.sleep(0), 0.01)
    assert await watchdog.wait(asyncio.sleep(0.05, "late"), 60) == "late"
    watchdog.close()


async def test_time_between_waits_does_not_count() -> None:
    watchdog = Watchdog()
    await watchdog.wait(asyncio.sleep(0), 0.01)
    await asyncio.sleep(0.05)
    await watchdog.wait(asyncio.sleep(0), 0.01)
    watchdog.close()


async def test_cancelling_is_no_timeout() -> None:
    watchdog = Watchdog()
    waiting = asyncio.create_task(watchdog.wait(asyncio.Event().wait(), 60))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    watchdog.close()


async def test_cancelling_at_the_same_time_is_no_timeout() -> None:
    watchdog = Watchdog()
    waiting = asyncio.create_task(watchdog.wait(asyncio.Event().wait(), 0))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0, waiting.cancel)
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_an_outer_timeout_is_its_own() -> None:
    watchdog = Watchdog()
    async with asyncio.timeout(60):
        with pytest.raises(TimeoutError):
            await watchdog.wait(asyncio.Event().wait(), 0.01)
        await asyncio.sleep(0)
