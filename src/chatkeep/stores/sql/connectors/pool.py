"""A pool of asyncpg's connections that are lent for one transaction each.

asyncpg's own resets a connection each time it is given back, and SQLAlchemy's
asks the server each time one is taken: a round trip for each. Here the BEGIN of
a transaction is the question: a connection that doesn't answer it is replaced,
and nobody notices.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from ....errors import ServiceUnavailable

T = TypeVar("T")

_IDLE_SECONDS: Final = 5.0
"""A connection that rested longer may be dead without anyone having said so."""

_ANSWER_SECONDS: Final = 3.0
"""How long such a connection has to answer before it is replaced."""

_SETTLE_SECONDS: Final = 1.0
"""How long a cancelled caller waits for its transaction to end."""

_CLOSE_SECONDS: Final = 2.0


@dataclass(slots=True)
class PooledConnection:
    """A connection, and what decides whether it is used again."""

    driver: Any
    opened_at: float
    used_at: float
    generation: int


class Pool:
    """Lends connections, the last one that was used first.

    Args:
        connect: Makes a connection, within so many seconds.
        size: How many connections at most.
        max_age: Seconds after which a connection is replaced.
        wait: For how many seconds at most a call waits for a connection.
    """

    def __init__(
        self,
        connect: Callable[[float], Awaitable[Any]],
        size: int,
        max_age: float,
        wait: float | None,
    ) -> None:
        self._connect = connect
        self._max_age = max_age
        self._wait = wait
        self._idle: list[PooledConnection] = []
        self._free = asyncio.Semaphore(size)
        self._generation = 0
        self._closed = False
        self._tasks: set[asyncio.Task[Any]] = set()
        self._loop = asyncio.get_running_loop()
        self.clock = self._loop.time
        self.busy = 0

    async def run(
        self,
        deadline: float,
        begin: Callable[[], str],
        act: Callable[[Any], Awaitable[T]],
        spoils: Callable[[BaseException], bool],
    ) -> T:
        """Run ``act`` on a connection that has begun a transaction.

        It goes on though the caller is cancelled; then, and whenever it is
        late, its connection is closed at the deadline.

        Args:
            deadline: When it must have ended, by the loop's clock.
            begin: Makes the text that begins the transaction.
            act: Ends the transaction too.
            spoils: Whether after such an error the server is not to be trusted
                with more: then no connection to it is used again.
        """
        await self._wait_for_turn(deadline)
        if self._closed:
            self._free.release()
            raise ServiceUnavailable
        task = self._loop.create_task(self._lend(deadline, begin, act, spoils))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            # So that whoever cancelled finds it done, or undone, as it looks afterwards.
            await asyncio.wait([task], timeout=_SETTLE_SECONDS)
            raise

    async def _wait_for_turn(self, deadline: float) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        at = deadline if self._wait is None else min(deadline, self._loop.time() + self._wait)
        async with asyncio.timeout_at(at):
            await self._free.acquire()

    async def _lend(
        self,
        deadline: float,
        begin: Callable[[], str],
        act: Callable[[Any], Awaitable[T]],
        spoils: Callable[[BaseException], bool],
    ) -> T:
        self.busy += 1
        try:
            connection = await self._begun(begin, deadline)
            late = self._loop.call_at(deadline, connection.driver.terminate)
            try:
                result = await act(connection.driver)
            except BaseException as error:
                await self._undo(connection, spoils(error), error)
                raise
            finally:
                late.cancel()
            self._keep(connection)
            return result
        finally:
            self.busy -= 1
            self._free.release()

    async def _begun(self, begin: Callable[[], str], deadline: float) -> PooledConnection:
        """A connection in a transaction: one that rested if it answers, or else a new one."""
        while self._idle:
            resting = self._idle.pop()
            if self._is_usable(resting) and await self._answers(resting, begin(), deadline):
                return resting
            self._discard(resting.driver)
        now = self._loop.time()
        driver = await self._connect(deadline - now)
        connection = PooledConnection(driver, now, now, self._generation)
        try:
            await self._within(deadline, driver, driver.execute(begin()))
        except BaseException:
            driver.terminate()
            raise
        return connection

    async def _answers(self, resting: PooledConnection, begin: str, deadline: float) -> bool:
        now = self._loop.time()
        if now - resting.used_at > _IDLE_SECONDS:
            deadline = min(deadline, now + _ANSWER_SECONDS)
        try:
            await self._within(deadline, resting.driver, resting.driver.execute(begin))
        except Exception:  # noqa: BLE001 (BEGIN is no request's own: it's the connection's fault)
            return False
        return True

    async def _within(self, deadline: float, driver: Any, waiting: Coroutine[Any, Any, Any]) -> Any:
        # Closing the connection ends the wait. To cancel it would make asyncpg ask the
        # server to cancel too, in a task that never ends if the server doesn't answer.
        late = self._loop.call_at(deadline, driver.terminate)
        try:
            return await waiting
        finally:
            late.cancel()

    def _is_usable(self, connection: PooledConnection) -> bool:
        return (
            connection.generation == self._generation
            and not connection.driver.is_closed()
            and self._loop.time() - connection.opened_at < self._max_age
        )

    async def _undo(
        self, connection: PooledConnection, spoiled: bool, error: BaseException
    ) -> None:
        if spoiled:
            self.forget()
        driver = connection.driver
        if spoiled or isinstance(error, asyncio.CancelledError) or driver.is_closed():
            driver.terminate()
            return
        try:
            await driver.execute("ROLLBACK")
        except Exception:  # noqa: BLE001 (whatever it is, the server undoes what is cut off)
            driver.terminate()
        else:
            self._keep(connection)

    def _keep(self, connection: PooledConnection) -> None:
        connection.used_at = self._loop.time()
        self._idle.append(connection)

    def forget(self) -> None:
        """Use none of the connections again that were made until now."""
        self._generation += 1
        while self._idle:
            self._discard(self._idle.pop().driver)

    def _discard(self, driver: Any) -> None:
        task = self._loop.create_task(_closed(driver))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Wait for what has begun, which ends by its deadline, and close everything."""
        self._closed = True
        await self._settled()
        self.forget()
        await self._settled()

    async def _settled(self) -> None:
        while self._tasks:
            await asyncio.wait(set(self._tasks))


async def _closed(driver: Any) -> None:
    if driver.is_closed():
        driver.terminate()
        return
    with suppress(Exception):
        await driver.close(timeout=_CLOSE_SECONDS)
    driver.terminate()
