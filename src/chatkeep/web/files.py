"""A folder of built files over HTTP: exact names only, compressed ahead, revalidated by content."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .exchange import Outgoing

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
"""Written out: what the machine's own table says of .js differs, and browsers insist."""

_ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""The best first, with the suffix of the file that is compressed so."""

_NEVER_CHANGES = re.compile(r"chunks/.+-[A-Z0-9]{8}\.\w+|chatkit\.\d.*\.js")
"""Names that hold a hash of the content, or a version."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is served."""

    media_type: str
    digest: str
    cache_control: str
    paths: Mapping[str, Path]
    """By content encoding; the plain file's is ``""``."""

    def answer(self, request_headers: Mapping[str, str]) -> Outgoing:
        """Return the file, in the best encoding the client takes, or that it has it already.

        Raises:
            OSError: The file has been taken away since its folder was read.
        """
        accepted = _tokens(request_headers.get("accept-encoding", ""))
        encoding = next((name for name in self.paths if name in accepted), "")
        etag = f'"{self.digest}{"-" if encoding else ""}{encoding}"'
        headers = {
            "cache-control": self.cache_control,
            "etag": etag,
            "vary": "accept-encoding",
            "x-content-type-options": "nosniff",
        }
        if etag in _tokens(request_headers.get("if-none-match", "").replace("W/", "")):
            return Outgoing(304, b"", headers)
        if encoding:
            headers["content-encoding"] = encoding
        headers["content-type"] = self.media_type
        return Outgoing(200, self.paths[encoding].read_bytes(), headers)


class Folder:
    """The files below a path. Read again when a build has replaced it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at: tuple[int, int] | None = None
        self._files: Mapping[str, File] = {}

    def get(self, name: str) -> File | None:
        """Return the file of that name, with slashes; no other way of writing a name is known."""
        try:
            status = self._path.stat()
        except OSError:
            return None
        if self._read_at != (read_at := (status.st_ino, status.st_mtime_ns)):
            self._files = {name: _file(name, path) for name, path in self._walk()}
            self._read_at = read_at
        return self._files.get(name)

    def _walk(self) -> list[tuple[str, Path]]:
        return [
            (path.relative_to(self._path).as_posix(), path)
            for path in self._path.rglob("*")
            if path.suffix in _MEDIA_TYPES and path.is_file()
        ]


def _file(name: str, path: Path) -> File:
    compressed = {
        encoding: path.with_name(path.name + suffix) for encoding, suffix in _ENCODINGS.items()
    }
    paths = {encoding: there for encoding, there in compressed.items() if there.is_file()}
    cache = "public, max-age=31536000, immutable" if _NEVER_CHANGES.fullmatch(name) else "no-cache"
    return File(
        media_type=_MEDIA_TYPES[path.suffix],
        digest=hashlib.sha256(path.read_bytes()).hexdigest()[:32],
        cache_control=cache,
        paths=paths | {"": path},
    )


def _tokens(header: str) -> set[str]:
    """The elements of a list header, without those that are refused by ``q=0``."""
    elements = (element.strip() for element in header.split(","))
    return {e.partition(";")[0].strip() for e in elements if not re.search(r";\s*q=0(\.0*)?$", e)}
