"""Values that may have to be JSON, and what JSON they should be."""

import enum
import json
import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import pytest


class Color(enum.Enum):
    """An enum as a program may have it."""

    RED = "red"
    ODD = "\ud800"


ANY_TEXT = st.text(st.characters())
"""Lone surrogates and null bytes included."""

NUMBERS = st.one_of(st.integers(), st.integers(-(2**90), 2**90), st.floats())

PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, ANY_TEXT),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(ANY_TEXT, inner, max_size=4)
    ),
    max_leaves=12,
)
"""What JSON has a form for, and the numbers that it has none for."""

SCALARS = st.one_of(
    st.binary(max_size=8),
    st.datetimes(timezones=st.just(UTC)),
    st.dates(),
    st.timedeltas(),
    st.decimals(),
    st.uuids(),
    st.sampled_from(Color),
)

KEYS = st.one_of(ANY_TEXT, st.none(), st.booleans(), NUMBERS, st.dates(), st.sampled_from(Color))

ODD = st.recursive(
    st.one_of(PLAIN, SCALARS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(KEYS, inner, max_size=4),
    ),
    max_leaves=12,
) | st.sets(st.one_of(ANY_TEXT, NUMBERS, st.binary(max_size=8), st.sampled_from(Color)), max_size=4)
"""What a program may take for data."""

EXAMPLES: list[Any] = [
    {"a": math.nan, "b": {"\ud800": "\udfff", "c": [math.inf, -math.inf, 2**70]}},
    {("tuple", 1): {1, 2}, None: b"\xff", 1.5: Decimal("NaN"), True: UUID(int=1)},
    [datetime(2026, 1, 2, tzinfo=UTC), Color.ODD, "\ud83d\ude00"],
    10**5000,
]


def nested(depth: int) -> Any:
    """A list in a list in a list."""
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


def as_read(value: Any) -> Any:
    """A plain value, as it is once it has been JSON."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    if isinstance(value, list):
        return [as_read(inner) for inner in value]
    if isinstance(value, dict):
        return {as_read(key): as_read(inner) for key, inner in value.items()}
    return value


def strictly_read(data: bytes) -> Any:
    """Read JSON as a strict parser does: UTF-8, and no number that is none."""
    return json.loads(data.decode(), parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
