"""Retrieval: finds the passages of your documents that answer a question."""

from .base import Block, Document, Loader, Match, Passage, Progress, Searcher, Section, Span
from .index import Index, Skipped, Summary
from .loaders import LOADERS
from .outline import Outline

__all__ = [
    "LOADERS",
    "Block",
    "Document",
    "Index",
    "Loader",
    "Match",
    "Outline",
    "Passage",
    "Progress",
    "Searcher",
    "Section",
    "Skipped",
    "Span",
    "Summary",
]
