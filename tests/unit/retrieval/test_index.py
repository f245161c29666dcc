"""The index: follows its folders, answers questions, and harms no other file."""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from contextvars import ContextVar
from pathlib import Path

import pytest

from chatkeep.errors import ConfigurationError
from chatkeep.retrieval import LOADERS, Document, Index, Match, Outline
from chatkeep.retrieval import database as databases
from chatkeep.retrieval import index as indexes

STOPPING = """\
# Turns

An answer is streamed while the model writes it.

## Stopping

Press the stop button to stop an answer. What was streamed is kept.

## Retrying

A message may be sent again.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    write(folder / "turns.md", STOPPING)
    write(folder / "sub/storage.rst", "Storage\n=======\n\nThreads are kept in SQLite.\n")
    write(folder / "web.html", "<title>Web</title><p>Mount the router in FastAPI.</p>")
    write(folder / "notes.txt", "Buy milk.\n\nCall the plumber about the café sink.")
    return folder


@pytest.fixture
def index() -> Iterator[Index]:
    with Index(":memory:") as index:
        yield index


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def paths(matches: list[Match]) -> list[str]:
    return [match.passage.path for match in matches]


def age(folder: Path) -> None:
    """Make all files an hour old, as files that nobody edits are."""
    for path in folder.rglob("*"):
        hour_ago = path.stat().st_mtime - 3600
        os.utime(path, (hour_ago, hour_ago))


def found(index: Index, question: str) -> list[str]:
    return [match.passage.path for match in index.search(question)]


# Searching


def test_a_question_finds_the_passage_with_its_place(index: Index, folder: Path) -> None:
    index.update([folder])
    best = index.search("How do I stop an answer?")[0]
    assert best.passage.path == "turns.md"
    assert best.passage.title == "Turns"
    assert best.passage.heading == "Stopping"
    assert best.passage.line == 7
    assert STOPPING.split("\n")[best.passage.line - 1] == best.passage.text
    words = [best.passage.text[start:end] for start, end in best.spans]
    assert words == ["stop", "stop", "answer"]


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("Where are threads stored?", "sub/storage.rst"),
        ("fastapi routers", "web.html"),
        ("who fixes the cafe's sink", "notes.txt"),
        ("RETRY", "turns.md"),
    ],
)
def test_words_are_found_in_other_forms(
    index: Index, folder: Path, question: str, path: str
) -> None:
    index.update([folder])
    assert found(index, question)[0] == path


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of France?",
        "How are you?",
        "Is there a message for the bus to Berlin on Sunday evenings?",
        "",
        "?!",
        "🎉",
        "\x00\ud800",
    ],
)
def test_what_the_documents_know_nothing_of_has_no_match(
    index: Index, folder: Path, question: str
) -> None:
    index.update([folder])
    assert index.search(question) == []


@pytest.mark.parametrize(
    "question",
    [
        '"stop',
        "stop*",
        "NEAR(stop answer)",
        "stop AND -answer",
        "text:stop answer",
        "{text title} : stop answer",
        "^stop + answer",
        "stop); DROP TABLE files; --",
        "NOT stop answer",
        "stop\x00answer",
        "stop answer\ud83d",
    ],
)
def test_nothing_in_a_question_is_syntax(index: Index, folder: Path, question: str) -> None:
    index.update([folder])
    assert found(index, question)[0] == "turns.md"


def test_stop_words_alone_must_stand_there_word_for_word(index: Index, folder: Path) -> None:
    write(folder / "hamlet.txt", "To be, or not to be, that is the question.")
    write(folder / "other.txt", "It is not to be done now, or ever; to be done later.")
    index.update([folder])
    assert found(index, "To be or not to be?") == ["hamlet.txt"]


def test_a_very_long_question_is_answered(index: Index, folder: Path) -> None:
    index.update([folder])
    assert found(index, "stop answer " + "and " * 200_000) == ["turns.md"]


def test_a_title_or_heading_finds_what_is_below(index: Index, folder: Path) -> None:
    write(folder / "billing.md", "# Invoices\n\nSent on the first of each month.")
    index.update([folder])
    assert found(index, "How do invoices get to me?") == ["billing.md"]


def test_scripts_without_spaces_are_found_by_parts_of_a_run(index: Index, folder: Path) -> None:
    text = "回答を停止するにはボタンを押します。"
    write(folder / "ja.md", f"# 使い方\n\n{text}\n")
    write(folder / "ko.md", "# 안내\n\n서버를 다시 시작합니다.\n")
    index.update([folder])
    (match,) = index.search("停止ボタン")
    assert match.passage.path == "ja.md"
    assert "停止" in [match.passage.text[start:end] for start, end in match.spans]
    assert found(index, "서버") == ["ko.md"]
    assert found(index, "料金") == []


def test_the_same_text_in_two_files_matches_once(index: Index, folder: Path) -> None:
    write(folder / "copy.md", STOPPING)
    index.update([folder])
    texts = [match.passage.text for match in index.search("stop an answer")]
    assert len(texts) == len(set(texts))


def test_there_are_never_more_matches_than_asked_for(index: Index, folder: Path) -> None:
    write(folder / "many.md", "\n".join(f"# Part {n}\n\nWhales, number {n}.\n" for n in range(20)))
    index.update([folder])
    assert len(index.search("whales")) == 5
    assert len(index.search("whales", limit=2)) == 2


def test_the_best_match_comes_first(index: Index, folder: Path) -> None:
    index.update([folder])
    scores = [match.score for match in index.search("stop an answer")]
    assert scores == sorted(scores, reverse=True)


async def test_a_search_may_be_awaited(index: Index, folder: Path) -> None:
    index.update([folder])
    async with asyncio.timeout(10):
        searches = [index.asearch("stop an answer") for _ in range(10)]
        answers = await asyncio.gather(*searches)
    assert all(answer == index.search("stop an answer") for answer in answers)


# Following the folders


def test_only_what_changed_is_indexed_again(index: Index, folder: Path) -> None:
    first = index.update([folder])
    assert (first.added, first.changed, first.removed, first.unchanged) == (4, 0, 0, 0)
    write(folder / "turns.md", "# Turns\n\nNow about giraffes.\n")
    write(folder / "new.md", "# New\n\nNow about zebras.\n")
    (folder / "notes.txt").unlink()
    second = index.update([folder])
    assert (second.added, second.changed, second.removed, second.unchanged) == (1, 1, 1, 2)
    assert second.files == 4
    assert found(index, "giraffes") == ["turns.md"]
    assert found(index, "zebras") == ["new.md"]
    assert found(index, "stop an answer") == []
    assert found(index, "plumber") == []


def test_a_change_that_keeps_size_and_time_is_seen_when_fresh(index: Index, folder: Path) -> None:
    path = folder / "turns.md"
    write(path, "cats")
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    index.update([folder])
    write(path, "dogs")
    os.utime(path, ns=times)
    assert index.update([folder]).changed == 1
    assert found(index, "dogs") == ["turns.md"]


def test_files_known_by_their_stamps_are_not_read(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    age(folder)
    index.update([folder])

    def refuse(*args: object) -> bytes:
        raise AssertionError("read again")

    monkeypatch.setattr(indexes, "read", refuse)
    assert index.update([folder]).unchanged == 4


def test_a_touched_file_is_unchanged(index: Index, folder: Path) -> None:
    index.update([folder])
    age(folder)
    summary = index.update([folder])
    assert (summary.unchanged, summary.changed) == (4, 0)


def test_an_index_holds_just_the_folders_of_its_last_update(
    index: Index, folder: Path, tmp_path: Path
) -> None:
    write(tmp_path / "other/a.md", "About stop signs.")
    index.update([folder])
    index.update([folder, tmp_path / "other"])
    assert set(found(index, "stop")) == {"docs/turns.md", "other/a.md"}
    index.update([tmp_path / "other"])
    assert found(index, "stop") == ["a.md"]


def test_what_is_left_out_is_told_with_the_reason(folder: Path) -> None:
    (folder / "image.md").write_bytes(b"\x89PNG\0")
    write(folder / "huge.md", "x" * 2000)
    with Index(":memory:", max_file_size=1000) as index:
        summary = index.update([folder])
    assert [(skipped.path, skipped.reason) for skipped in summary.skipped] == [
        ("huge.md", "larger than 0.001 MB"),
        ("image.md", "not a text file"),
    ]
    assert summary.added == 4


def test_a_file_that_became_unreadable_is_not_found_any_more(index: Index, folder: Path) -> None:
    index.update([folder])
    (folder / "turns.md").write_bytes(b"\0" * 100)
    assert index.update([folder]).removed == 1
    assert found(index, "stop an answer") == []


def test_a_loader_of_ones_own(folder: Path) -> None:
    def load_caps(text: str) -> Document:
        outline = Outline()
        outline.heading(1, "Shouted")
        outline.line(1, text.upper())
        return outline.document()

    def fail(text: str) -> Document:
        raise ValueError(text)

    write(folder / "a.caps", "whales")
    write(folder / "b.bad", "whales")
    with Index(":memory:", loaders={**LOADERS, ".caps": load_caps, ".bad": fail}) as index:
        summary = index.update([folder])
        (match,) = index.search("whales")
    assert (match.passage.title, match.passage.text) == ("Shouted", "WHALES")
    assert [skipped.path for skipped in summary.skipped] == ["b.bad"]
    assert "ValueError" in summary.skipped[0].reason


def test_progress_counts_every_file(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexes, "_BATCH_FILES", 2)
    seen: list[tuple[int, int]] = []
    index.update([folder], lambda done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_an_update_that_is_cut_short_goes_on_where_it_was(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexes, "_BATCH_FILES", 1)

    def interrupt(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.update([folder], interrupt)
    assert index.count() > 0
    summary = index.update([folder])
    assert (summary.unchanged, summary.added) == (2, 2)


def test_folders_of_no_documents(index: Index, tmp_path: Path) -> None:
    assert index.update([tmp_path]).files == 0
    assert index.search("anything") == []
    assert index.count() == 0


# The file


def test_an_index_is_kept_in_its_file(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "docs.index.db"
    with Index(path) as index:
        index.update([folder])
    with Index(path) as index:
        assert found(index, "stop an answer") == ["turns.md"]
        assert index.update([folder]).unchanged == 4


def test_an_index_of_another_version_is_built_anew(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "docs.index.db"
    with Index(path) as index:
        index.update([folder])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")
        connection.execute("CREATE TABLE of_the_future (x)")
    with Index(path) as index:
        assert index.search("stop an answer") == []
        assert index.update([folder]).added == 4
        assert found(index, "stop an answer") == ["turns.md"]


def test_a_file_of_someone_elses_is_left_as_it_is(tmp_path: Path) -> None:
    database = tmp_path / "chat.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE precious (x)")
    text = tmp_path / "letter.txt"
    write(text, "Dear Ada, " * 100)
    for path in (database, text):
        before = path.read_bytes()
        with pytest.raises(ConfigurationError, match="is not an index"):
            Index(path)
        assert path.read_bytes() == before


def test_a_path_that_can_not_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be opened"):
        Index(tmp_path / "missing" / "docs.db")


def test_two_may_update_one_file_at_once(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexes, "_BATCH_FILES", 3)
    for n in range(60):
        write(folder / f"{n}.md", f"# Page {n}\n\nAbout whale{n}.\n")
    path = tmp_path / "docs.index.db"
    barrier = threading.Barrier(2, timeout=10)
    problems: list[Exception] = []

    def update() -> None:
        try:
            barrier.wait()
            with Index(path) as index:
                index.update([folder])
        except Exception as problem:  # noqa: BLE001 - told below
            problems.append(problem)

    threads = [threading.Thread(target=update) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert problems == []
    with Index(path) as index:
        assert index.count() == sum(1 for _ in folder.rglob("*.*")) + 2
        assert found(index, "whale42") == ["42.md"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")


def test_the_version_is_that_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "docs.index.db"
    Index(path).close()
    with closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    assert version == databases.SCHEMA_VERSION


# Searches beside other work


class Stalled:
    """An update that waits in the middle of a batch, as one of a large folder does."""

    def __init__(self, index: Index, folder: Path) -> None:
        self.reached = threading.Event()
        self.go_on = threading.Event()
        self._thread = threading.Thread(target=index.update, args=([folder], self._wait))

    def _wait(self, done: int, total: int) -> None:
        self.reached.set()
        assert self.go_on.wait(60)

    def __enter__(self) -> None:
        self._thread.start()
        assert self.reached.wait(60)

    def __exit__(self, *exc_info: object) -> None:
        self.go_on.set()
        self._thread.join(60)


async def test_a_search_waits_for_no_update(folder: Path, tmp_path: Path) -> None:
    with Index(tmp_path / "docs.index.db") as index:
        index.update([folder])
        write(folder / "new.md", "# New\n\nHow to stop an answer, once more.\n")
        write(folder / "newer.md", "# Newer\n\nMore.\n")
        with Stalled(index, folder):
            async with asyncio.timeout(30):
                assert paths(await index.asearch("stop an answer")) == ["turns.md"]
            assert found(index, "stop an answer") == ["turns.md"]
            assert index.count() > 0
        assert "new.md" in found(index, "stop an answer")


async def test_searches_leave_the_loops_threads_alone(folder: Path, tmp_path: Path) -> None:
    """Those are few, and connecting anywhere needs one to look a name up."""
    loop = asyncio.get_running_loop()
    with Index(tmp_path / "docs.index.db") as index, ThreadPoolExecutor(1) as pool:
        index.update([folder])
        loop.set_default_executor(pool)
        go_on = threading.Event()
        busy = loop.run_in_executor(None, go_on.wait, 60)
        async with asyncio.timeout(30):
            assert paths(await index.asearch("stop an answer")) == ["turns.md"]
        go_on.set()
        assert await busy


async def test_many_search_at_once_while_the_index_is_closed(folder: Path, tmp_path: Path) -> None:
    index = Index(tmp_path / "docs.index.db")
    index.update([folder])
    for _ in range(3):
        searches = [asyncio.create_task(index.asearch("stop an answer")) for _ in range(40)]
        await asyncio.sleep(0)
        index.close()
        assert [paths(await search) for search in searches] == [["turns.md"]] * 40
    index.close()
    left = set(os.listdir(tmp_path))
    assert left == {"docs", "docs.index.db"}, "the last connection takes its files along"


async def test_a_search_sees_the_callers_context(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    variable: ContextVar[str] = ContextVar("variable")
    variable.set("here")

    def search(query: str, limit: int = 5) -> list[Match]:
        seen.append(variable.get())
        return []

    monkeypatch.setattr(index, "search", search)
    assert await index.asearch("x") == []
    assert seen == ["here"]
