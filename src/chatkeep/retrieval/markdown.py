"""Markdown: CommonMark's headings, and the text between them as it stands."""

import re

from .base import Document
from .outline import MAX_HEADING, Outline

_ATX = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r"([ \t]*)(`{3,}(?=[^`]*$)|~{3,})")
_COMMENT = re.compile(r" {0,3}<!--")
_NO_PARAGRAPH = re.compile(r" {0,3}(?:[-+*>|]|\d+[.)])|\t| {4}")
_FRONT_MATTER = {"---": re.compile(r"title:\s*(.+)"), "+++": re.compile(r"title\s*=\s*(.+)")}
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKUP = re.compile(r"[`*]+|\s*\{#[^}]*\}$|\\(?=[^\w\s])")


def load_markdown(text: str) -> Document:
    """Read Markdown: ATX and setext headings, and the title of front matter.

    What stands in a fence, in a comment or indented as code is no heading.
    """
    lines = text.split("\n")
    title, body = _front_matter(lines)
    reader = _Reader(Outline(title))
    for number, line in enumerate(lines[body:], body + 1):
        reader.read(number, line)
    return reader.outline.document()


class _Reader:
    """Goes through the lines, and knows what the present one stands in."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self._fence: re.Match[str] | None = None
        self._comment = False

    def read(self, number: int, line: str) -> None:
        if self._fence and self._left_container(line, self._fence):
            self._fence = None
        if self._fence:
            self.outline.line(number, line)
            if _closes(line, self._fence):
                self._fence = None
        elif self._comment or _COMMENT.match(line):
            self._comment = "-->" not in line
        elif fence := _FENCE.match(line):
            self._fence = fence
            self.outline.line(number, line)
        else:
            self._read_text(number, line)

    def _read_text(self, number: int, line: str) -> None:
        outline = self.outline
        if not line.strip():
            outline.end_block()
        elif atx := _ATX.match(line):
            outline.heading(len(atx[1]), _plain(_without_closing(line[atx.end() :])))
        elif underline := _SETEXT.match(line):
            self._underline(1 if underline[1][0] == "=" else 2)
        else:
            outline.line(number, line)

    def _underline(self, level: int) -> None:
        """Make the line above a heading, or end the block: the rule is a mere break.

        CommonMark makes all lines of a paragraph the heading; a rule that
        someone put under a paragraph of several lines was hardly meant so.
        """
        above = self.outline.paragraph
        if len(above) == 1 and not _NO_PARAGRAPH.match(above[0]):
            self.outline.heading(level, _plain(above.pop()))
        else:
            self.outline.end_block()

    def _left_container(self, line: str, fence: re.Match[str]) -> bool:
        """Whether an indented fence ended with the list item that held it."""
        indent = len(fence[1].expandtabs(4))
        expanded = line[: indent + 1].expandtabs(4)
        return indent > 3 and bool(line.strip()) and not expanded[:indent].isspace()


def _closes(line: str, fence: re.Match[str]) -> bool:
    stripped = line.strip()
    return len(stripped) >= len(fence[2]) and not stripped.strip(fence[2][0])


def _without_closing(heading: str) -> str:
    """Drop the ``##`` at the end of ``## Heading ##``, and keep that of ``C#``."""
    heading = heading.strip()
    opened = heading.rstrip("#")
    return opened if not opened or opened[-1] in " \t" else heading


def _plain(heading: str) -> str:
    """Return a heading's text without its markup."""
    return _MARKUP.sub("", _LINK.sub(r"\1", heading[: 2 * MAX_HEADING]))


def _front_matter(lines: list[str]) -> tuple[str | None, int]:
    """Return the title that front matter gives, and how many lines it takes up."""
    marker = lines[0].rstrip()
    pattern = _FRONT_MATTER.get(marker)
    if not pattern:
        return None, 0
    title = None
    for index, line in enumerate(lines[1:], 1):
        if line.rstrip() == marker:
            return title, index + 1
        if found := pattern.match(line):
            title = found[1].strip().strip("\"'")
    return None, 0
