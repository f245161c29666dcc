"""The retrieval contract: what is searched, what is found, and who searches.

A folder's files become documents (`files`, `loaders`), documents become
passages (`chunking`), and passages are indexed and found (`index`). Anything
with ``asearch`` can stand in for the index: a vector database, a search API.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

Span: TypeAlias = tuple[int, int]
"""Where something begins and ends in a text, in code points."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document, small enough to be read at a glance.

    Args:
        path: The file's path, relative to its folder, with forward slashes.
        title: The document's title.
        heading: The headings above the passage below the title, outermost
            first, joined by ``" › "``; empty at the top of the document.
        line: The file's line on which the text begins, counted from 1.
        text: The text as the document has it, without its heading.
    """

    path: str
    title: str
    heading: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Match:
    """A passage that was found.

    Args:
        passage: What was found.
        score: How well it fits; only comparable within one search, best highest.
        spans: Where the passage's text has the words of the question, in order.
    """

    passage: Passage
    score: float
    spans: tuple[Span, ...] = ()


class Searcher(Protocol):
    """Something that finds passages."""

    async def asearch(self, query: str, limit: int = 5) -> list[Match]:
        """Return the passages that answer a question in plain words, best first.

        An empty list says that none does: what hardly fits is left out.
        """
        ...


class Progress(Protocol):
    """Is told how far a long task has come."""

    def __call__(self, done: int, total: int) -> None:
        """Note that ``done`` of ``total`` files are finished."""
        ...


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a list, a table, a piece of code: text that belongs together.

    Args:
        line: The file's line on which it begins, counted from 1.
        text: Its lines, one for each of the file's.
    """

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading, down to the next.

    Args:
        headings: The heading and those above it, outermost first, without the
            document's title.
        blocks: Its text.
    """

    headings: tuple[str, ...]
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text in the order of the file.

    Args:
        title: The title that the document gives itself, or None.
        sections: Those that have any text.
    """

    title: str | None
    sections: tuple[Section, ...]


Loader: TypeAlias = Callable[[str], Document]
"""Reads one format: takes a file's text, with ``\\n`` between lines."""
