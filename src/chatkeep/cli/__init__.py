"""The command line: ``chatkeep serve | chat | ask | db``, one module a command."""

import io
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from ..client import ClientFailure
from ..errors import ConfigurationError, ServiceUnavailable, reason_of
from ..version import __version__
from . import ask, chat, db, serve
from .connection import explain
from .views import complain

app = typer.Typer(
    name="chatkeep",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve.serve)
app.command()(chat.chat)
app.command()(ask.ask)
app.add_typer(db.app, name="db")


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"chatkeep {__version__}\n")
        raise typer.Exit


@app.callback()
def root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """A durable, fast backend for OpenAI's ChatKit."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command, and end the process.

    The exit code is 0 when it went well, 1 when it failed, 2 when it was used
    wrongly or is not configured, 130 after Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # what can't be written is no reason to fail
    try:
        app(arguments)
    except ConfigurationError as error:
        complain(error.message)
        sys.exit(2)
    except ServiceUnavailable as error:
        complain(f"The database can't be reached: {_root_cause(error)}")
        sys.exit(1)
    except ClientFailure as failure:
        complain(explain(failure))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read the output has gone; Python must not try to flush it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _root_cause(error: BaseException) -> str:
    """Return the first line of what an error goes back to."""
    while error.__cause__ is not None:
        error = error.__cause__
    return reason_of(error).partition("\n")[0]
