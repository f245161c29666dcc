"""Markdown: what is a heading, what is not, and on which line the text stands."""

import pytest

from chatkeep.retrieval.base import Document
from chatkeep.retrieval.markdown import load_markdown


def outline(document: Document) -> list[tuple[str, int, str]]:
    return [
        (" › ".join(section.headings), block.line, block.text)
        for section in document.sections
        for block in section.blocks
    ]


def test_sections_have_their_headings_and_their_lines() -> None:
    document = load_markdown(
        "# Guide\n\nWelcome.\n\n## Install\n\n### Linux\nUse apt.\n\nThen go.\n\n## Use\n\nRun it."
    )
    assert document.title == "Guide"
    assert outline(document) == [
        ("", 3, "Welcome."),
        ("Install › Linux", 8, "Use apt."),
        ("Install › Linux", 10, "Then go."),
        ("Use", 14, "Run it."),
    ]


@pytest.mark.parametrize(
    "code",
    [
        "```sh\n# not a heading\n\n# nor this\n```",
        "~~~\n# not a heading\n```\n# nor this\n~~~",
        "````\n```\n# not a heading\n```\n# nor this\n````",
        "- item\n\n      ```\n      # not a heading\n      ```",
        "    # indented code",
        "`# not a heading`",
        "#hashtag",
        "####### seven",
        "> # quoted",
    ],
)
def test_code_and_the_like_has_no_headings(code: str) -> None:
    document = load_markdown(f"# Title\n\n## Before\n\n{code}\n\nafter\n")
    assert {section.headings for section in document.sections} == {("Before",)}
    texts = [text for _, _, text in outline(document)]
    assert "after" in texts
    assert all(line in "\n\n".join(texts) for line in code.split("\n"))


def test_a_fence_is_one_block_and_ends_with_its_list() -> None:
    document = load_markdown("1. Do\n\n       ```\n       a\n\n       b\n\nOut.\n\n# Next\n\nEnd.")
    assert [text for _, _, text in outline(document)][1:] == [
        "       ```\n       a\n\n       b\n\nOut.",
        "End.",
    ]
    assert document.title == "Next"


def test_comments_are_left_out() -> None:
    document = load_markdown("<!-- # one -->\n<!--\n# two\n-->\n# Three\n\nText.\n")
    assert document.title == "Three"
    assert outline(document) == [("", 7, "Text.")]


def test_setext_headings() -> None:
    document = load_markdown("Title\n=====\n\nOne.\n\nPart\n---\nTwo.\n")
    assert document.title == "Title"
    assert outline(document) == [("", 4, "One."), ("Part", 8, "Two.")]


@pytest.mark.parametrize("above", ["- item", "| a | b |", "> quote", "one\ntwo", "1. item"])
def test_a_rule_below_other_text_is_no_heading(above: str) -> None:
    document = load_markdown(f"{above}\n---\nafter\n")
    assert [section.headings for section in document.sections] == [()]
    assert [text for _, _, text in outline(document)] == [above, "after"]


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("## C#", "C#"),
        ("## Closed ##", "Closed"),
        ("## `stop()` and *more*", "stop() and more"),
        ("## [Label](other.md) {#anchor}", "Label"),
        ("## on_disconnect \\*", "on_disconnect"),
        ("##\tTab", "Tab"),
        ("##   ", ""),
    ],
)
def test_headings_are_plain(line: str, heading: str) -> None:
    document = load_markdown(f"{line}\n\nText.\n")
    assert outline(document) == [(heading, 3, "Text.")]


@pytest.mark.parametrize(
    "front", ['---\ntitle: "My title"\ntags: [a]\n---\n', "+++\ntitle = 'My title'\n+++\n"]
)
def test_front_matter_gives_the_title_and_is_no_text(front: str) -> None:
    document = load_markdown(f"{front}# Other\n\nText.\n")
    assert document.title == "My title"
    line = front.count("\n") + 3
    assert outline(document) == [("Other", line, "Text.")]


def test_front_matter_that_never_ends_is_text() -> None:
    assert "title: x" in outline(load_markdown("---\ntitle: x\n\nText."))[0][2]


def test_a_long_line_takes_no_long_time() -> None:
    load_markdown("# " + " " * 1_000_000 + "x\n" + "[" * 100_000 + "\n" + "#" * 1_000_000)
