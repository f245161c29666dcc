"""How ``chat`` and ``ask`` find their server, and the words for when they don't."""

from typing import Annotated

import typer

from ..client import ChatClient, ClientFailure

DEFAULT_URL = "http://127.0.0.1:8000/chatkit"

_URL_HELP = "The ChatKit endpoint to talk to."

UrlArgument = Annotated[str, typer.Argument(help=_URL_HELP, envvar="CHATKEEP_URL")]
UrlOption = Annotated[str, typer.Option("--url", help=_URL_HELP, envvar="CHATKEEP_URL")]

Headers = Annotated[
    list[str] | None,
    typer.Option(
        "--header",
        metavar="NAME: VALUE",
        help="A header to send with each request. May be given several times.",
    ),
]

Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="CHATKEEP_TOKEN",
        help="Sent as Authorization: Bearer TOKEN. Better given by its variable.",
    ),
]


def connect(url: str, headers: list[str] | None, token: str | None) -> ChatClient:
    """Return a client of the server that the options name.

    Raises:
        ClientFailure: The address is none.
        typer.BadParameter: A header is none.
    """
    sent = {"Authorization": f"Bearer {token}"} if token else {}
    return ChatClient(url, headers=sent | dict(map(_header, headers or ())))


def explain(failure: ClientFailure) -> str:
    """Return a failure's message, and what to do about it."""
    no_endpoint = "The address of a ChatKit endpoint often ends in /chatkit."
    hints = {
        "connection.failed": "Is `chatkeep serve` running, and is this its address?",
        "auth.required": "Give a token with --token, CHATKEEP_TOKEN or --header.",
        "http.401": "Give it with --token, CHATKEEP_TOKEN or --header.",
        "http.404": no_endpoint,
        "request.no_such_path": no_endpoint,
    }
    hint = hints.get(failure.code)
    message = failure.message.rstrip(". ")
    return f"{message}. {hint}" if hint and message else hint or failure.message


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip().isascii() or not value.isascii() or not name.strip():
        raise typer.BadParameter("write it 'Name: value'", param_hint="--header")
    return name.strip(), value.strip()
