"""Worker processes of one program, forked after it was made, each with a port of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from support.waiting import PATIENCE

PROGRAM = '''
import asyncio, json, os, socket, sys
from pathlib import Path

import uvicorn
from chatkeep import Chatkeep, Settings

settings = Settings(
    lease_seconds=2.0, checkpoint_interval=0.05, sweep_interval=1.0, shutdown_grace=0.1
)
chat = Chatkeep(os.environ["DATABASE"], settings=settings, titles=False)


@chat.responder
async def answer(turn):
    """Says the words it is told, one by one; waits at a "|" for the file "go", at a "~" a bit."""
    said = Path("said").open("a", buffering=1)
    try:
        for word in turn.message.text.split():
            while word == "|" and not Path("go").exists():
                await asyncio.sleep(0.01)
            if word == "~":
                await asyncio.sleep(0.05)
            elif word != "|":
                print(word, file=said)
                yield word + " "
    except BaseException:
        print("cancelled", file=said)
        raise


app = chat.asgi()  # made before the fork, as by gunicorn --preload
listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
forked = []
for listener in listeners:
    pid = os.fork()
    if pid == 0:
        for other in listeners:
            if other is not listener:
                other.close()
        config = uvicorn.Config(app, log_config=None, ws="none", lifespan="on")
        uvicorn.Server(config).run(sockets=[listener])
        os._exit(0)
    forked.append((pid, listener.getsockname()[1]))
for listener in listeners:
    listener.close()  # or those of a dead worker would still be connected to
print(json.dumps(forked), flush=True)
for _ in forked:
    os.wait()
'''

JUMPING = """
from sqlalchemy.ext.compiler import compiles
from chatkeep.stores.sql.clock import _Now

@compiles(_Now, "sqlite")
def jumping(_element, _compiler, **_options):
    now = "CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER)"
    return f"({now} + (SELECT coalesce(max(microseconds), 0) FROM jumps))"
"""
"""Lets the database's clock jump by what stands in a table."""


class Worker:
    """One worker process."""

    def __init__(self, pid: int, port: int) -> None:
        self.pid = pid
        self.url = f"http://127.0.0.1:{port}/chatkit"

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        os.kill(self.pid, number)


class Program:
    """A program that has forked workers.

    Args:
        folder: Where it runs, and says what it does.
        database: The URL of its database.
        count: How many workers it forks.
        within: A command that it is run by.
        before: What it does first.
    """

    def __init__(
        self,
        folder: Path,
        database: str,
        count: int = 1,
        *,
        within: Sequence[str] = (),
        before: str = "",
    ) -> None:
        self.said = folder / "said"
        self.go = folder / "go"
        path = folder / "program.py"
        path.write_text(before + PROGRAM, encoding="utf-8")
        self.log = (folder / "log").open("a", encoding="utf-8")
        self.process = subprocess.Popen(
            [*within, sys.executable, str(path), str(count)],
            cwd=folder,
            env=os.environ | {"DATABASE": database},
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, (folder / "log").read_text(encoding="utf-8")
        self.workers = [Worker(pid, port) for pid, port in json.loads(line)]

    def words(self) -> list[str]:
        """All that was said so far, by whichever worker."""
        return self.said.read_text(encoding="utf-8").split() if self.said.exists() else []

    def end(self) -> None:
        """End it with all its workers, as a crash does."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.log.close()
