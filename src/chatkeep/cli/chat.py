"""``chatkeep chat``: a conversation in the terminal."""

import asyncio
import sys
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from typing import Annotated, Any

import typer
from rich.console import Console

from ..client import ClientFailure
from .connection import DEFAULT_URL, Headers, Token, UrlArgument, connect, explain
from .reading import Leave
from .session import Session
from .views import complain

_PROMPT = "\n> "


def chat(
    url: UrlArgument = DEFAULT_URL,
    thread: Annotated[
        str | None,
        typer.Option(
            "--thread",
            metavar="ID",
            help="The thread to open at the start; an answer under way is followed.",
        ),
    ] = None,
    header: Headers = None,
    token: Token = None,
) -> None:
    """Chat in the terminal.

    Answers stream as they come, with their sources. Ctrl-C stops an answer; a
    second Ctrl-C, or Ctrl-D, leaves. /help lists what else there is. Lines
    piped in are sent one after the other.
    """
    interactive = sys.stdin.isatty()
    session = Session(connect(url, header, token), Console(highlight=False))
    with asyncio.Runner() as runner:
        try:
            runner.run(session.begin(thread, greet=interactive))
            lines = _typed() if interactive else _piped()
            failed = _converse(runner, _steps(session, lines))
        finally:
            runner.run(session.end())
    if failed and not interactive:
        raise typer.Exit(1)


def _steps(session: Session, lines: Iterator[str]) -> Iterator[Coroutine[Any, Any, bool]]:
    """Yield what is to be done, one after the other: resume the answer, handle each line."""
    yield session.resume()
    for line in lines:
        yield session.handle(line)


def _converse(runner: asyncio.Runner, steps: Iterator[Coroutine[Any, Any, bool]]) -> bool:
    """Take step after step, and return whether any failed."""
    failed = False
    for step in steps:
        try:
            failed |= not runner.run(step)
        except Leave:
            break
        except KeyboardInterrupt:
            continue
        except ClientFailure as failure:
            failed = True
            complain(explain(failure))
    return failed


def _typed() -> Iterator[str]:
    """Yield what a person types, until Ctrl-D or two Ctrl-C."""
    with suppress(ImportError):
        import readline  # noqa: F401 - gives input() its editing and history
    leaving = False
    while True:
        try:
            line = input(_PROMPT)
        except EOFError:
            sys.stdout.write("\n")
            return
        except KeyboardInterrupt:
            if leaving:
                return
            leaving = True
            sys.stdout.write("\n(Ctrl-C again, or Ctrl-D, leaves.)\n")
        else:
            leaving = False
            if line.strip():
                yield line


def _piped() -> Iterator[str]:
    """Yield the lines of standard input, and set apart what each brings."""
    for number, line in enumerate(filter(bytes.strip, sys.stdin.buffer)):
        if number:
            sys.stdout.write("\n")
        yield line.decode(errors="replace")
