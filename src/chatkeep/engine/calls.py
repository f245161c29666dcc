"""Calling what a program plugs in: coroutine functions on the loop, all others in threads.

A plain function may block (it asks a database, a model, a directory), and on the
loop it would stop every stream of the process meanwhile.
"""

import asyncio
import contextvars
import functools
import inspect
import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

_MOST_THREADS = 256
"""Enough that handlers which take long don't keep authenticators waiting."""


async def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function, and wait for its result.

    A coroutine function is awaited. Any other runs in a thread of the process's own
    few, with a copy of the caller's context variables; if it gives something
    awaitable, that is awaited here.
    """
    if is_async(function):
        return await function(*arguments)
    result = await _in_thread(functools.partial(function, *arguments))
    return await result if inspect.isawaitable(result) else result


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling a function, or an object, gives a coroutine."""
    return inspect.iscoroutinefunction(code_of(function))


def code_of(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that a call of ``function`` runs, which may be an object or partial."""
    while isinstance(function, functools.partial):
        function = function.func
    if inspect.isroutine(function):
        return function
    return cast("Callable[..., Any]", function.__call__)  # type: ignore[operator]


async def _in_thread(work: Callable[[], Any]) -> Any:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()

    def settle(result: Any, error: BaseException | None) -> None:
        if future.done():  # nobody waits any more
            return
        if error is None:
            future.set_result(result)
        elif isinstance(error, StopIteration):  # a future refuses it
            future.set_exception(RuntimeError("a function raised StopIteration"))
        else:
            future.set_exception(error)

    def job() -> None:
        result, error = None, None
        try:
            result = context.run(work)
        except BaseException as raised:  # noqa: BLE001 - raised again where it is awaited
            error = raised
        with suppress(RuntimeError):  # the loop may have ended
            loop.call_soon_threadsafe(settle, result, error)

    _threads.run(job)
    return await future


class _Threads:
    """A few threads, begun as they are needed.

    Not the loop's pool, which name lookups and other libraries need; and, unlike
    that one's, these never keep the process from ending: a function may hang.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._count = 0

    def run(self, job: Callable[[], None]) -> None:
        self._jobs.put(job)
        if not self._idle.acquire(blocking=False) and self._count < _MOST_THREADS:
            self._count += 1
            threading.Thread(target=self._work, name="chatkeep-call", daemon=True).start()

    def _work(self) -> None:
        while True:
            self._jobs.get()()
            self._idle.release()


_threads = _Threads()


def _after_fork() -> None:  # a child has none of its parent's threads
    global _threads
    _threads = _Threads()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
