"""``chatkeep ask``: one question, one answer, for scripts."""

import asyncio
import io
import sys
from contextlib import aclosing, suppress
from typing import Annotated

import typer
from rich.console import Console

from ..client import JSON, ChatClient, ClientFailure
from ..encoding import to_json
from .answer import Answer, describe_error
from .connection import DEFAULT_URL, Headers, Token, UrlOption, connect
from .views import PlainView, complain, view_for


def ask(
    question: Annotated[str, typer.Argument(help="The question; - reads it from standard input.")],
    url: UrlOption = DEFAULT_URL,
    thread: Annotated[
        str | None,
        typer.Option("--thread", metavar="ID", help="The thread to continue. Default: a new one."),
    ] = None,
    json: Annotated[
        bool,
        typer.Option("--json", help='Print {"thread_id", "items"} as JSON, once all is there.'),
    ] = False,
    header: Headers = None,
    token: Token = None,
) -> None:
    """Ask a question, and print the answer and its sources.

    Ends with 0 when there is an answer, and with 1 and a message on standard
    error when there is none. Ctrl-C stops the answer.
    """
    text = sys.stdin.buffer.read().decode(errors="replace") if question == "-" else question
    if not text.strip():
        raise typer.BadParameter("there is no question", param_hint="QUESTION")
    client = connect(url, header, token)
    if not asyncio.run(_ask(client, text, thread, json=json)):
        raise typer.Exit(1)


async def _ask(client: ChatClient, text: str, thread_id: str | None, *, json: bool) -> bool:
    """Print the answer, and return whether it came without an error."""
    view = PlainView(io.StringIO()) if json else view_for(Console(highlight=False))
    answer = Answer(view, thread_id)
    async with client, aclosing(client.send(text, thread_id)) as events:
        try:
            with view:
                async for event in events:
                    answer.feed(event)
        except asyncio.CancelledError:
            await _stop(client, answer.thread_id)
            raise
    if json:
        _print_json(answer)
    else:
        view.sources(answer.sources)
    if answer.error:
        complain(describe_error(answer.error))
    return answer.error is None


async def _stop(client: ChatClient, thread_id: str | None) -> None:
    """Have the answer stopped, after the person gave up on it."""
    if thread_id:
        with suppress(ClientFailure):
            await client.stop(thread_id)


def _print_json(answer: Answer) -> None:
    result: JSON = {"thread_id": answer.thread_id, "items": list(answer.items.values())}
    if answer.error:
        result["error"] = answer.error
    sys.stdout.write(to_json(result).decode() + "\n")
