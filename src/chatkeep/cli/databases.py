"""What the commands say and know of a database, from its URL alone."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy import URL

MEMORY = "memory:"


def describe(url: str) -> str:
    """Return the URL without its password. Raises `ConfigurationError` where there is none."""
    if url == MEMORY:
        return "memory, until the server ends"
    if _is_postgresql(url):
        from ..stores.sql.connectors.addresses import parse

        return parse(url).name
    return _parsed(url).render_as_string(hide_password=True)


def sqlite_file(url: str) -> Path | None:
    """Return the file of a SQLite database, or None for any other database."""
    if url == MEMORY or _is_postgresql(url):
        return None
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return Path(parsed.database)


def _is_postgresql(url: str) -> bool:
    return url.startswith(("postgresql", "postgres:"))


def _parsed(url: str) -> "URL":
    # Here, so that commands that talk to no database start without it.
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url)
    except ArgumentError:
        # Alone: the error repeats the URL, and with it the password.
        raise ConfigurationError(
            "--database is written sqlite:///FILE, postgresql://USER@HOST/NAME or memory:"
        ) from None
