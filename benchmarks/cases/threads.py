"""Requests that only read: a thread with its items, a page of threads."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from .. import drivers
from ..processes import Process
from ..report import Row, at_least, cost

_CALLS = {"SDK": 25, "memory": 500, "SQLite": 100}
_WANTED = {"memory": 50, "SQLite": 10}
_REQUESTS = {"get_by_id": "threads.get_by_id, 20 items", "list_all": "threads.list of 20"}


def run(quick: bool) -> Iterator[Row]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        subjects = {
            "SDK": "sdk.subject",
            "memory": "engine.subject=memory:",
            "SQLite": f"engine.subject=sqlite:///{folder / 'threads.db'}",
        }
        workers = {
            name: stack.enter_context(Process("benchmarks.worker", module))
            for name, module in subjects.items()
        }
        costs = _measure(workers, rounds=3 if quick else 15)
    for request, what in _REQUESTS.items():
        baseline = ("SDK, dict store", costs["SDK", request])
        for store, times in _WANTED.items():
            subject = costs[store, request]
            yield cost("threads", f"{what}, {store}", "µs", subject, baseline, at_least(times))
    yield from _beside_drivers(rounds=5 if quick else 25)


def _beside_drivers(rounds: int) -> Iterator[Row]:
    """What the SQL store adds to the driver that it stands on: at most as much again."""
    for database, driver, measure in (
        ("SQLite", "sqlite3, in a thread", drivers.sqlite_reads),
        ("PostgreSQL", "asyncpg, in a transaction", drivers.postgresql_reads),
    ):
        store, bare = measure(rounds)
        what = f"open_thread, 20 items, {database}"
        yield cost("threads", what, "µs", store, (driver, bare), at_least(0.5))


def _measure(workers: dict[str, Process], rounds: int) -> dict[tuple[str, str], float]:
    """The median cost of a call in microseconds, by store and request."""
    ids = {name: worker.ask(job="fill", threads=20, items=20) for name, worker in workers.items()}
    times: dict[tuple[str, str], list[float]] = {(n, r): [] for n in workers for r in _REQUESTS}
    for _ in range(rounds):
        for (name, request), taken in times.items():
            what = ids[name] if request == "get_by_id" else {}
            answer = workers[name].ask(job=request, calls=_CALLS[name], **what)
            taken.append(answer["us_per_call"])
    return {key: median(taken) for key, taken in times.items()}
