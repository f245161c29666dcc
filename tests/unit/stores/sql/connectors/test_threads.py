"""Threads for work that blocks: in turn, in time, or not at all."""

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest

from chatkeep.errors import ServiceUnavailable
from chatkeep.stores.sql.connectors.threads import Threads


@pytest.fixture
def one() -> Iterator[Threads]:
    threads = Threads(1, 10.0, lambda error: isinstance(error, OSError))
    yield threads
    threads.close()


def _giving(number: int, done: list[int]) -> Callable[[float], int]:
    """Work that notes a number, and gives it."""

    def act(_left: float) -> int:
        done.append(number)
        return number

    return act


async def test_work_is_done_in_the_order_in_which_it_came(one: Threads) -> None:
    done: list[int] = []
    await asyncio.gather(*(one.run(_giving(n, done)) for n in range(20)))

    assert done == [*range(20)]


async def test_work_is_told_how_much_of_its_time_is_left(one: Threads) -> None:
    assert 0 < await one.run(lambda left: left) <= 10


async def test_errors_reach_whoever_waits(one: Threads) -> None:
    def fail(_left: float) -> None:
        raise LookupError("nothing there")

    def fall(_left: float) -> None:
        raise OSError("disk on fire")

    with pytest.raises(LookupError, match="nothing there"):
        await one.run(fail)
    with pytest.raises(ServiceUnavailable) as refused:
        await one.run(fall)
    assert isinstance(refused.value.__cause__, OSError)
    assert one.busy == 0


async def test_work_whose_time_is_over_is_not_begun() -> None:
    threads = Threads(1, 0.05, lambda _error: False)
    go = threading.Event()
    begun: list[float] = []
    first = asyncio.create_task(threads.run(lambda _left: go.wait(10)))
    late = asyncio.create_task(threads.run(begun.append))
    await asyncio.sleep(0.1)
    go.set()

    assert await first is True
    with pytest.raises(ServiceUnavailable):
        await late
    assert begun == []
    threads.close()


async def test_what_waits_is_done_before_they_end() -> None:
    threads = Threads(2, 10.0, lambda _error: False)
    work = [asyncio.create_task(threads.run(_giving(n, []))) for n in range(50)]
    await asyncio.sleep(0)
    await asyncio.to_thread(threads.close)

    assert await asyncio.gather(*work) == [*range(50)]


async def test_several_work_at_once() -> None:
    threads = Threads(3, 10.0, lambda _error: False)
    together = threading.Barrier(3)
    await asyncio.gather(*(threads.run(lambda _left: together.wait(10)) for _ in range(3)))
    threads.close()


def test_a_loop_that_is_gone_troubles_nobody(one: Threads) -> None:
    go = threading.Event()

    async def leave() -> None:
        task = asyncio.create_task(one.run(lambda _left: go.wait(10)))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(leave())
    go.set()
    assert asyncio.run(one.run(lambda _left: "still here")) == "still here"
