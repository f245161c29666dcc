"""A real pgbouncer in front of a real PostgreSQL."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.postgresql import free_port

_INSTALL = ["apt-get", "install", "--yes", "--no-install-recommends", "pgbouncer"]


def program() -> str:
    """Where pgbouncer is. Root, as CI is, installs Debian's; others skip the test."""
    found = shutil.which("pgbouncer")
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(_INSTALL, check=False, capture_output=True, env=environment)
        found = shutil.which("pgbouncer")
    if found is None:
        pytest.skip("pgbouncer isn't here: apt-get install pgbouncer")
    return found


@contextmanager
def pooling(
    folder: Path, server_socket: Path, server_port: int, settings: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run one in transaction mode; gives the start of its address, to which a database is added."""
    port = free_port()
    configuration = {
        "listen_addr": "127.0.0.1",
        "listen_port": str(port),
        "unix_socket_dir": "",
        "auth_type": "any",
        "pool_mode": "transaction",
        "max_client_conn": "500",
        "default_pool_size": "8",
        "pidfile": str(folder / "pid"),
        **(settings or {}),
    }
    lines = [
        "[databases]",
        f"* = host={server_socket} port={server_port} user=postgres",
        "[pgbouncer]",
        *(f"{name} = {value}" for name, value in configuration.items()),
    ]
    (folder / "pgbouncer.ini").write_text("\n".join(lines))
    _give_away(folder)
    process = subprocess.Popen(
        [program(), "-q", str(folder / "pgbouncer.ini")], user=_user(), cwd="/"
    )
    try:
        _await(port)
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _user() -> str | None:
    """Who runs it: it refuses to be root."""
    return "nobody" if os.geteuid() == 0 else None


def _give_away(folder: Path) -> None:
    user = _user()
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)


def _await(port: int) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port)):
                return
        except ConnectionRefusedError:
            assert time.monotonic() < until
            time.sleep(0.02)
