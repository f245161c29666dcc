"""What an event costs in process, and whether long answers cost more for each."""

from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median

from ..processes import Process
from ..report import Row, Target, at_least, cost

_SUBJECTS = {
    "SDK": "sdk.subject",
    "str": "engine.subject=memory:",
    "compat": "engine.compat_subject",
}
_SHORT, _USUAL, _LONG = 2_000, 20_000, 80_000


def run(quick: bool) -> Iterator[Row]:
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(Process("benchmarks.worker", module))
            for name, module in _SUBJECTS.items()
        }
        costs = _measure(workers, rounds=3 if quick else 9)
        sdk = ("SDK", costs["SDK", _USUAL])
        yield _speed("20,000 deltas, a responder that yields str", costs["str", _USUAL], sdk, 10)
        yield _speed("20,000 ready-made events, compat", costs["compat", _USUAL], sdk, 7)
        for name in ("str", "compat"):
            yield _growth(name, costs[name, _LONG], costs[name, _SHORT])
        if not quick:
            [long] = _ask(workers["SDK"], _LONG, rounds=1)
            sdk_long = ("SDK", long)
            yield _speed(
                "80,000 deltas, a responder that yields str", costs["str", _LONG], sdk_long
            )


def _measure(workers: dict[str, Process], rounds: int) -> dict[tuple[str, int], float]:
    """The median cost of an event in microseconds, by subject and length."""
    jobs = [(name, _USUAL) for name in workers]
    jobs += [(name, length) for name in ("str", "compat") for length in (_SHORT, _LONG)]
    for name, length in jobs:
        _ask(workers[name], min(length, _SHORT), rounds=1)  # imports and caches
    times: dict[tuple[str, int], list[float]] = {job: [] for job in jobs}
    for _ in range(rounds):
        for name, length in jobs:
            times[name, length] += _ask(workers[name], length, 5 if length == _SHORT else 1)
    return {job: median(taken) for job, taken in times.items()}


def _ask(worker: Process, deltas: int, rounds: int) -> list[float]:
    return [worker.ask(job="stream", deltas=deltas)["us_per_event"] for _ in range(rounds)]


def _speed(
    what: str, subject: float, baseline: tuple[str, float], times: float | None = None
) -> Row:
    target = None if times is None else at_least(times)
    return cost("in_process", what, "µs/event", subject, baseline, target)


def _growth(name: str, long: float, short: float) -> Row:
    what = f"80,000 deltas beside 2,000, {name}"
    target = Target(1.2, at_least=False)
    return Row("in_process", what, "µs/event", long, "2,000", short, long / short, target)
