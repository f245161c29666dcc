"""What may be a responder, and how each form behaves."""

import asyncio
import contextvars
import functools
import logging
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any, cast

import pytest

from chatkeep.errors import ConfigurationError
from chatkeep.responders.base import Responder, as_responder

TURN: Any = object()


async def outputs(responder: Responder) -> list[Any]:
    return [output async for output in responder.respond(TURN)]


async def stream(turn: Any) -> AsyncGenerator[str]:
    assert turn is TURN
    yield "a"
    yield "b"


async def whole(turn: Any) -> str:
    assert turn is TURN
    return "ab"


async def nothing(turn: Any) -> None:
    assert turn is TURN


def blocking_stream(turn: Any) -> Iterator[str]:
    assert turn is TURN
    yield "a"
    yield "b"


def blocking(turn: Any) -> str:
    assert turn is TURN
    return "ab"


class Streaming:
    async def respond(self, turn: Any) -> AsyncGenerator[str]:
        async for text in stream(turn):
            yield text


class Delegating:
    def respond(self, turn: Any) -> AsyncIterator[str]:
        return stream(turn)


class Whole:
    async def respond(self, turn: Any) -> str:
        return await whole(turn)


class Callable:
    async def __call__(self, turn: Any) -> AsyncGenerator[str]:
        async for text in stream(turn):
            yield text


class CallableWhole:
    async def __call__(self, turn: Any) -> str:
        return await whole(turn)


class Counter:
    """An asynchronous iterator that is no generator."""

    def __init__(self) -> None:
        self.left = ["a", "b"]

    def __aiter__(self) -> "Counter":
        return self

    async def __anext__(self) -> str:
        if not self.left:
            raise StopAsyncIteration
        return self.left.pop(0)


async def with_prefix(prefix: str, turn: Any) -> AsyncGenerator[str]:
    yield prefix
    async for text in stream(turn):
        yield text


async def returns_stream(turn: Any) -> AsyncIterator[str]:
    return stream(turn)


FORMS = {
    "async generator function": (stream, ["a", "b"]),
    "coroutine function": (whole, ["ab"]),
    "coroutine function without an answer": (nothing, []),
    "coroutine function that returns a stream": (returns_stream, ["a", "b"]),
    "generator function": (blocking_stream, ["a", "b"]),
    "function": (blocking, ["ab"]),
    "function without an answer": (lambda turn: None, []),
    "function that returns a stream": (lambda turn: stream(turn), ["a", "b"]),
    "function that returns a generator": (lambda turn: blocking_stream(turn), ["a", "b"]),
    "function that returns an iterator": (lambda turn: Counter(), ["a", "b"]),
    "partial": (functools.partial(with_prefix, ">"), [">", "a", "b"]),
    "partial of a callable object": (functools.partial(Callable()), ["a", "b"]),
    "callable object": (Callable(), ["a", "b"]),
    "callable object, a coroutine": (CallableWhole(), ["ab"]),
    "bound method": (Streaming().respond, ["a", "b"]),
    "object": (Streaming(), ["a", "b"]),
    "object that delegates": (Delegating(), ["a", "b"]),
    "object whose respond is a coroutine": (Whole(), ["ab"]),
}


@pytest.mark.parametrize("form", FORMS)
async def test_every_form_answers(form: str) -> None:
    source, expected = FORMS[form]
    assert await outputs(as_responder(source)) == expected


def test_async_generator_function_is_used_as_it_is() -> None:
    assert as_responder(stream).respond is cast("Any", stream)


def test_object_with_a_streaming_respond_is_returned_itself() -> None:
    source = Streaming()
    assert as_responder(source) is source


@pytest.mark.parametrize(
    ("source", "named"),
    [
        (None, "NoneType: None"),
        ("gpt-5", "str: 'gpt-5'"),
        (Streaming, "the class Streaming: pass an instance"),
        (functools.partial, "the class partial"),
        (lambda: "no turn", "<lambda>()"),
        (lambda turn, model: "two", "(turn, model)"),
    ],
)
def test_anything_else_is_refused_by_name(source: object, named: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        as_responder(source)
    assert named in refused.value.message


def test_a_called_function_is_refused_with_advice() -> None:
    called = stream(TURN)
    with pytest.raises(ConfigurationError, match=r"what stream\(\) returned: pass the function"):
        as_responder(called)


async def test_blocking_forms_leave_the_loop_free() -> None:
    loop_is_free = threading.Event()

    def waits(turn: Any) -> str:
        return "free" if loop_is_free.wait(10) else "blocked"

    asyncio.get_running_loop().call_soon(loop_is_free.set)
    assert await outputs(as_responder(waits)) == ["free"]


async def test_more_blocking_turns_than_a_pool_has_threads() -> None:
    together = threading.Barrier(40)

    def waits(turn: Any) -> str:
        together.wait(10)
        return "through"

    responder = as_responder(waits)
    answers = await asyncio.gather(*(outputs(responder) for _ in range(40)))
    assert answers == [["through"]] * 40


async def test_blocking_generator_streams_before_it_ends() -> None:
    seen = threading.Event()

    def generate(turn: Any) -> Iterator[str]:
        yield "first"
        yield "seen" if seen.wait(10) else "not seen"

    answer = as_responder(generate).respond(TURN)
    assert await anext(answer) == "first"
    seen.set()
    assert await anext(answer) == "seen"


async def test_blocking_generator_stays_in_one_thread() -> None:
    def generate(turn: Any) -> Iterator[int]:
        for _ in range(3):
            yield threading.get_ident()

    threads = set(await outputs(as_responder(generate)))
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_context_variables_reach_the_thread() -> None:
    tenant: contextvars.ContextVar[str] = contextvars.ContextVar("tenant")
    tenant.set("acme")
    assert await outputs(as_responder(lambda turn: tenant.get())) == ["acme"]


async def test_closing_stops_a_blocking_generator_at_its_next_yield() -> None:
    may_go_on, closed = threading.Event(), threading.Event()
    went_on = []

    def generate(turn: Any) -> Iterator[str]:
        try:
            yield "first"
            may_go_on.wait(10)
            yield "second"
            went_on.append("third")
        finally:
            closed.set()

    answer = cast("AsyncGenerator[str]", as_responder(generate).respond(TURN))
    async with aclosing(answer):
        assert await anext(answer) == "first"
    assert not closed.is_set()
    may_go_on.set()
    assert await asyncio.to_thread(closed.wait, 10)
    assert went_on == []


async def test_cancelling_does_not_wait_for_the_thread() -> None:
    release = threading.Event()

    def waits(turn: Any) -> None:
        release.wait(10)

    task = asyncio.create_task(outputs(as_responder(waits)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not release.is_set()
    release.set()


async def test_a_blocking_generator_waits_for_a_slow_reader() -> None:
    produced = []
    paused = threading.Event()

    def generate(turn: Any) -> Iterator[int]:
        for number in range(10_000):
            produced.append(number)
            if number == 64:
                paused.set()
            yield number

    answer = cast("AsyncGenerator[int]", as_responder(generate).respond(TURN))
    async with aclosing(answer):
        assert await anext(answer) == 0
        assert await asyncio.to_thread(paused.wait, 10)
        assert len(produced) < 100


@pytest.mark.parametrize("error", [ValueError("broken"), SystemExit("leaving")])
async def test_errors_of_the_thread_are_raised(error: BaseException) -> None:
    def generate(turn: Any) -> Iterator[str]:
        yield "partial"
        raise error

    answer = as_responder(generate).respond(TURN)
    assert await anext(answer) == "partial"
    with pytest.raises(type(error), match=str(error)):
        await anext(answer)


async def test_a_stray_stop_iteration_is_an_error_not_an_end() -> None:
    empty: Iterator[str] = iter(())
    with pytest.raises(RuntimeError, match="StopIteration"):
        await outputs(as_responder(lambda turn: next(empty)))


async def test_an_error_after_the_stop_is_logged() -> None:
    may_go_on, logged = threading.Event(), threading.Event()

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            logged.set()

    def generate(turn: Any) -> Iterator[str]:
        try:
            yield "first"
            may_go_on.wait(10)
            yield "second"
        finally:
            raise ValueError("cleanup failed")

    logger = logging.getLogger("chatkeep.responders.base")
    handler = Handler()
    logger.addHandler(handler)
    try:
        answer = cast("AsyncGenerator[str]", as_responder(generate).respond(TURN))
        await anext(answer)
        await answer.aclose()
        may_go_on.set()
        assert await asyncio.to_thread(logged.wait, 10)
    finally:
        logger.removeHandler(handler)
