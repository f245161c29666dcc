"""``chatkeep db``: the schema of the database."""

import sys
from typing import Annotated

import typer

from ..errors import ConfigurationError
from .databases import MEMORY, describe, sqlite_file
from .settings import flag, load

app = typer.Typer(
    help="Look at the database's schema, and bring it up to date.", no_args_is_help=True
)

Database = Annotated[str | None, flag("database", metavar="URL")]


@app.command()
def upgrade(database: Database = None) -> None:
    """Bring the schema up to date. Safe to run twice, and by several at once."""
    from ..stores.sql import schema

    url = _url(database)
    schema.upgrade(url)
    _report(url, f"is at {schema.HEAD}, the newest.")


@app.command()
def current(database: Database = None) -> None:
    """Print the revision that the schema is at, or "none"."""
    sys.stdout.write(f"{_revision(_url(database)) or 'none'}\n")


@app.command()
def check(database: Database = None) -> None:
    """Compare the schema with what this version needs.

    Ends with 1 if it is behind, or is not as the migrations made it.
    """
    from ..stores.sql import schema

    url = _url(database)
    found = _revision(url)
    if found != schema.HEAD:
        _report(url, f"is at {found or 'none'}; {schema.HEAD} is needed: chatkeep db upgrade")
        raise typer.Exit(1)
    differences = schema.check(url)
    if differences:
        _report(url, "is not as it should be:\n  " + "\n  ".join(differences))
        raise typer.Exit(1)
    _report(url, f"is at {found} and as it should be.")


def _revision(url: str) -> str | None:
    """Return the schema's revision; looking at a SQLite file must not make it."""
    from ..stores.sql import schema

    file = sqlite_file(url)
    return None if file is not None and not file.exists() else schema.current(url)


def _url(database: str | None) -> str:
    url = load(database=database).database
    if url == MEMORY:
        raise ConfigurationError("memory: has no schema.")
    return url


def _report(url: str, state: str) -> None:
    sys.stdout.write(f"{describe(url)} {state}\n")
