"""The outline: builds a document from headings and lines, for every loader."""

from ..characters import shorten
from .base import Block, Document, Section

MAX_HEADING = 200
"""Characters of a heading that are kept."""


class Outline:
    """Collects a document's text under its headings.

    A loader tells it what it sees in the order of the file, and asks for the
    `document` at the end.

    Args:
        title: The title, where the format has a place for it; without one the
            first heading of level 1 is the title.
    """

    def __init__(self, title: str | None = None) -> None:
        self.title = title
        self.paragraph: list[str] = []
        """The lines of the block under way; a loader may take them back."""
        self._paragraph_line = 0
        self._headings: list[tuple[int, str]] = []
        self._sections: list[Section] = []
        self._blocks: list[Block] = []

    def heading(self, level: int, text: str) -> None:
        """Begin a section. ``level`` is 1 for the outermost."""
        self._end_section()
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        text = shorten(" ".join(text.split()), MAX_HEADING)
        if text:
            self._headings.append((level, text))
        if level == 1 and not self.title:
            self.title = text

    def line(self, number: int, text: str) -> None:
        """Add a line of the file to the block under way."""
        if not self.paragraph:
            self._paragraph_line = number
        self.paragraph.append(text)

    def end_block(self) -> None:
        """End the block under way: the next line begins another."""
        text = "\n".join(self.paragraph).rstrip()
        if text:
            self._blocks.append(Block(self._paragraph_line, text))
        self.paragraph = []

    def document(self) -> Document:
        """Return what was collected."""
        self._end_section()
        return Document(self.title or None, tuple(self._sections))

    def _end_section(self) -> None:
        self.end_block()
        if self._blocks:
            headings = tuple(text for _, text in self._headings if text != self.title)
            self._sections.append(Section(headings, tuple(self._blocks)))
        self._blocks = []
