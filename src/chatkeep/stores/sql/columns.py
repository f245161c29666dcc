"""Column types that give back exactly what they were given, on every database."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Text, TypeDecorator

from ...encoding import from_json, to_json

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_ESCAPE = "\x1a"
_UNSTORABLE = re.compile(f"[\x00{_ESCAPE}\ud800-\udfff]")
_ESCAPED = re.compile(f"{_ESCAPE}([0-9a-f]{{4}})")

# Without a collation of its own PostgreSQL would order ids by a language's rules.
_PLAIN_TEXT = Text().with_variant(Text(collation="C"), "postgresql")


class _Plain(TypeDecorator[Any]):
    """A type whose values are converted by one function each way, called directly.

    A `TypeDecorator` otherwise calls two for each value: for a page of items that
    takes as long as the query.
    """

    def bind_processor(self, dialect: Dialect) -> Any:
        return self.stored

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        return self.loaded

    @staticmethod
    def stored(value: Any) -> Any:
        """The value as the database keeps it."""
        raise NotImplementedError

    @staticmethod
    def loaded(value: Any) -> Any:
        """The value that was stored."""
        raise NotImplementedError


class AnyText(_Plain):
    """Any ``str`` at all, ordered by code point.

    PostgreSQL takes no null byte, and no database a lone surrogate: each is kept
    as U+001A and four hex digits. Ordinary text stays as it is.
    """

    impl = _PLAIN_TEXT
    cache_ok = True

    @staticmethod
    def stored(value: str | None) -> str | None:
        if value is None or _UNSTORABLE.search(value) is None:
            return value
        return _UNSTORABLE.sub(lambda match: f"{_ESCAPE}{ord(match[0]):04x}", value)

    @staticmethod
    def loaded(value: str | None) -> str | None:
        if value is None or _ESCAPE not in value:
            return value
        return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value)


class UtcTime(_Plain):
    """An aware time, as whole microseconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    @staticmethod
    def stored(value: datetime | None) -> int | None:
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    @staticmethod
    def loaded(value: int | None) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(0, 0, value)


class JsonValue(_Plain):
    """Any JSON-like value, as it reads once it has been JSON; None is NULL."""

    impl = Text
    cache_ok = True

    @staticmethod
    def stored(value: Any) -> str | None:
        return None if value is None else to_json(value).decode()

    @staticmethod
    def loaded(value: str | None) -> Any:
        return None if value is None else from_json(value.encode())


class JsonBytes(_Plain):
    """JSON that came as UTF-8 bytes, kept to the byte in a column that people can read."""

    impl = Text
    cache_ok = True

    @staticmethod
    def stored(value: bytes | None) -> str | None:
        return None if value is None else value.decode()

    @staticmethod
    def loaded(value: str | None) -> bytes | None:
        return None if value is None else value.encode()
