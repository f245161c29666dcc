"""Many streams at once over sockets, as fast as they go."""

from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median
from typing import Any

from ..processes import Server, load
from ..report import Row, at_least, at_most, rate
from .apps import served

_STREAMS, _DELTAS = 32, 500


def run(quick: bool) -> Iterator[Row]:
    with ExitStack() as stack:
        servers = served(stack)
        results = _measure(servers, rounds=5 if quick else 21)
    speed, first = (
        {name: median(r[key] for r in rs) for name, rs in results.items()}
        for key in ("events_per_s", "first_byte_p50_ms")
    )
    what = f"{_STREAMS} streams x {_DELTAS} deltas"
    for baseline, times in (("bare", 1), ("SDK + FastAPI", 8)):
        other = (baseline, speed[baseline])
        yield rate("served", what, "events/s", speed["Chatkeep"], other, at_least(times))
    for baseline, target in (("bare", at_most(3)), ("SDK + FastAPI", None)):
        ours, other = first["Chatkeep"], first[baseline]
        yield Row("served", "first byte, p50", "ms", ours, baseline, other, ours / other, target)


def _measure(servers: dict[str, Server], rounds: int) -> dict[str, list[dict[str, Any]]]:
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in servers}
    for _ in range(rounds):
        for name, server in servers.items():
            result = load(server, "burst", _STREAMS, _DELTAS)
            assert not result["failed"], (name, result)
            results[name].append(result)
    return results
