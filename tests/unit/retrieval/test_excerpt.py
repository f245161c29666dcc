"""Excerpts: the sentences asked for, whole, in Markdown that works anywhere."""

import re

import pytest

from chatkeep.retrieval.base import Match, Passage
from chatkeep.retrieval.excerpt import excerpt

FILLER = "Some other sentence that nobody asked for. " * 30


def quoted(text: str, *words: str, size: int = 200) -> str:
    spans = sorted(found.span() for word in words for found in re.finditer(word, text))
    return excerpt(Match(Passage("a.md", "A", "", 1, text), 1.0, tuple(spans)), size)


def test_a_short_passage_is_quoted_whole() -> None:
    assert quoted("One.\n\n- two\n- three") == "One.\n\n- two\n- three"


def test_the_sentences_with_the_words_asked_for_are_quoted_whole() -> None:
    text = f"{FILLER}Press the button to stop. Then the answer ends. {FILLER}"
    quotation = quoted(text, "stop", "answer")
    assert "Press the button to stop. Then the answer ends." in quotation
    assert quotation.startswith(("… Some", "… Press"))
    assert quotation.endswith(". …")
    assert len(quotation) <= 204


def test_without_words_the_beginning_is_quoted() -> None:
    quotation = quoted(f"First of all. {FILLER}")
    assert quotation.startswith("First of all.")
    assert quotation.endswith(" …")


def test_more_different_words_win() -> None:
    text = f"The stop stop stop. {FILLER}Here stop and answer. {FILLER}"
    assert "Here stop and answer." in quoted(text, "stop", "answer", size=100)


def test_a_sentence_that_is_too_long_is_cut_between_words() -> None:
    text = "word " * 300 + "needle " + "word " * 300
    quotation = quoted(text, "needle")
    assert "needle" in quotation
    assert set(quotation.split()) == {"…", "word", "needle"}
    assert len(quoted("字" * 5000, "字")) <= 204


def test_code_is_quoted_in_its_fence() -> None:
    code = "```python\n" + "\n".join(f"stop_{n}(answer)" for n in range(100)) + "\n```"
    quotation = quoted(f"{FILLER}\n\n{code}\n\n{FILLER}", "stop_3", "answer")
    lines = quotation.split("\n")
    assert lines.count("```python") == lines.count("```") == 1
    assert lines[:3] == ["…", "", "```python"]
    assert lines[-3:] == ["```", "", "…"]
    assert all(re.fullmatch(r"stop_\d+\(answer\)", line) for line in lines[3:-3])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See [the guide](../guide.md#x).", "See the guide."),
        ("See [the site](https://example.com).", "See [the site](https://example.com)."),
        ("![logo](https://example.com/a.png) Hi", "logo Hi"),
        ("[![badge](b.svg)](https://example.com) Hi", "[badge](https://example.com) Hi"),
        ("A <script>alert(1)</script>", "A \\<script>alert(1)\\</script>"),
        ("1 < 2 and <https://example.com>", "1 < 2 and <https://example.com>"),
        ("`<b>` and `a[0](x)`", "`<b>` and `a[0](x)`"),
        ("```\n<b> [x](y)\n```", "```\n<b> [x](y)\n```"),
        ("~~~\n<b> [x](y)\n~~~", "~~~\n<b> [x](y)\n~~~"),
    ],
)
def test_markup_that_only_works_in_its_place_is_made_plain(text: str, expected: str) -> None:
    assert quoted(text) == expected
