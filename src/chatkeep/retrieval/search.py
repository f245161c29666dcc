"""The search: the passages that fit a question best, and only those that fit it."""

import math
import re
import sqlite3
from collections.abc import Collection, Iterator, Sequence

from .base import Match, Passage, Span
from .query import required_share, terms

_CANDIDATES = 50
_SHARE_OF_BEST = 1 / 3
_MARK, _END_MARK = "\x01", "\x02"
_MARKED = re.compile(f"{_MARK}([^{_END_MARK}]*){_END_MARK}")


def find(connection: sqlite3.Connection, question: str, limit: int) -> list[Match]:
    """Return the passages that answer a question, best first by BM25.

    Of passages with the same text only the first is returned.

    Args:
        connection: An index's database, in a transaction.
        question: Plain words; nothing in it is syntax.
        limit: How many matches at most.
    """
    wanted = terms(question)
    if not wanted:
        return []
    candidates = dict(
        connection.execute(
            "SELECT rowid, -rank FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?",
            (_any_of(wanted), _CANDIDATES),
        )
    )
    matches: dict[str, Match] = {}
    for rowid in _relevant(connection, wanted, candidates):
        if len(matches) >= limit:
            break
        match = _match(connection, wanted, rowid, candidates[rowid])
        matches.setdefault(match.passage.text, match)
    return list(matches.values())


def _relevant(
    connection: sqlite3.Connection, wanted: Sequence[str], candidates: Collection[int]
) -> list[int]:
    """Return the candidates that have enough of the question, and not much less than the best.

    A term weighs as much as it is rare (its inverse document frequency); one
    that stands nowhere is as rare as can be. In a title or heading it counts
    twice: it is what the passage is about.
    """
    (total,) = connection.execute("SELECT count(*) FROM passages").fetchone()
    whole = 0.0
    covered = dict.fromkeys(candidates, 0.0)
    for term in wanted:
        weight = _weight(connection, term, total)
        whole += weight
        for phrase in (_phrase(term), f"{{title heading}} : {_phrase(term)}"):
            for rowid in _having(connection, phrase, candidates):
                covered[rowid] += weight
    best = max(covered.values(), default=0.0)
    enough = max(whole * required_share(len(wanted)), best * _SHARE_OF_BEST)
    return [rowid for rowid in candidates if covered[rowid] >= enough]


def _weight(connection: sqlite3.Connection, term: str, total: int) -> float:
    (count,) = connection.execute(
        "SELECT count(*) FROM words WHERE words MATCH ?", (_phrase(term),)
    ).fetchone()
    count = max(count, 1)
    return math.log(1 + (total - count + 0.5) / (count + 0.5))


def _having(
    connection: sqlite3.Connection, expression: str, candidates: Collection[int]
) -> Iterator[int]:
    """Yield the candidates that an expression matches."""
    for rowid in candidates:
        found = connection.execute(
            "SELECT 1 FROM words WHERE words MATCH ? AND rowid = ?", (expression, rowid)
        )
        if found.fetchone():
            yield rowid


def _match(
    connection: sqlite3.Connection, wanted: Sequence[str], rowid: int, score: float
) -> Match:
    row = connection.execute(
        "SELECT path, title, heading, line, text, highlight(words, 2, ?, ?) FROM words"
        " JOIN passages ON passages.id = words.rowid JOIN files ON files.id = passages.file"
        " WHERE words MATCH ? AND words.rowid = ?",
        (_MARK, _END_MARK, _any_of(wanted), rowid),
    ).fetchone()
    *fields, marked = row
    passage = Passage(*fields)
    return Match(passage, score, _spans(passage.text, marked, wanted))


def _spans(text: str, marked: str, wanted: Sequence[str]) -> tuple[Span, ...]:
    """Return where the text has the terms: where marked, or else as they stand.

    The marks know of inflected words, but not of scripts without spaces.
    """
    spans = []
    for count, found in enumerate(_MARKED.finditer(marked)):
        start = found.start() - 2 * count
        spans.append((start, start + len(found[1])))
    if not spans:
        pattern = "|".join(map(re.escape, wanted))
        spans = [found.span() for found in re.finditer(pattern, text, re.IGNORECASE)]
    return tuple(spans)


def _any_of(wanted: Sequence[str]) -> str:
    return " OR ".join(map(_phrase, wanted))


def _phrase(term: str) -> str:
    """Quote a term: terms have no quotes, so nothing in it is syntax."""
    return f'"{term}"'
