"""The index: folders of documents, kept as passages in SQLite's full-text search."""

import asyncio
import hashlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from logging import getLogger
from os import PathLike, fspath
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from .base import Document, Loader, Match, Passage, Progress
from .chunking import passages
from .database import Database
from .files import MAX_FILE_SIZE, File, Unreadable, find_files, read, text_of
from .loaders import LOADERS
from .query import segmented
from .search import find

log = getLogger(__name__)

_BATCH_FILES = 200
_BATCH_BYTES = 2_000_000
_MAX_SEARCHES = 8
"""Searches at a time; more wait for one of them."""

_FRESH_NANOSECONDS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was left out, and why."""

    path: str
    reason: str


@dataclass(slots=True)
class Summary:
    """What an update did: numbers of files, and those left out."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def files(self) -> int:
        """How many files the index holds now."""
        return self.added + self.changed + self.unchanged


class Index:
    """An index of folders of documents.

    Threads may share it, and processes its file: updates take turns, and a
    search sees each file either as it was or as it is, and waits for no update.

    Args:
        path: The index's file, made if it is not there; ``":memory:"`` keeps
            nothing. It can be built again from the folders at any time.
        loaders: The loader of each suffix in lower case.
        max_file_size: Bytes of the largest file that is read.

    Raises:
        ConfigurationError: The file is something else than an index, or this
            Python's SQLite has no full-text search.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        loaders: Mapping[str, Loader] = LOADERS,
        max_file_size: int = MAX_FILE_SIZE,
    ) -> None:
        self._loaders = loaders
        self._max_file_size = max_file_size
        self._database = Database(fspath(path))
        self._threads: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def count(self) -> int:
        """How many passages there are."""
        with self._database.reading() as connection:
            (count,) = connection.execute("SELECT count(*) FROM passages").fetchone()
            return int(count)

    def close(self) -> None:
        """Close the file. A later use opens it again; an index in memory is gone."""
        threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=False)
        self._database.close()

    # Building

    def update(
        self, folders: Iterable[str | PathLike[str]], progress: Progress | None = None
    ) -> Summary:
        """Make the index hold these folders, as they are now, and nothing else.

        Only files that may have changed are read, and only those whose content
        has are indexed again, one at a time. What is done stays done if the
        update is cut short.

        Args:
            folders: The folders. Of several, the paths begin with their names.
            progress: Called after each file.

        Raises:
            ConfigurationError: One of them is not a folder.
        """
        found = list(find_files([Path(folder) for folder in folders], self._loaders))
        stamps = self._stamps()
        pending = [file for file in found if stamps.get(file.path) != file.stamp]
        done = len(found) - len(pending)
        summary = Summary(unchanged=done)
        for batch in _batches(pending):
            with self._database.writing() as connection:
                for file in batch:
                    self._update_file(connection, file, summary)
                    done += 1
                    if progress:
                        progress(done, len(found))
        self._keep_only(found, summary)
        return summary

    def _stamps(self) -> dict[str, str]:
        with self._database.reading() as connection:
            return dict(connection.execute("SELECT path, stamp FROM files"))

    def _update_file(self, connection: sqlite3.Connection, file: File, summary: Summary) -> None:
        row = connection.execute("SELECT hash FROM files WHERE path = ?", (file.path,)).fetchone()
        try:
            data = read(file, self._max_file_size)
            hash_ = hashlib.sha256(data).digest()
            if row and row[0] == hash_:
                summary.unchanged += 1
            else:
                document = self._load(file, text_of(data))
                _delete(connection, file.path)
                _insert(connection, file.path, hash_, passages(document, file.path))
                if row:
                    summary.changed += 1
                else:
                    summary.added += 1
            connection.execute(
                "UPDATE files SET stamp = ? WHERE path = ?", (_stamp(file), file.path)
            )
        except Unreadable as error:
            summary.skipped.append(Skipped(file.path, str(error)))

    def _load(self, file: File, text: str) -> Document:
        load = self._loaders[PurePosixPath(file.path).suffix.lower()]
        try:
            return load(text)
        # A loader is anyone's code, and one file must not end it for the others.
        except Exception as error:
            log.warning("The loader of %s failed.", file.path, exc_info=True)
            raise Unreadable(f"its loader failed: {type(error).__name__}") from error

    def _keep_only(self, found: Sequence[File], summary: Summary) -> None:
        """Remove the files that are gone, or can't be read any more."""
        kept = {file.path for file in found} - {file.path for file in summary.skipped}
        gone = [path for path in self._stamps() if path not in kept]
        for start in range(0, len(gone), _BATCH_FILES):
            with self._database.writing() as connection:
                for path in gone[start : start + _BATCH_FILES]:
                    _delete(connection, path)
        summary.removed = len(gone)

    # Searching

    async def asearch(self, query: str, limit: int = 5) -> list[Match]:
        """Do what `search` does, in a thread of the index's own.

        The event loop has few for itself, and needs them to look names up.
        """
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_MAX_SEARCHES, "chatkeep-search")
        search = partial(copy_context().run, self.search, query, limit)
        return await asyncio.get_running_loop().run_in_executor(self._threads, search)

    def search(self, query: str, limit: int = 5) -> list[Match]:
        """Return the passages that answer a question in plain words, best first.

        A passage that has too little of what the question asks for is left
        out, so there may be no match.

        Args:
            query: The question. Nothing in it is syntax.
            limit: How many matches at most.
        """
        with self._database.reading() as connection:
            return find(connection, query, limit)


def _batches(files: Iterable[File]) -> Iterator[list[File]]:
    """Group files so that a transaction is worth its while, and does not last."""
    batch: list[File] = []
    size = 0
    for file in files:
        batch.append(file)
        size += file.size
        if len(batch) == _BATCH_FILES or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _stamp(file: File) -> str:
    """Return the stamp to know the file by; none for one so young that it may
    change again within its time of change."""
    return file.stamp if time.time_ns() - file.modified > _FRESH_NANOSECONDS else ""


def _delete(connection: sqlite3.Connection, path: str) -> None:
    connection.execute(
        "DELETE FROM words WHERE rowid IN (SELECT passages.id FROM passages"
        " JOIN files ON files.id = passages.file WHERE files.path = ?)",
        (path,),
    )
    connection.execute("DELETE FROM files WHERE path = ?", (path,))


def _insert(
    connection: sqlite3.Connection, path: str, hash_: bytes, content: Iterable[Passage]
) -> None:
    file = connection.execute(
        "INSERT INTO files (path, stamp, hash) VALUES (?, '', ?)", (path, hash_)
    ).lastrowid
    for passage in content:
        rowid = connection.execute(
            "INSERT INTO passages (file, line) VALUES (?, ?)", (file, passage.line)
        ).lastrowid
        shown = (passage.title, passage.heading, passage.text)
        connection.execute(
            "INSERT INTO words (rowid, title, heading, text, segmented) VALUES (?, ?, ?, ?, ?)",
            (rowid, *shown, segmented(" ".join(shown))),
        )
