"""Workers that are stopped, wake up, and are killed."""

import asyncio
import signal

from .world import Fault, World

_ROUNDS = 3


async def stopped(world: World) -> None:
    """A worker stands still for longer than its leases last, and goes on."""

    async def stop_in_turn() -> None:
        for worker in world.workers * 2:
            worker.send(signal.SIGSTOP)
            await asyncio.sleep(4.0)
            worker.send(signal.SIGCONT)
            await asyncio.sleep(0.5)

    await world.during(stop_in_turn())


async def killed(world: World) -> None:
    """All workers die in the middle of answers, and others are started."""
    for _ in range(_ROUNDS):

        async def kill() -> None:
            await asyncio.sleep(1.5)
            for worker in world.workers:
                worker.send(signal.SIGKILL)

        await world.during(kill())
        await asyncio.to_thread(world.replace_workers)


FAULTS = [
    Fault("workers stopped for longer than a lease", ("sqlite", "postgres"), stopped),
    Fault("workers killed", ("sqlite", "postgres"), killed),
]
