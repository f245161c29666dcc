"""Events as bytes."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkeep.protocol.sse import (
    delta_frame,
    delta_prefix,
    event_id,
    frame,
    numbered,
    parse_event_id,
    priming,
)


def test_a_frame_is_one_line_and_an_empty_one() -> None:
    assert frame(b'{"a":1}') == b'data: {"a":1}\n\n'


@given(st.text(min_size=1), st.integers(-1, 2**62))
def test_an_event_id_says_where_it_stands(turn_id: str, number: int) -> None:
    assert parse_event_id(event_id(turn_id, number)) == (turn_id, number)


@pytest.mark.parametrize(
    "id_", ["", "trn_1", "trn_1:", ":3", "trn_1:x", "trn_1:٣", "t:" + "9" * 20]
)
def test_what_is_no_event_id_names_nothing(id_: str) -> None:
    assert parse_event_id(id_) is None


def test_frames_are_numbered_from_where_they_stand() -> None:
    assert numbered([b"data: a\n\n", b"data: b\n\n"], "trn_1", 7) == [
        b"id: trn_1:7\ndata: a\n\n",
        b"id: trn_1:8\ndata: b\n\n",
    ]


def test_a_stream_that_goes_on_begins_with_the_id_of_the_last_event_that_was_read() -> None:
    assert priming("trn_1", 8) == b"retry: 1000\nid: trn_1:7\ndata: \n\n"


@pytest.mark.parametrize("text", ["", "plain", 'a "quote"', "two\nlines\r\n", "\U0001f600", "\x00"])
def test_a_delta_is_the_event_that_it_stands_for(text: str) -> None:
    made = delta_frame(delta_prefix('msg_"1"', 2), text)
    assert made.startswith(b"data: ")
    assert made.endswith(b"\n\n")
    assert b"\n" not in made[:-2]
    assert msgspec.json.decode(made.removeprefix(b"data: ")) == {
        "type": "thread.item.updated",
        "item_id": 'msg_"1"',
        "update": {
            "type": "assistant_message.content_part.text_delta",
            "content_index": 2,
            "delta": text,
        },
    }


def test_half_a_character_is_shown_as_an_escape() -> None:
    made = delta_frame(delta_prefix("msg_1", 0), "a\ud83d")
    assert rb'"delta":"a\ud83d"' in made
