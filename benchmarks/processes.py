"""Child processes on cores of their own: what is measured on one, the load on the other."""

import contextlib
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .load import Spec

_ROOT = Path(__file__).parent.parent
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_START_TIMEOUT_S = 60
SUBJECT_CORE, LOAD_CORE = 0, -1

UVICORN = (
    *("uvicorn", "--loop", "uvloop", "--http", "httptools", "--backlog", "4096"),
    *("--no-access-log", "--log-level", "warning"),
)
CHATKEEP = ("chatkeep", "serve")
GRANIAN = (
    *("granian", "--interface", "asgi", "--workers", "1", "--loop", "uvloop"),
    *("--http", "1", "--no-ws", "--backlog", "8192", "--backpressure", "8192"),
    *("--no-access-log", "--log-level", "warning"),
)


def raise_open_files_limit() -> None:
    """Let this process and its children open as many sockets as the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def pin(pid: int, core: int) -> None:
    """Keep a process, and the children it will have, on one core (where the system can)."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(pid, {cores[core]})


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class Process:
    """A Python module that runs as a child on one core until the ``with`` ends."""

    def __init__(
        self, *arguments: str, core: int = SUBJECT_CORE, env: dict[str, str] | None = None
    ) -> None:
        self._arguments = arguments
        self._core = core
        self._env = {**os.environ, **(env or {})}
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed in __exit__

    def __enter__(self) -> Self:
        self.child = subprocess.Popen(
            (sys.executable, "-m", *self._arguments),
            cwd=_ROOT,
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        pin(self.child.pid, self._core)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.child.terminate()
        try:
            self.child.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.communicate()
        self._log.close()

    def log(self) -> str:
        """The end of what the child wrote to its standard error."""
        self._log.seek(0)
        return self._log.read()[-4000:]

    def read(self) -> dict[str, Any]:
        """The next line of JSON that the child prints."""
        assert self.child.stdout is not None
        line = self.child.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._arguments} ended:\n{self.log()}")
        result: dict[str, Any] = json.loads(line)
        return result

    def ask(self, **job: object) -> dict[str, Any]:
        """Send one job to a worker and wait for its result."""
        assert self.child.stdin is not None
        self.child.stdin.write(json.dumps(job) + "\n")
        self.child.stdin.flush()
        return self.read()


class Server(Process):
    """An ASGI app, served by one worker on the subject's core."""

    def __init__(
        self,
        app: str,
        *,
        server: tuple[str, ...] = UVICORN,
        core: int = SUBJECT_CORE,
        env: dict[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        address = ("--host", "127.0.0.1", "--port", str(self.port))
        super().__init__(*server, *address, app, core=core, env=env)

    def __enter__(self) -> Self:
        super().__enter__()
        self.wait_until_open()
        return self

    def wait_until_open(self) -> None:
        """Return once the port takes connections."""
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.child.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)
        raise RuntimeError(f"{self._arguments} did not start:\n{self.log()}")

    def rss_mb(self) -> float:
        """Resident memory of the server and its children, in MB (2**20 bytes)."""
        return sum(_rss_kb(pid) for pid in _family(self.child.pid)) / 1024

    def cpu_s(self) -> float:
        """CPU time that the server and its children have used, in seconds."""
        return sum(_cpu_ticks(pid) for pid in _family(self.child.pid)) / _TICKS_PER_S


def load(server: Server, mode: str, streams: int, deltas: int) -> dict[str, Any]:
    """Run one load against a server; adds the server's CPU time to the client's result."""
    spec = Spec(port=server.port, mode=mode, streams=streams, deltas=deltas)
    before = server.cpu_s()
    with Process("benchmarks.load", json.dumps(asdict(spec)), core=LOAD_CORE) as client:
        result = client.read()
    return result | {"server_cpu_s": server.cpu_s() - before}


@contextlib.contextmanager
def held_open(server: Server, streams: int) -> Iterator[dict[str, Any]]:
    """Keep that many idle streams open for the length of the ``with``."""
    spec = Spec(port=server.port, mode="hold", streams=streams)
    with Process("benchmarks.load", json.dumps(asdict(spec)), core=LOAD_CORE) as client:
        yield client.read()


def _family(pid: int) -> list[int]:
    """A process and all its descendants (Linux; elsewhere the figures are zero)."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if not children.exists():
        return [pid]
    return [pid, *(p for child in children.read_text().split() for p in _family(int(child)))]


def _rss_kb(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def _cpu_ticks(pid: int) -> int:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])
    return 0
