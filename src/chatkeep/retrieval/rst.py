"""reStructuredText: section titles by their adornment, text as it stands."""

import re

from .base import Document
from .outline import MAX_HEADING, Outline

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1+\s*$")
_UNSEEN = re.compile(r"\.\. (?:_|(?!\[|\||[\w.:+-]+::))")
_ROLE = re.compile(r":[\w.:+-]+:`([^`<]*)[^`]*`")


def load_rst(text: str) -> Document:
    """Read reStructuredText: titles with an underline, with or without an overline.

    The levels are those of the adornments' first appearances, as Docutils has
    it. Comments and link targets are left out.
    """
    lines = text.split("\n")
    outline = Outline()
    styles: list[str] = []
    index = 0
    while index < len(lines):
        if style := _title_style(lines, index, not outline.paragraph):
            if style not in styles:
                styles.append(style)
            title = lines[index + len(style) - 1]
            outline.heading(styles.index(style) + 1, _plain(title))
            index += len(style) + 1
        elif _UNSEEN.match(lines[index]):
            index = _after_indented(lines, index + 1)
        else:
            _add_line(outline, index + 1, lines[index])
            index += 1
    return outline.document()


def _title_style(lines: list[str], index: int, at_start: bool) -> str | None:
    """Return the adornment of the title that begins here: ``"="``, or ``"=="`` with overline."""
    if not at_start:
        return None
    first, second, third = [*lines[index : index + 3], "", ""][:3]
    if _ADORNMENT.match(first):
        overlined = bool(second.strip()) and first.rstrip() == third.rstrip()
        return first[0] * 2 if overlined else None
    underlined = bool(first.strip()) and not first[0].isspace() and _ADORNMENT.match(second)
    long_enough = len(second.rstrip()) >= min(len(first.rstrip()), 4)
    return second[0] if underlined and long_enough else None


def _after_indented(lines: list[str], index: int) -> int:
    """Return where the indented lines that begin here have ended."""
    while index < len(lines) and (not lines[index].strip() or lines[index][0].isspace()):
        index += 1
    return index


def _add_line(outline: Outline, number: int, line: str) -> None:
    if line.strip() and not _ADORNMENT.match(line):
        outline.line(number, line)
    else:
        outline.end_block()


def _plain(title: str) -> str:
    """Return a title's text without its markup."""
    return _ROLE.sub(r"\1", title[: 2 * MAX_HEADING]).replace("`", "").replace("*", "")
