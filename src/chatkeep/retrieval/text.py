"""Plain text: paragraphs, and nothing else to hold on to."""

from .base import Document
from .outline import Outline


def load_text(text: str) -> Document:
    """Read plain text: paragraphs are parted by blank lines."""
    outline = Outline()
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            outline.line(number, line)
        else:
            outline.end_block()
    return outline.document()
