"""Text is cut between characters as people see them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkeep.characters import cut_after, cut_before, shorten

CHARACTERS = {
    "a letter with accents": "e\u0301\u0323",
    "a skin tone": "\U0001f44d\U0001f3fd",
    "a family": "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "a heart on fire": "\u2764\ufe0f\u200d\U0001f525",
    "a profession": "\U0001f469\U0001f3ff\u200d\u2695\ufe0f",
    "a key": "3\ufe0f\u20e3",
    "a flag": "\U0001f1e8\U0001f1ed",
    "a region's flag": "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "a Korean syllable of letters": "\u1112\u1161\u11ab",
    "a Korean syllable with an end": "\uac00\u11a8",
    "a Hindi syllable": "\u0915\u094d\u0937\u093f",
    "a Tamil syllable": "\u0ba8\u0bbf",
    "a Thai syllable": "\u0e01\u0e33",
    "an Arabic number sign": "\u0600\u0661",
    "a line's end": "\r\n",
}


@pytest.mark.parametrize("character", CHARACTERS.values(), ids=CHARACTERS)
@pytest.mark.parametrize(
    "around", ["x", "\U0001f600", "\U0001f1e8\U0001f1ed", "\u0e01", "\uac00\u11a8"]
)
def test_a_character_is_never_parted(character: str, around: str) -> None:
    if around == "\u0e01" and character[0] == "\u1112":
        around = "x"
    text = around + character + around
    end = len(around) + len(character)
    for limit in range(len(around), end):
        assert shorten(text, limit) == around
    assert shorten(text, end) == around + character
    for limit in range(len(around) + 1, end + 1):
        assert cut_after(text, limit) == end


def test_flags_in_a_row_are_parted_in_twos() -> None:
    flags = "\U0001f1e8\U0001f1ed" * 10
    assert [len(shorten(flags, limit)) for limit in range(2, 8)] == [2, 2, 4, 4, 6, 6]


def test_what_fits_stays_whole() -> None:
    assert shorten("", 5) == ""
    assert shorten("abc", 3) == shorten("abc", 100) == "abc"
    assert cut_after("abc", -5) == 0
    assert cut_after("abc", 7) == 7


def test_a_character_larger_than_the_room_is_parted() -> None:
    """Or a letter with a thousand accents would be no title, or one of any length."""
    tower = "a" + "\u0301" * 1000
    assert shorten(tower, 60) == tower[:60]
    assert shorten("x" + tower, 60) == "x"
    assert cut_before("x" + tower, 61, start=1) == 61


@given(st.text(st.characters()), st.integers(0, 40), st.integers(0, 5))
def test_a_cut_is_where_it_may_be(text: str, limit: int, start: int) -> None:
    place = cut_before(text, limit, start)
    assert place <= min(limit, len(text)) or place == limit
    assert len(text) <= limit or place > start or place == limit
    assert limit <= cut_after(text, limit)
