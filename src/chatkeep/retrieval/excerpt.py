"""The excerpt: the part of a passage that answers, fit to be quoted in Markdown."""

import re
from collections.abc import Iterator, Sequence

from ..characters import cut_before
from .base import Match, Span
from .chunking import sentences

SIZE = 450
"""Characters that an excerpt is cut to."""

_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_ITEM = re.compile(r"\s*(?:[-*+>]|\d+[.)])\s")
_BLOCK = re.compile(rf"\s*(?:```|~~~|\|)| {{4}}|{_ITEM.pattern}")
_FENCED = re.compile(r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1[^\n]*$|\Z)", re.DOTALL | re.MULTILINE)
_MARKUP = re.compile(
    r"(?P<code>(`+)(?!`).*?(?<!`)\2(?!`)|^~~~.*?(?:^~~~|\Z))"
    r"|!\[(?P<image>[^\[\]]*)\]\([^()]*\)"
    r"|\[(?P<label>[^\[\]]*)\]\((?!https?://)[^()]*\)"
    r"|(?P<tag><(?=[A-Za-z/!?])(?!https?://))",
    re.DOTALL | re.MULTILINE,
)


def excerpt(match: Match, size: int = SIZE) -> str:
    """Return the sentences of a passage that have the most of what was asked for.

    Markup that only works in its own place is made plain: images, links to
    other files, HTML.

    Args:
        match: The passage, and where it has the words of the question.
        size: Characters that it is cut to, before what marks the cuts.
    """
    text = match.passage.text
    start, end = _window(text, match.spans, size) if len(text) > size else (0, len(text))
    cut = text[start:end].rstrip()
    if len(_FENCE.findall(cut)) % 2:
        cut += "\n```"
    before = _lead(cut) if start else ""
    after = _trail(cut) if text[end:].strip() else ""
    return before + _portable(cut) + after


def _window(text: str, spans: Sequence[Span], size: int) -> Span:
    """Return where to cut: whole sentences with the most different words asked for."""
    units = list(_units(text))
    starts = [n for n, unit in enumerate(units) if _inside(spans, unit)] or [0]
    windows = [(n, _reach(units, n, size)) for n in starts]
    first, last = max(windows, key=lambda window: _worth(text, spans, units, window))
    if _length(units, first, last) > size:
        return _cut(text, units[first], spans, size)
    while first and _length(units, first - 1, last) <= size:
        first -= 1
    return units[first][0], units[last][1]


def _units(text: str) -> Iterator[Span]:
    """Yield sentences, list items and rows; a fence is one unit."""
    fences = [found.span() for found in _FENCED.finditer(text)]
    start = 0
    for _, end in sentences(text):
        if not any(begin < end < stop for begin, stop in fences):
            yield start, end
            start = end


def _reach(units: Sequence[Span], first: int, size: int) -> int:
    """Return the last unit that fits behind the first."""
    last = first
    while last + 1 < len(units) and _length(units, first, last + 1) <= size:
        last += 1
    return last


def _length(units: Sequence[Span], first: int, last: int) -> int:
    return units[last][1] - units[first][0]


def _worth(
    text: str, spans: Sequence[Span], units: Sequence[Span], window: tuple[int, int]
) -> tuple[int, int]:
    inside = _inside(spans, (units[window[0]][0], units[window[1]][1]))
    return len({text[start:end].lower() for start, end in inside}), len(inside)


def _inside(spans: Sequence[Span], outer: Span) -> list[Span]:
    return [span for span in spans if outer[0] <= span[0] < outer[1]]


def _cut(text: str, unit: Span, spans: Sequence[Span], size: int) -> Span:
    """Return the part of a sentence too long to quote: around the first word asked for."""
    start, end = unit
    fenced = _FENCE.match(text, start)
    wanted = _inside(spans, unit)[:1]
    if wanted and wanted[0][0] > start + size // 2 and not fenced:
        start = text.find(" ", wanted[0][0] - size // 3, wanted[0][0]) + 1 or wanted[0][0]
    limit = min(end, start + size)
    gap = text.rfind("\n" if fenced else " ", start, limit)
    return start, gap if limit < end and gap > start else cut_before(text, limit, start)


def _lead(cut: str) -> str:
    """Return what marks that text is missing ahead, without breaking a block."""
    return "…\n\n" if _BLOCK.match(cut) else "… "


def _trail(cut: str) -> str:
    """Return what marks that text is missing behind."""
    last = cut[cut.rfind("\n") + 1 :]
    return "\n\n…" if _BLOCK.match(last) and not _ITEM.match(last) else " …"


def _portable(text: str) -> str:
    """Make plain what only works in its own place. Code stays as it is."""
    return _MARKUP.sub(_plain, text)


def _plain(found: re.Match[str]) -> str:
    if found["code"]:
        return found["code"]
    if found["tag"]:
        return "\\<"
    return found["image"] or found["label"] or ""
