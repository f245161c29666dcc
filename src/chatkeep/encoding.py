"""JSON that every strict parser takes, from any value that a program or a client gives.

The one place that makes JSON, so that what is kept and what is sent is always
valid (RFC 8259). Where JSON has no form of its own for a value:

* A number that is none (NaN, the infinities), or an integer of more digits
  than Python reads back, becomes ``null``.
* A lone surrogate, which UTF-8 can't carry, becomes a ``\\udxxx`` escape.
* Tuples, sets and arrays become lists; dates, decimals, UUIDs and bytes (in
  base64) strings; an enum its value; numpy's scalars plain ones; keys strings.

Ordinary values take one call of msgspec. Only what that refuses, and what may
not be read back, is looked at piece by piece.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from math import isfinite
from typing import Any

import msgspec

MAX_DEPTH = 180
"""How deep lists and objects may nest. Pydantic writes 250 levels and reads 200 of them, and
what is kept goes out inside of others: an item in a page in a thread in an event."""

SURELY_SOUND = 2 * MAX_DEPTH
"""Bytes of JSON that is too short to nest too deep."""

_MAX_DIGITS = 4300
"""Digits of the longest integer that Python and pydantic read."""

_DIGITS_PER_BIT = 0.30103

_TOO_DEEP = f"a value nests more than {MAX_DEPTH} levels deep"

_BYTES = (bytes, bytearray, memoryview)
_CONTAINERS = (*_BYTES, Mapping, Sequence, AbstractSet, ValuesView, Iterator)

encode_ordinary = msgspec.json.Encoder().encode
"""What `to_json` tries first. It refuses what is odd, and knows no bounds."""

_REFUSALS = (TypeError, ValueError, RecursionError)

_decode = msgspec.json.Decoder().decode
_dump = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode

# One that has no end goes on to the end: a search that fails there would begin again.
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_DIGIT = re.compile(rb"[0-9]")
_LONG_INTEGER = re.compile(rb"[0-9]{%d}" % (_MAX_DIGITS + 1))


class NotJSON(ValueError):
    """This is not JSON, or can't be."""


def to_json(value: Any, scalar: Callable[[Any], Any] | None = None) -> bytes:
    """Return a value as JSON in UTF-8.

    Args:
        value: Plain data, or what comes near to it.
        scalar: Returns the plain value of what is no list or object (a date, a
            path, bytes); by default what msgspec makes of it. Give it for data
            that another encoder has refused, to go on as that would have.

    Raises:
        NotJSON: It nests too deep, or holds something that is no data.
    """
    if scalar is None:
        try:
            encoded = encode_ordinary(value)
        except _REFUSALS:
            encoded = None
        if encoded is not None and (len(encoded) <= SURELY_SOUND or is_sound(encoded)):
            return encoded
    return _escaped(_dump_any(value, scalar or plain_scalar))


def text_json(text: str) -> bytes:
    """Return a string as JSON in UTF-8."""
    try:
        return encode_ordinary(text)
    except UnicodeEncodeError:
        return _escaped(_dump(text))


def to_unicode_json(value: Any) -> bytes:
    """Return a value as JSON for readers who refuse lone surrogates, even as escapes.

    Two halves of a character become one; a half on its own becomes U+FFFD.

    Raises:
        NotJSON: As `to_json`.
    """
    with suppress(*_REFUSALS):
        encoded = encode_ordinary(value)
        if is_sound(encoded):
            return encoded
    text = _dump_any(value, plain_scalar)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _escaped(encoded: str) -> bytes:
    """JSON in UTF-8: Python's escapes of lone surrogates are those of JSON."""
    return encoded.encode(errors="backslashreplace")


def from_json(data: bytes) -> Any:
    """Return JSON as plain data, lone surrogates included.

    A number that no float holds, which some encoders write, is None.

    Raises:
        NotJSON: The data is not JSON, or nests too deep for Python to read.
    """
    try:
        return _decode(data)
    except (ValueError, RecursionError):
        pass  # it may hold what msgspec refuses
    try:
        return _lenient_decoder.decode(data.decode(errors="surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise NotJSON(f"not JSON: {error}") from error


def is_sound(encoded: bytes) -> bool:
    """Whether every parser reads this JSON: how deep it nests and its integers are bounded."""
    if nests_too_deep(encoded):
        return False
    # Whatever is as long as that has a digit in one of these places.
    places = encoded[_MAX_DIGITS :: _MAX_DIGITS + 1]
    return _DIGIT.search(places) is None or _LONG_INTEGER.search(encoded) is None


def nests_too_deep(encoded: bytes) -> bool:
    """Whether JSON nests deeper than `MAX_DEPTH`. What is not JSON may have any answer."""
    if len(encoded) <= SURELY_SOUND or encoded.count(b"[") + encoded.count(b"{") <= MAX_DEPTH:
        return False
    level = 0
    for bracket in _STRING.sub(b"", encoded).translate(None, _NO_BRACKETS):
        level += 1 if bracket in b"[{" else -1
        if level > MAX_DEPTH:
            return True
    return False


# What msgspec refuses to write


def _dump_any(value: Any, scalar: Callable[[Any], Any]) -> str:
    try:
        return _dump(_Plain(scalar).value(value, 0))
    except RecursionError as error:  # an object that is made of itself
        raise NotJSON(_TOO_DEEP) from error


def plain_scalar(value: Any) -> Any:
    """Return a date, a decimal, bytes or the like as msgspec writes it.

    Raises:
        NotJSON: It writes nothing for it.
    """
    try:
        return json.loads(encode_ordinary(value))
    except _REFUSALS:
        raise _no_data(value) from None


@dataclass(frozen=True, slots=True)
class _Plain:
    """Makes of data what the standard library writes."""

    scalar: Callable[[Any], Any]

    def value(self, value: Any, level: int) -> Any:
        """Return the plain value of one that is inside so many lists and objects."""
        if isinstance(value, Enum):
            return self.value(value.value, level)
        if value is None or isinstance(value, bool | str):
            return value
        if isinstance(value, int):
            return value if abs(value).bit_length() * _DIGITS_PER_BIT < _MAX_DIGITS else None
        if isinstance(value, float):
            return float(value) if isfinite(value) else None
        if not isinstance(value, _CONTAINERS):
            return self._object(value, level)
        if isinstance(value, _BYTES):
            return self.scalar(value)
        if level == MAX_DEPTH:
            raise NotJSON(_TOO_DEEP)
        if isinstance(value, Mapping):
            return {self._key(key): self.value(part, level + 1) for key, part in value.items()}
        return [self.value(part, level + 1) for part in value]

    def _object(self, value: Any, level: int) -> Any:
        """Return the data of a type that is not Python's own: a model, an array, a dataclass."""
        if isinstance(value, type):
            raise _no_data(value)
        if hasattr(value, "model_dump"):
            return self.value(value.model_dump(by_alias=True, exclude_none=True), level)
        if hasattr(value, "tolist"):  # arrays and scalars of numpy, and those made like them
            return self.value(value.tolist(), level)
        if hasattr(value, "__dataclass_fields__"):
            fields = value.__dataclass_fields__
            return self.value({name: getattr(value, name) for name in fields}, level)
        return self.scalar(value)

    def _key(self, key: Any) -> str:
        match key:
            case Enum():
                return self._key(key.value)
            case str():
                return str(key)
            case bool():
                return "true" if key else "false"
            case None | int() | float():
                return str(key)
            case tuple():
                return ",".join(map(self._key, key))
        return str(self.scalar(key))


def _no_data(value: Any) -> NotJSON:
    kind = value if isinstance(value, type) else type(value)
    return NotJSON(f"an object of type {kind.__qualname__} has no form in JSON")


# What msgspec refuses to read


def _read_float(digits: str) -> float | None:
    number = float(digits)
    return number if isfinite(number) else None


def _read_integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _MAX_DIGITS else None


_lenient_decoder = json.JSONDecoder(
    parse_float=_read_float, parse_int=_read_integer, parse_constant=lambda _: None
)
