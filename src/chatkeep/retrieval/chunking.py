"""Chunking: cuts documents into passages at the best place that is near."""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from ..characters import cut_before
from .base import Block, Document, Passage

TARGET = 1200
"""Characters that a passage is filled up to."""

LIMIT = 1800
"""Characters that no passage exceeds: a single block up to this is left whole."""

_SENTENCE_END = re.compile(
    r"(?:(?<!\d)\.|[!?…])[\"'”’)\]]*\s+|[。！？]\s*|\n[^\S\n]*\n\s*"
    # Items of a list and rows of a table have no full stops.
    r"|\n(?=[^\S\n]*(?:[-*+|]|\d+[.)])[^\S\n])"
)
_LINE_END = re.compile(r"\n")
_WORD_END = re.compile(r"\s+")


def passages(document: Document, path: str) -> Iterator[Passage]:
    """Cut a document into passages, each within one section.

    Args:
        document: The document.
        path: Its path; the file's name is the title of a document without one.
    """
    title = document.title or PurePosixPath(path).stem
    for section in document.sections:
        heading = " › ".join(section.headings)
        for block in _packed(section.blocks):
            yield Passage(path, title, heading, block.line, block.text)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each sentence begins and ends; together they are the text."""
    start = 0
    for end in _SENTENCE_END.finditer(text):
        yield start, end.end()
        start = end.end()
    if start < len(text):
        yield start, len(text)


def _packed(blocks: Iterable[Block]) -> Iterator[Block]:
    """Join blocks up to the target."""
    parts: list[str] = []
    line = size = 0
    for block in _within_limit(blocks):
        # A short lead stays with what it leads to.
        room = TARGET if size >= TARGET // 4 else LIMIT
        if parts and size + len(block.text) > room:
            yield Block(line, "\n\n".join(parts))
            parts, size = [], 0
        if not parts:
            line = block.line
        parts.append(block.text)
        size += len(block.text) + 2
    if parts:
        yield Block(line, "\n\n".join(parts))


def _within_limit(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        if len(block.text) <= LIMIT:
            yield block
        else:
            yield from _split(block)


def _split(block: Block) -> Iterator[Block]:
    """Cut a block that is too long: after a sentence, a line, a word, or anywhere."""
    text, start, line = block.text, 0, block.line
    while start < len(text):
        end = len(text) if len(text) - start <= TARGET else _cut(text, start)
        piece = text[start:end]
        if piece.strip():
            first = piece.rfind("\n", 0, len(piece) - len(piece.lstrip())) + 1
            yield Block(line + piece.count("\n", 0, first), piece[first:].rstrip())
        line += piece.count("\n")
        start = end


def _cut(text: str, start: int) -> int:
    """Return the best place to end a piece that begins at ``start``."""
    limit = start + TARGET
    for pattern in (_SENTENCE_END, _LINE_END, _WORD_END):
        ends = [found.end() for found in pattern.finditer(text, start + TARGET // 2, limit)]
        if ends:
            return ends[-1]
    return cut_before(text, limit, start)
