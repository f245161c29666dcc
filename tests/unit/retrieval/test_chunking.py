"""Chunking: passages are bounded, whole where they can be, and know their lines."""

from chatkeep.retrieval.base import Document, Passage
from chatkeep.retrieval.chunking import LIMIT, TARGET, passages, sentences
from chatkeep.retrieval.markdown import load_markdown
from chatkeep.retrieval.text import load_text


def cut(document: Document) -> list[Passage]:
    return list(passages(document, "guide/install.md"))


def assert_lines_are_right(source: str, pieces: list[Passage]) -> None:
    lines = source.split("\n")
    for piece in pieces:
        assert lines[piece.line - 1].endswith(piece.text.split("\n")[0]) or (
            piece.text.split("\n")[0] in lines[piece.line - 1]
        )


def test_short_paragraphs_of_a_section_share_a_passage() -> None:
    pieces = cut(load_markdown("# Guide\n\nOne.\n\nTwo.\n\n## Next\n\nThree.\n"))
    assert pieces == [
        Passage("guide/install.md", "Guide", "", 3, "One.\n\nTwo."),
        Passage("guide/install.md", "Guide", "Next", 9, "Three."),
    ]


def test_a_document_without_a_title_has_its_files_name() -> None:
    assert cut(load_text("Text."))[0].title == "install"


def test_paragraphs_are_kept_whole_and_passages_near_the_target() -> None:
    source = "\n\n".join(f"Paragraph {n}. " + "word " * 60 for n in range(20))
    pieces = cut(load_text(source))
    assert all(len(piece.text) <= TARGET for piece in pieces)
    assert all(piece.text.startswith("Paragraph") for piece in pieces)
    assert len(pieces) <= 8
    assert_lines_are_right(source, pieces)


def test_a_long_paragraph_is_cut_after_a_sentence() -> None:
    source = "Title line.\n" + "\n".join(
        f"This is sentence number {n} of many." for n in range(200)
    )
    pieces = cut(load_text(source))
    assert len(pieces) > 1
    assert all(len(piece.text) <= LIMIT for piece in pieces)
    assert all(piece.text.endswith(".") for piece in pieces)
    assert_lines_are_right(source, pieces)
    assert pieces[1].line > 1


def test_text_with_no_place_to_cut_is_cut_anyway() -> None:
    pieces = cut(load_text("x" * 10_000))
    assert "".join(piece.text for piece in pieces) == "x" * 10_000
    assert all(len(piece.text) <= LIMIT for piece in pieces)


def test_code_is_cut_between_lines_and_keeps_its_indentation() -> None:
    source = "```\n" + "\n".join(f"    call_{n}(argument)" for n in range(200)) + "\n```"
    pieces = cut(load_markdown(source))
    assert len(pieces) > 1
    assert all(piece.text.startswith("    call_") for piece in pieces[1:])
    assert all(len(piece.text) <= LIMIT for piece in pieces)
    assert_lines_are_right(source, pieces)


def test_nothing_is_lost() -> None:
    source = "\n\n".join(
        [" ".join(f"w{n}" for n in range(3000)), "Short lead:", "- a\n- b", "x" * 5000, "end"]
    )
    joined = "".join("".join(piece.text.split()) for piece in cut(load_text(source)))
    assert joined == "".join(source.split())


def test_a_short_lead_stays_with_what_it_leads_to() -> None:
    code = "```\n" + "line of code\n" * 100 + "```"
    (piece,) = cut(load_markdown(f"For example:\n\n{code}"))
    assert piece.text.startswith("For example:")


def test_sentences_make_up_the_text() -> None:
    text = 'One. "Two!" Three?\n- item\n- item 2\n\n第一。第二。 v1.2 is out. 1. numbered'
    spans = list(sentences(text))
    assert "".join(text[start:end] for start, end in spans) == text
    assert [text[start:end].strip() for start, end in spans] == [
        "One.",
        '"Two!"',
        "Three?",
        "- item",
        "- item 2",
        "第一。",
        "第二。",
        "v1.2 is out.",
        "1. numbered",
    ]
