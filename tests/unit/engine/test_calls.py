"""Calling what a program plugs in."""

import asyncio
import contextvars
import functools
import os
import threading
from typing import Any

import pytest

from chatkeep.engine.calls import call, is_async

WHO = contextvars.ContextVar("who", default="nobody")


async def coroutine(word: str) -> tuple[str, threading.Thread]:
    return word + WHO.get(), threading.current_thread()


def plain(word: str) -> tuple[str, threading.Thread]:
    return word + WHO.get(), threading.current_thread()


class Async:
    async def __call__(self, word: str) -> Any:
        return await coroutine(word)

    async def method(self, word: str) -> Any:
        return await coroutine(word)


class Plain:
    def __call__(self, word: str) -> Any:
        return plain(word)


@pytest.mark.parametrize(
    "function",
    [
        coroutine,
        Async(),
        Async().method,
        functools.partial(coroutine),
        lambda word: coroutine(word),
    ],
    ids=["function", "object", "method", "partial", "lambda"],
)
async def test_coroutines_run_on_the_loop(function: Any) -> None:
    WHO.set("!")
    assert await call(function, "Hi") == ("Hi!", threading.main_thread())


@pytest.mark.parametrize("function", [plain, Plain(), functools.partial(plain)])
async def test_all_else_runs_in_threads_that_know_who_asks(function: Any) -> None:
    WHO.set("!")
    said, thread = await call(function, "Hi")
    assert said == "Hi!"
    assert thread is not threading.main_thread()
    assert thread.daemon, "what hangs must not keep the process from ending"


def test_they_are_told_apart() -> None:
    assert is_async(coroutine)
    assert is_async(Async())
    assert is_async(functools.partial(functools.partial(coroutine), "x"))
    assert not is_async(plain)
    assert not is_async(Plain())
    assert not is_async(len)


class Odd(BaseException):
    pass


@pytest.mark.parametrize("error", [ValueError, Odd])
async def test_what_a_thread_raises_is_raised_where_it_is_awaited(error: Any) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(error):
        await call(fail)


async def test_a_thousand_calls_need_few_threads() -> None:
    threads = await asyncio.gather(*(call(threading.current_thread) for _ in range(1_000)))
    assert len(set(threads)) <= 256


async def test_who_waits_no_more_disturbs_nobody() -> None:
    release = threading.Event()
    calling = asyncio.create_task(call(release.wait))
    await asyncio.sleep(0.01)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    release.set()
    assert await call(len, "abc") == 3


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
async def test_a_forked_process_has_threads_of_its_own() -> None:
    await call(len, "abc")
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            asyncio.events._set_running_loop(None)
            code = asyncio.new_event_loop().run_until_complete(call(len, ""))
        finally:
            os._exit(code)
    _, status = await asyncio.to_thread(os.waitpid, pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
