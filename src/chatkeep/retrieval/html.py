"""HTML: headings and readable text, by the standard library's parser."""

import re
from html.parser import HTMLParser

from .base import Document
from .outline import Outline

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SKIPPED = frozenset({"script", "style", "nav", "noscript", "template", "svg", "math", "iframe"})
_INLINE_TAGS = """
a abbr b bdi bdo cite code data del dfn em font i img input ins kbd label mark q rp rt ruby s samp
small span strong sub sup time tt u var wbr
"""
_SPACED = frozenset({"br", "td", "th"})
_INLINE = frozenset(_INLINE_TAGS.split())
_ANCHORS = frozenset({"¶", "#", "§", "🔗"})
"""What generators put behind headings to link to them."""

_SPACE = re.compile(r"[^\S\n]+")


def load_html(text: str) -> Document:
    """Read HTML: h1 to h6, the title element, and the text that a reader sees.

    Scripts, styles and navigation are left out. Preformatted text is indented
    by four spaces, which keeps its lines apart where it is shown as Markdown.
    """
    reader = _Reader()
    reader.feed(text)
    reader.close()
    reader.end_text()
    return reader.outline.document()


class _Reader(HTMLParser):
    """Turns tags into the outline's headings and blocks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.outline = Outline()
        self._element: str | None = None
        """The title or heading whose text is being read."""
        self._skipped: list[str] = []
        self._preformatted = False
        self._text: list[str] = []
        self._line = self._next_line = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipped:
            if tag == self._skipped[0]:
                self._skipped.append(tag)
        elif tag in _SKIPPED:
            self._skipped.append(tag)
        elif tag == "title" or tag in _HEADINGS:
            self.end_text()
            self._element = tag
        else:
            self._part(tag)
            self._preformatted = self._preformatted or tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            if tag == self._skipped[0]:
                self._skipped.pop()
        elif tag == self._element:
            self.end_text()
        else:
            self._part(tag)
            self._preformatted = self._preformatted and tag != "pre"

    def handle_data(self, data: str) -> None:
        if self._skipped or (self._element and data.strip() in _ANCHORS):
            return
        line = self.getpos()[0]
        if not self._text:
            self._line = self._next_line = line
        # Lines that ended inside a tag count too.
        self._text.append("\n" * (line - self._next_line) + data)
        self._next_line = line + data.count("\n")

    def end_text(self) -> None:
        """Hand over the text so far as what it was read as."""
        text = "".join(self._text)
        self._text = []
        if self._element is None:
            self._end_block(text)
        elif self._element == "title":
            self.outline.title = " ".join(text.split())
        else:
            self.outline.heading(_HEADINGS[self._element], text)
        self._element = None

    def _part(self, tag: str) -> None:
        """Keep apart what the tag keeps apart on the page."""
        if tag in _SPACED or (self._element and tag not in _INLINE):
            if self._text:
                self._text.append(" ")
        elif tag not in _INLINE:
            self.end_text()

    def _end_block(self, text: str) -> None:
        for number, line in enumerate(text.split("\n"), self._line):
            shown = "    " + line.rstrip() if self._preformatted else _SPACE.sub(" ", line).strip()
            if shown.strip() or self.outline.paragraph:
                self.outline.line(number, shown)
        self.outline.end_block()
