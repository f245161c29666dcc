"""The responder contract: where the text of an answer comes from.

A responder is an object with ``respond(turn)``, or a plain function that takes
the turn. Either may be an async generator, a coroutine function that returns
one output or None, or a synchronous function or generator, which runs in a
thread of its own so that it may block. `as_responder` makes one form of all.

What it yields:

* ``str``: streamed as the assistant's text.
* any ChatKit ``ThreadStreamEvent``: folded into the thread and passed on.
* a widget root (``Card``, ``ListView``...): a widget item.
* a thread item: added and done at once.

What it raises: a `TurnError` is shown to the user as it is; anything else is
logged under an error id, and the user is shown that id.

How it ends: a responder that holds something has a method ``close``, sync or
async, which the server calls when it closes.

How it is stopped: its async generator is closed. One in a thread can't be
interrupted: it is closed at its next ``yield``, and what it gives is dropped.
"""

import asyncio
import contextvars
import inspect
import logging
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import aclosing, closing, suppress
from dataclasses import dataclass
from typing import Any, Protocol, cast

from ..engine.calls import call, code_of
from ..errors import ConfigurationError
from ..turn import Output as Output
from ..turn import Turn

logger = logging.getLogger(__name__)

_MAX_AHEAD = 64
"""How many outputs a thread may be ahead of the loop that reads them."""

_END = object()


class Responder(Protocol):
    """An object that answers turns."""

    def respond(self, turn: Turn) -> AsyncIterator[Output]:
        """Yield the answer to one turn, piece by piece."""
        ...


class StreamingResponder(Protocol):
    """A responder in its one form: closing what `respond` gives ends the answer."""

    def respond(self, turn: Turn) -> AsyncGenerator[Output]:
        """Yield the answer to one turn, piece by piece."""
        ...


def as_responder(source: object) -> StreamingResponder:
    """Return the responder that ``source`` is, or that its function makes.

    What is an async generator already is used as it is, at no cost an output.

    Raises:
        ConfigurationError: ``source`` is neither, or doesn't take one turn.
    """
    function = getattr(source, "respond", source)
    if isinstance(source, type) or not callable(function):
        raise ConfigurationError(
            "A responder is an object with respond(turn), or a function that takes the turn. "
            f"This is {_describe(source)}."
        )
    _check_signature(function)
    respond = _as_async_generator(function)
    if respond is function and function is not source:
        return cast("StreamingResponder", source)
    return _FunctionResponder(respond)


async def close_responder(source: object) -> None:
    """Let a responder give back what it holds, if it holds anything."""
    close = getattr(source, "close", None)
    if close is not None:
        await call(close)


@dataclass(frozen=True, slots=True)
class _FunctionResponder:
    respond: Callable[[Turn], AsyncGenerator[Output]]


def _describe(source: object) -> str:
    if isinstance(source, type):
        return f"the class {source.__qualname__}: pass an instance of it"
    if inspect.iscoroutine(source) or inspect.isasyncgen(source) or inspect.isgenerator(source):
        return f"what {source.__qualname__}() returned: pass the function itself"
    return f"of type {type(source).__qualname__}: {source!r:.80}"


def _check_signature(function: Callable[..., Any]) -> None:
    try:
        signature = inspect.signature(function)
    except ValueError:  # some built-in functions have none
        return
    try:
        signature.bind(None)
    except TypeError as error:
        name = getattr(function, "__qualname__", type(function).__qualname__)
        raise ConfigurationError(
            f"A responder takes one argument, the turn. This one is {name}{signature}."
        ) from error


def _as_async_generator(function: Callable[..., Any]) -> Callable[[Turn], AsyncGenerator[Output]]:
    code = code_of(function)
    if inspect.isasyncgenfunction(code):
        return function
    if inspect.iscoroutinefunction(code):
        return lambda turn: _outputs(function(turn))
    return lambda turn: _outputs_from_thread(function, turn)


async def _outputs(result: Any) -> AsyncGenerator[Output]:
    """Yield what a call gave: nothing, one output, or a stream of them."""
    if inspect.isawaitable(result):
        result = await result
    if inspect.isasyncgen(result):
        async with aclosing(result):
            async for output in result:
                yield output
    elif isinstance(result, AsyncIterator):
        async for output in result:
            yield output
    elif result is not None:
        yield result


async def _outputs_from_thread(function: Callable[..., Any], turn: Turn) -> AsyncGenerator[Output]:
    async with aclosing(_iterate_in_thread(_results(function, turn))) as results:
        async for result in results:
            async for output in _outputs(result):
                yield output


def _results(function: Callable[..., Any], turn: Turn) -> Generator[Any]:
    result = function(turn)
    if isinstance(result, Iterator):
        yield from result
    else:
        yield result


async def _iterate_in_thread(generator: Generator[Any]) -> AsyncGenerator[Any]:
    """Yield what ``generator`` yields. It runs, and is closed, in one new thread.

    Not in the loop's pool: that has few threads, and name lookups need them.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Any] = asyncio.Queue()
    room = threading.Semaphore(_MAX_AHEAD)
    closed = False
    failure: BaseException | None = None

    def hand_over(output: Any) -> None:
        with suppress(RuntimeError):  # the loop may have ended
            loop.call_soon_threadsafe(queue.put_nowait, output)

    def work() -> None:
        nonlocal failure
        try:
            with closing(generator):
                for output in generator:
                    room.acquire()
                    if closed:
                        break
                    hand_over(output)
        except BaseException as error:  # raised again where it is awaited
            failure = error
            if closed:
                logger.warning("a responder failed after it was stopped", exc_info=error)
        hand_over(_END)

    context = contextvars.copy_context()
    name = "chatkeep-responder"
    threading.Thread(target=context.run, args=(work,), name=name, daemon=True).start()
    try:
        while (output := await queue.get()) is not _END:
            room.release()
            yield output
        if failure is not None:
            raise failure
    finally:
        closed = True
        room.release()
