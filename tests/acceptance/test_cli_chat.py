"""``chatkeep chat`` and ``chatkeep ask`` against a real server: typed, piped and interrupted."""

import asyncio
import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from select import select
from typing import TYPE_CHECKING

import pytest

from chatkeep.client import ChatClient

if TYPE_CHECKING:
    from acceptance.conftest import Run, Serve

PATIENCE = 30.0
COMMAND = Path(sys.executable).with_name("chatkeep")


def _control_terminal() -> None:
    """Make standard input the terminal whose Ctrl-C this process gets."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A person at a terminal: types, reads what appears, presses Ctrl-C."""

    def __init__(self, *arguments: str) -> None:
        self._screen, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [COMMAND, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_control_terminal,
            env=os.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "30"},
        )
        os.close(theirs)
        self.shown = ""
        self._decoder = getincrementaldecoder("utf-8")()

    def type(self, line: str) -> None:
        """Type a line, once the prompt is there."""
        self.read("> ")
        self.press(f"{line}\r")

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._screen, keys.encode())

    def read(self, awaited: str) -> str:
        """Read on until some text has appeared, and return all up to its end."""
        deadline = time.monotonic() + PATIENCE
        while awaited not in self.shown:
            more = self._read_some()
            in_time = more and time.monotonic() < deadline  # a spinner spins for ever
            assert in_time, f"{awaited!r} never appeared after {self.shown!r}"
            self.shown += more
        seen, _, self.shown = self.shown.partition(awaited)
        return seen + awaited

    def interrupt(self) -> None:
        """Press Ctrl-C until it does something: Python misses one just before it waits."""
        happened: list[int] = []
        while not happened and self.process.poll() is None:
            self.press("\x03")
            happened, _, _ = select([self._screen], [], [], 1)

    def _read_some(self) -> str:
        """Return what appears next, or nothing when no more does."""
        text = ""
        while not text:
            ready, _, _ = select([self._screen], [], [], PATIENCE)
            try:
                data = os.read(self._screen, 65536) if ready else b""
            except OSError:  # how Linux says that the other end is closed
                data = b""
            if not data:
                return ""
            text = self._decoder.decode(data)
        return text

    def end(self) -> int:
        """Wait for the end, and return the exit code."""
        deadline = time.monotonic() + PATIENCE
        while self._read_some():
            assert time.monotonic() < deadline, "it goes on and on"
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """Leave nothing behind."""
        self.process.kill()
        self.process.wait()
        os.close(self._screen)


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    """Start ``chatkeep`` in a terminal."""
    terminals: list[Terminal] = []

    def start(*arguments: str) -> Terminal:
        terminals.append(Terminal(*arguments))
        return terminals[-1]

    yield start
    for started in terminals:
        started.close()


@pytest.fixture
def url(serve: "Serve", own_app: str) -> str:
    return serve("--app", own_app).url


# Typed


def test_ctrl_c_stops_an_answer_and_the_conversation_goes_on(
    terminal: Callable[..., Terminal], url: str
) -> None:
    chat = terminal("chat", url)
    chat.type("say 100000 0.02")
    chat.read("word7 ")
    chat.press("\x03")
    chat.read("(stopped)")
    chat.type("say 3 0")
    chat.read("word0 word1 word2")
    chat.type("/threads")
    chat.read("say 100000 0.02")
    chat.read("> ")
    chat.press("\x04")
    assert chat.end() == 0


def test_what_was_stopped_is_kept(terminal: Callable[..., Terminal], run: "Run", url: str) -> None:
    chat = terminal("chat", url)
    chat.type("say 100000 0.02")
    chat.read("word7 ")
    chat.press("\x03")
    chat.read("(stopped)")
    shown = run("chat", url, stdin="/threads\n/open 1\n").stdout
    assert "> say 100000 0.02" in shown
    assert "word6 word7" in shown


def test_ctrl_c_at_the_prompt_asks_once_and_then_leaves(
    terminal: Callable[..., Terminal], url: str
) -> None:
    chat = terminal("chat", url)
    chat.read("> ")
    chat.interrupt()
    chat.read("leaves")
    chat.read("> ")
    chat.interrupt()
    assert chat.end() == 0


def test_a_second_ctrl_c_leaves_in_the_middle_of_an_answer(
    terminal: Callable[..., Terminal], serve: "Serve", own_app: str
) -> None:
    server = serve("--app", own_app)
    chat = terminal("chat", server.url)
    chat.type("say 100000 0.02")
    chat.read("word3 ")
    server.process.send_signal(signal.SIGSTOP)  # so that it can't stop the answer either
    chat.press("\x03")
    chat.read("Ctrl-C again leaves")
    chat.press("\x03")
    code = chat.end()
    server.process.send_signal(signal.SIGCONT)
    assert code == 0


def test_a_long_answer_stands_there_whole(terminal: Callable[..., Terminal], url: str) -> None:
    chat = terminal("chat", url)
    chat.type("say 2000 0")
    chat.read("word1999")
    chat.type("/quit")
    assert chat.end() == 0


# Answers that are under way


def begun_elsewhere(url: str, words: int, pause: float) -> str:
    """Begin an answer and leave it; returns its thread."""

    async def begin() -> str:
        async with ChatClient(url) as client, aclosing(client.send(f"say {words} {pause}")) as told:
            event = await anext(told)
            thread_id: str = event["thread"]["id"]
            return thread_id

    return asyncio.run(begin())


def test_a_thread_that_is_being_answered_is_followed_to_the_end(run: "Run", url: str) -> None:
    thread_id = begun_elsewhere(url, 20, 0.05)
    chat = run("chat", url, "--thread", thread_id, stdin="/good\nsay 1 0\n")
    assert chat.returncode == 0, chat.stderr
    whole = " ".join(f"word{number}" for number in range(20))
    assert chat.stdout.count(whole) == 1
    assert chat.stdout.count("word7 ") == 1
    assert "Noted." in chat.stdout, "the answer that was followed is the one that is judged"
    assert chat.stdout.rstrip().endswith("word0")


def test_an_answer_that_is_followed_is_stopped_by_ctrl_c(
    terminal: Callable[..., Terminal], url: str
) -> None:
    chat = terminal("chat", url, "--thread", begun_elsewhere(url, 100_000, 0.02))
    chat.read("word7 ")
    chat.press("\x03")
    chat.read("(stopped)")
    chat.type("say 3 0")
    chat.read("word0 word1 word2")
    chat.type("/quit")
    assert chat.end() == 0


# Piped


def test_lines_are_sent_one_after_the_other_in_one_thread(run: "Run", url: str) -> None:
    commands = ["say 2 0", "say 3 0", "/rename A new name", "/good", "/retry", "/threads"]
    chat = run("chat", url, stdin="\n".join(commands))
    assert chat.returncode == 0, chat.stderr
    assert chat.stdout.count("word0 word1 word2 \n") == 2
    assert chat.stdout.rstrip().endswith("A new name")
    assert "\x1b" not in chat.stdout


def test_threads_are_listed_opened_continued_and_deleted(run: "Run", url: str) -> None:
    run("chat", url, stdin="first 1 0\n/new\nsecond 2 0")
    opened = run("chat", url, stdin="/threads\n/open 2\nthird 3 0\n/delete\n/threads").stdout
    listed, _, rest = opened.partition("\n> first 1 0\n")
    assert "second 2 0" in listed.splitlines()[0]
    assert "first 1 0" in listed.splitlines()[1]
    assert rest.startswith("word0 \n\nword0 word1 word2 \n\nDeleted.\n\n")
    assert "second 2 0" in rest
    assert "first 1 0" not in rest


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/nonsense", "There is no /nonsense"),
        ("/open 7", "Give a number"),
        ("/retry", "no question yet"),
        ("/bad", "no answer yet"),
        ("/delete", "no conversation yet"),
        ("/rename", "/rename TITLE"),
        ("/more", "no more"),
    ],
)
def test_a_line_that_cant_be_done_says_so(run: "Run", url: str, line: str, words: str) -> None:
    chat = run("chat", url, stdin=line)
    assert chat.returncode == 1
    assert words in chat.stderr


# Asked by scripts


def test_the_answer_is_printed_and_the_exit_code_is_0(run: "Run", url: str) -> None:
    answer = run("ask", "say 3 0", "--url", url)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "word0 word1 word2 \n", "")


def test_json_has_the_thread_and_its_items(run: "Run", url: str) -> None:
    answer = json.loads(run("ask", "--json", "say 1 0", "--url", url).stdout)
    assert [item["type"] for item in answer["items"]] == ["user_message", "assistant_message"]
    assert {item["thread_id"] for item in answer["items"]} == {answer["thread_id"]}


def test_an_answer_that_fails_is_an_error(run: "Run", url: str) -> None:
    answer = run("ask", "say one 0", "--url", url)
    assert answer.returncode == 1
    assert "Something went wrong" in answer.stderr
    answer = run("ask", "--json", "say one 0", "--url", url)
    assert answer.returncode == 1
    assert json.loads(answer.stdout)["error"]["allow_retry"] is True


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["say 1 0", "--thread", "thr_unknown"], 1, "does not exist"),
        (["say 1 0", "--url", "{url}/nowhere"], 1, "often ends in /chatkit"),
        (["say 1 0", "--url", "http://127.0.0.1:1/chatkit"], 1, "chatkeep serve"),
        (["say 1 0", "--url", "nowhere"], 1, "not an address"),
        (["say 1 0", "--header", "nonsense"], 2, "Name: value"),
        (["-"], 2, "no question"),
    ],
)
def test_what_cant_be_asked_is_an_error(
    run: "Run", url: str, arguments: list[str], code: int, words: str
) -> None:
    filled = [part.format(url=url) for part in arguments]
    answer = run("ask", *filled, CHATKEEP_URL=url, stdin="")
    assert answer.returncode == code
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_question_that_is_too_large_is_an_error(run: "Run", url: str) -> None:
    answer = run("ask", "-", "--url", url, stdin="x" * 2_000_000)
    assert answer.returncode == 1
    assert "too large" in answer.stderr


def test_what_cant_be_written_is_replaced(run: "Run", serve: "Serve", tmp_path: Path) -> None:
    code = """
from chatkeep import Chatkeep
chat = Chatkeep("memory:", responder=lambda turn: "a lone \\ud83d surrogate, \\u00e9")
"""
    (tmp_path / "odd.py").write_text(code, encoding="utf-8")
    url = serve("--app", "odd:chat").url
    for encoding, written in {
        "utf-8": "a lone ? surrogate, é",
        "ascii": "a lone ? surrogate, ?",
    }.items():
        answer = run("ask", "say", "--url", url, PYTHONIOENCODING=encoding)
        assert (answer.returncode, answer.stdout) == (0, f"{written}\n")


def test_a_reader_that_leaves_early_is_no_accident(url: str) -> None:
    command = f"{COMMAND} ask 'say 20000 0' --url {url} | head -c 10"
    shell = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert shell.stdout == "word0 word"
    assert shell.stderr == ""


def test_ctrl_c_stops_what_was_asked(
    terminal: Callable[..., Terminal], run: "Run", url: str
) -> None:
    question = terminal("ask", "say 100000 0.02", "--url", url)
    question.read("word3 ")
    question.press("\x03")
    assert question.end() == 130
    # Were it still being answered, the thread would be busy.
    chat = run("chat", url, stdin="/threads\n/open 1\nsay 2 0")
    assert chat.stdout.endswith("word0 word1 \n")
