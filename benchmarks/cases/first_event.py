"""What keeping a turn on disk costs before its first event: SQLite beside memory."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from ..processes import Process
from ..report import Row, at_most

_TURNS = 20


def run(quick: bool) -> Iterator[Row]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        urls = {"memory": "memory:", "SQLite": f"sqlite:///{folder / 'turns.db'}"}
        workers = {
            name: stack.enter_context(Process("benchmarks.worker", f"engine.subject={url}"))
            for name, url in urls.items()
        }
        times: dict[tuple[str, str], list[float]] = {}
        for _ in range(4 if quick else 25):
            for name, worker in workers.items():
                for key, values in worker.ask(job="first_event", turns=_TURNS).items():
                    times.setdefault((name, key), []).extend(values)
    first, delta = (
        {name: median(times[name, key]) for name in workers} for key in ("first_ms", "delta_ms")
    )
    what = "a turn on SQLite to the first event, p50"
    more = first["SQLite"] - first["memory"]
    target = at_most(3, " ms more")
    yield Row("first_event", what, "ms", first["SQLite"], "memory", first["memory"], more, target)
    what = "a turn on SQLite to the first delta, p50"
    yield Row("first_event", what, "ms", delta["SQLite"], "memory", delta["memory"])
