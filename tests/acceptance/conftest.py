"""The command line as a person has it: real processes, real sockets, a directory of their own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import IO, TypeAlias
from urllib.parse import urlsplit

import pytest

from support.waiting import PATIENCE, wait_until

# A shell ignores Ctrl-C on behalf of what it starts in the background, and programs inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


COMMAND = Path(sys.executable).with_name("chatkeep")
_numbers = count()
_ADDRESS = re.compile(r"http://\S+/chatkit")

OWN_APP = """
import asyncio
from chatkeep import Chatkeep, Context, Settings

chat = Chatkeep("sqlite:///own.db", settings=Settings(shutdown_grace=0.5))

@chat.responder
async def answer(turn):
    words, pause = turn.message.text.split()[-2:]
    for number in range(int(words)):
        yield f"word{number} "
        await asyncio.sleep(float(pause))

def authenticate(request):
    if request.headers.get("authorization") == "Bearer open sesame":
        return Context(user="ada")

guarded = Chatkeep("memory:", responder=answer, authenticate=authenticate)
"""
"""Answers ``N SECONDS`` with N words, and waits after each."""

Run: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]
Serve: TypeAlias = Callable[..., "Server"]


class Server:
    """A running ``chatkeep serve``."""

    def __init__(self, directory: Path, *arguments: str, **variables: str) -> None:
        self.log = directory / f"serve-{next(_numbers)}.log"
        with self.log.open("w", encoding="utf-8") as log:
            self.process = start(
                directory, "serve", "--port", "0", *arguments, variables=variables, output=log
            )
        wait_until(lambda: self.process.poll() is not None or _ADDRESS.search(self.output))
        found = _ADDRESS.search(self.output)
        assert found, self.output
        self.url = found[0]

    @property
    def port(self) -> str:
        """Where it listens."""
        return str(urlsplit(self.url).port)

    @property
    def output(self) -> str:
        """All that it has printed so far."""
        return self.log.read_text(encoding="utf-8")

    def interrupt(self) -> int:
        """Press Ctrl-C, and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End it as a crash does."""
        kill(self.process)


def start(
    directory: Path, *arguments: str, variables: dict[str, str], output: IO[str] | None = None
) -> "subprocess.Popen[str]":
    """Start ``chatkeep``, in a process group of its own; without ``output``, through pipes."""
    return subprocess.Popen(
        [COMMAND, *arguments],
        cwd=directory,
        env=environment({"XDG_CACHE_HOME": str(directory / "cache")} | variables),
        stdin=subprocess.DEVNULL if output else subprocess.PIPE,
        stdout=output or subprocess.PIPE,
        stderr=subprocess.STDOUT if output else subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def kill(process: "subprocess.Popen[str]") -> None:
    """End a process, and those that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(PATIENCE)


def environment(variables: dict[str, str]) -> dict[str, str]:
    """The environment without what would change how Chatkeep behaves."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CHATKEEP_")}
    return ours | {"NO_COLOR": "1", "PYTHONUNBUFFERED": "1"} | variables


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run ``chatkeep`` with the given arguments to its end, and return what it did."""

    def run_command(
        *arguments: str, stdin: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        process = start(tmp_path, *arguments, variables=variables)
        try:
            output, errors = process.communicate(stdin, timeout=PATIENCE)
        finally:
            kill(process)
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)

    return run_command


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start ``chatkeep serve`` on a free port; whatever still runs at the end is ended."""
    servers: list[Server] = []

    def serve_with(*arguments: str, **variables: str) -> Server:
        servers.append(Server(tmp_path, *arguments, **variables))
        return servers[-1]

    yield serve_with
    for server in servers:
        server.kill()


@pytest.fixture
def own_app(tmp_path: Path) -> str:
    """A program of one's own, which answers as slowly as it is told to."""
    (tmp_path / "own.py").write_text(OWN_APP, encoding="utf-8")
    return "own:chat"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A folder with two documents."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "rent.md").write_text(
        "# The rent\n\n## When it is due\n\nRent is due on the first day of each month.\n",
        encoding="utf-8",
    )
    (folder / "pets.txt").write_text("Dogs are welcome. Crocodiles are not.\n", encoding="utf-8")
    return folder
