"""Markers: found however the stream is cut, and only where they are meant."""

import pytest

from chatkeep.retrieval.markers import Markers

CASES = [
    ("Stop it [1].", ["Stop it", 1, "."]),
    ("Stop it[1][2]. Go", ["Stop it", 1, 2, ". Go"]),
    ("Stop [1, 2] and [3] go", ["Stop", 1, 2, " and", 3, " go"]),
    ("[1] Stop", [1, " Stop"]),
    ("End [2]", ["End", 2]),
    ("Known [9] not", ["Known [9] not"]),
    ("Both [1, 9] here", ["Both", 1, " [9] here"]),
    ("Zero [0], words [a], open [1", ["Zero [0], words [a], open [1"]),
    ("A [1](https://example.com) link", ["A [1](https://example.com) link"]),
    ("In `argv[1]` code [2]", ["In `argv[1]` code", 2]),
    ("``a`[1]`` b [2]", ["``a`[1]`` b", 2]),
    ("```py\nx[1]\n\ny[2]\n```\nThen [3]", ["```py\nx[1]\n\ny[2]\n```\nThen", 3]),
    ("A stray ` here\n\nthen [1]", ["A stray ` here\n\nthen", 1]),
    ("🎉 é [1] ا", ["🎉 é", 1, " ا"]),
    ("Two\n\nparagraphs \n", ["Two\n\nparagraphs \n"]),
    ("", []),
]


def run(pieces: list[str]) -> list[str | int]:
    """Return what comes out, with neighbouring texts joined."""
    markers = Markers(3)
    parts = [part for piece in pieces for part in markers.feed(piece)]
    joined: list[str | int] = []
    for part in [*parts, *markers.end()]:
        last = joined[-1] if joined else None
        if isinstance(part, str) and isinstance(last, str):
            joined[-1] = last + part
        else:
            joined.append(part)
    return joined


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_markers_are_found_wherever_the_stream_is_cut(text: str, expected: list[str | int]) -> None:
    assert run([text]) == expected
    assert run(list(text)) == expected
    for cut in range(len(text)):
        assert run([text[:cut], "", text[cut:]]) == expected


def test_text_is_held_back_only_while_it_may_be_a_marker() -> None:
    markers = Markers(1)
    assert list(markers.feed("Stop it")) == ["Stop it"]
    assert list(markers.feed(" [")) == []
    assert list(markers.feed("see")) == [" [see"]
    assert "".join(map(str, markers.feed("[" + "1," * 1000)))
