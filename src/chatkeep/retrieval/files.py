"""Files: finds a folder's documents and reads them, and says what it left out."""

import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigurationError

MAX_FILE_SIZE = 5_000_000
"""Bytes of the largest file that is read, unless the caller says otherwise."""

_SKIPPED_FOLDERS = frozenset({"node_modules", "venv", "__pycache__"})
_SNIFFED = 1024
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NEWLINE = re.compile(r"\r\n?")


class Unreadable(Exception):
    """The file can't be read."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that may be a document.

    Args:
        path: The path it goes by: relative to its folder, with forward slashes,
            and below the folder's name where there are several.
        location: Where it is.
        size: Bytes.
        modified: When, in nanoseconds since the epoch.
        stamp: Changes whenever the content may have.
    """

    path: str
    location: str
    size: int
    modified: int
    stamp: str


def find_files(folders: Sequence[Path], suffixes: Collection[str]) -> Iterator[File]:
    """Yield the files of these suffixes in some folders, in order of their paths.

    Hidden files and folders, installed packages, and links that lead out of
    their folder are left out.

    Raises:
        ConfigurationError: One of them is not a folder.
    """
    for prefix, folder in _named(folders):
        yield from _walk(str(folder), str(folder), prefix, suffixes)


def read(file: File, max_size: int = MAX_FILE_SIZE) -> bytes:
    """Read a file.

    Raises:
        Unreadable: It is too large, not text, or not there any more; the
            message says which.
    """
    try:
        with open(file.location, "rb") as opened:
            data = opened.read(max_size + 1)
    except OSError as error:
        raise Unreadable(f"can't be read: {error.strerror}") from error
    if len(data) > max_size:
        raise Unreadable(f"larger than {max_size / 1_000_000:g} MB")
    if b"\0" in data[:_SNIFFED]:
        raise Unreadable("not a text file")
    return data


def text_of(data: bytes) -> str:
    """Decode UTF-8, and keep only what is text.

    Bytes that are not UTF-8 are replaced, line breaks become ``\n``, and
    control characters become spaces.
    """
    text = data.decode("utf-8-sig", errors="replace")
    return _CONTROL.sub(" ", _NEWLINE.sub("\n", text))


def _named(folders: Sequence[Path]) -> list[tuple[str, Path]]:
    """Return each folder with the prefix of its paths: none, if it is the only one."""
    resolved = list(dict.fromkeys(folder.expanduser().resolve() for folder in folders))
    for folder in resolved:
        if not folder.is_dir():
            raise ConfigurationError(f"{folder} is not a folder.")
    if len(resolved) == 1:
        return [("", resolved[0])]
    return [(f"{_shortest_name(folder, resolved)}/", folder) for folder in resolved]


def _shortest_name(folder: Path, folders: Sequence[Path]) -> str:
    """Return as much of the path's end as no other folder's path ends with."""
    others = [other.parts for other in folders if other != folder]
    for length in range(1, len(folder.parts)):
        name = folder.parts[-length:]
        if all(other[-length:] != name for other in others):
            return "/".join(name)
    return folder.as_posix().strip("/")


def _walk(root: str, folder: str, prefix: str, suffixes: Collection[str]) -> Iterator[File]:
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in _SKIPPED_FOLDERS:
                yield from _walk(root, entry.path, f"{prefix}{entry.name}/", suffixes)
        elif os.path.splitext(entry.name)[1].lower() in suffixes and _within(root, entry):
            yield from _file(entry, prefix)


def _within(root: str, entry: os.DirEntry[str]) -> bool:
    """Whether the entry is a file of this folder: a link may lead elsewhere."""
    if not entry.is_symlink():
        return entry.is_file()
    target = os.path.realpath(entry.path)
    return os.path.isfile(target) and os.path.commonpath([root, target]) == root


def _file(entry: os.DirEntry[str], prefix: str) -> Iterator[File]:
    try:
        status = entry.stat()
    except OSError:
        return
    # Names that are not UTF-8 come as lone surrogates, which no database takes.
    path = f"{prefix}{entry.name}".encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    stamp = f"{status.st_mtime_ns}:{status.st_size}:{status.st_ino}"
    yield File(path, entry.path, status.st_size, status.st_mtime_ns, stamp)
