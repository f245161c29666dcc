"""What open streams that wait cost in memory."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from ..processes import Server, held_open
from ..report import Row, at_most
from .apps import chatkeep


def run(quick: bool) -> Iterator[Row]:
    streams = 500 if quick else 5000
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        env = {"BENCH_DATABASE": f"sqlite:///{folder / 'idle.db'}"}
        bare, _ = _resident(Server("benchmarks.bare:app"), streams)
        used, before = _resident(chatkeep(env), streams)
    what = f"{streams:,} open streams, SQLite: resident memory ({before:.0f} MB with none)"
    yield Row("idle", what, "MB", used, "bare", bare, used, at_most(200, " MB"))


def _resident(server: Server, streams: int) -> tuple[float, float]:
    """Resident memory with so many streams open, and with none, in MB."""
    with server:
        before = server.rss_mb()
        with held_open(server, streams) as opened:
            assert opened["opened"] == streams, opened
            return server.rss_mb(), before
