"""reStructuredText: titles by their adornments."""

import pytest

from chatkeep.retrieval.base import Document
from chatkeep.retrieval.rst import load_rst


def outline(document: Document) -> list[tuple[str, int, str]]:
    return [
        (" › ".join(section.headings), block.line, block.text)
        for section in document.sections
        for block in section.blocks
    ]


def test_levels_are_those_of_first_appearance() -> None:
    document = load_rst(
        "=====\nGuide\n=====\n\nHello.\n\nInstall\n=======\n\nLinux\n~~~~~\n\nUse apt.\n\n"
        "Use\n===\n\nRun.\n"
    )
    assert document.title == "Guide"
    assert outline(document) == [
        ("", 5, "Hello."),
        ("Install › Linux", 13, "Use apt."),
        ("Use", 18, "Run."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Some code::\n\n    Title\n    =====\n",
        "=====  =====\nA      B\n=====  =====\n1      2\n=====  =====",
        "+---+\n| A |\n+---+",
        "Before.\n\n-----\n\nAfter.",
        "Two lines\nof text\n--",
        "Two lines\nof text\n-------",
    ],
)
def test_other_lines_of_punctuation_are_no_titles(text: str) -> None:
    document = load_rst(text)
    assert document.title is None
    assert {section.headings for section in document.sections} == {()}


def test_comments_and_targets_are_left_out_and_directives_stay() -> None:
    document = load_rst(
        ".. Copyright\n   somebody\n\n.. _target:\n\nTitle\n=====\n\n.. note::\n\n   Mind this.\n"
    )
    assert document.title == "Title"
    text = "\n".join(text for _, _, text in outline(document))
    assert "Mind this." in text
    assert "Copyright" not in text
    assert "somebody" not in text
    assert "_target" not in text


def test_titles_are_plain() -> None:
    assert (
        load_rst(":class:`Index` and ``x``\n========================\n\nText.\n").title
        == "Index and x"
    )
