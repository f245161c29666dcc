"""Files: which are found, under which paths, and how they are read."""

from pathlib import Path

import pytest

from chatkeep.errors import ConfigurationError
from chatkeep.retrieval.files import Unreadable, find_files, read, text_of

SUFFIXES = {".md", ".txt"}


def write(path: Path, content: str | bytes = "text") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def paths(*folders: Path) -> list[str]:
    return [file.path for file in find_files(folders, SUFFIXES)]


def test_files_of_known_suffixes_are_found_in_order(tmp_path: Path) -> None:
    for name in ("b.md", "A.TXT", "sub/c.md", "code.py", "Makefile"):
        write(tmp_path / name)
    assert paths(tmp_path) == ["A.TXT", "b.md", "sub/c.md"]


def test_hidden_and_installed_files_are_left_out(tmp_path: Path) -> None:
    for name in (".git/a.md", ".hidden.md", "node_modules/b.md", ".venv/c.md", "venv/d.md", "e.md"):
        write(tmp_path / name)
    assert paths(tmp_path) == ["e.md"]


def test_links_are_followed_only_within_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    secret = write(tmp_path / "secret/key.md")
    # A mounted ConfigMap looks like this.
    write(folder / "..data/real.md")
    (folder / "real.md").symlink_to("..data/real.md")
    (folder / "out.md").symlink_to(secret)
    (folder / "out").symlink_to(secret.parent, target_is_directory=True)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "broken.md").symlink_to("nowhere.md")
    assert paths(folder) == ["real.md"]


def test_paths_of_several_folders_begin_with_their_names(tmp_path: Path) -> None:
    for name in ("one/docs/a.md", "two/docs/a.md", "notes/a.md"):
        write(tmp_path / name)
    found = paths(tmp_path / "one/docs", tmp_path / "two/docs", tmp_path / "notes")
    assert found == ["one/docs/a.md", "two/docs/a.md", "notes/a.md"]


def test_a_folder_given_twice_counts_once(tmp_path: Path) -> None:
    write(tmp_path / "a.md")
    assert paths(tmp_path, tmp_path / "." / "") == ["a.md"]


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is not a folder"):
        paths(tmp_path / "missing")
    with pytest.raises(ConfigurationError, match="is not a folder"):
        paths(write(tmp_path / "file.md"))


def test_a_name_that_is_not_utf_8_becomes_one(tmp_path: Path) -> None:
    try:
        write(tmp_path / b"caf\xe9.md".decode("utf-8", "surrogateescape"))
    except OSError:
        pytest.skip("this file system takes no such names")
    assert paths(tmp_path) == ["caf�.md"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"PK\x03\x04\0\0", "not a text file"), (b"x" * 2001, "larger than 0.002 MB")],
)
def test_what_is_no_document_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    write(tmp_path / "a.md", content)
    (file,) = find_files([tmp_path], SUFFIXES)
    with pytest.raises(Unreadable, match=reason):
        read(file, max_size=2000)


def test_a_file_that_vanished_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = write(tmp_path / "a.md")
    (file,) = find_files([tmp_path], SUFFIXES)
    path.unlink()
    with pytest.raises(Unreadable, match="No such file"):
        read(file)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xef\xbb\xbf# Title", "# Title"),
        (b"caf\xe9", "caf�"),
        (b"a\r\nb\rc\n", "a\nb\nc\n"),
        (b"a\x00\x01\x0cb\tc", "a   b\tc"),
        ("🎉 é ا".encode(), "🎉 é ا"),
    ],
)
def test_text_is_decoded(data: bytes, text: str) -> None:
    assert text_of(data) == text
