"""Waiting for the log to say something."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager


class _Watch(logging.Handler):
    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words
        self.seen = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if self.words in record.getMessage():
            self.seen.set()


@contextmanager
def watched(words: str, logger: str = "chatkeep") -> Iterator[asyncio.Event]:
    """Give an event that is set once the log says the words."""
    watch = _Watch(words)
    logging.getLogger(logger).addHandler(watch)
    try:
        yield watch.seen
    finally:
        logging.getLogger(logger).removeHandler(watch)
