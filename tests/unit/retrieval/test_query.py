"""Queries: what a question is searched by, and whether it stands alone."""

import pytest

from chatkeep.retrieval.query import MAX_TERMS, refers_back, required_share, segmented, terms


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How do I stop an answer?", ["stop", "answer"]),
        ("What's the on_disconnect setting?", ["disconnect", "setting"]),
        ("I don't see errors; can't I?", ["see", "errors"]),
        ("Stop, stop, STOP!", ["stop"]),
        ("threads.create 404", ["threads", "create", "404"]),
        ('"a* NEAR(b) -c:d ^e {f} g+', ["near", "b", "c", "e", "f", "g"]),
        ("To be or not to be", ["to be or not to be"]),
        ("Привет мир", ["привет", "мир"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("回答を停止する", ["回答", "答を", "を停", "停止", "止す", "する"]),
        ("ChatKitの停止", ["chatkit", "の停", "停止"]),
        ("頁", ["頁"]),
        ("🎉 ?! \ud800 \x00", []),
        ("", []),
    ],
)
def test_terms(question: str, expected: list[str]) -> None:
    assert terms(question) == expected


def test_a_long_message_has_a_bounded_number_of_terms() -> None:
    assert len(terms(" ".join(f"word{n}" for n in range(100_000)))) == MAX_TERMS


def test_a_longer_question_needs_less_of_itself() -> None:
    shares = [required_share(count) for count in range(1, 25)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] <= 1


def test_text_in_a_script_without_spaces_is_segmented() -> None:
    assert segmented("Plain text.") == ""
    assert segmented("ChatKitの停止。") == "ChatKit の 停 止 の停 停止"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("How do I stop it?", True),
        ("And with Redis?", True),
        ("What about Redis?", True),
        ("Why?", True),
        ("How do I stop an answer?", False),
        ("Redis", False),
        ("", False),
        ("This is a long message that tells a whole story of its own", False),
    ],
)
def test_what_refers_back(message: str, expected: bool) -> None:
    assert refers_back(message) is expected
