"""Which server carries many streams best: uvicorn or granian (needs granian installed).

Not part of the default run: it chose the server once, and shows why.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median
from typing import Any

from ..capacity import Search, search_all
from ..processes import GRANIAN, UVICORN, Server, held_open, load
from ..report import Row

_APPS = {
    "bare": "benchmarks.bare:app",
    "SDK": "benchmarks.sdk.app:app",
    "Chatkeep": "benchmarks.engine.app:app",
}
_PACED_STREAMS = 500


def run(quick: bool) -> Iterator[Row]:
    for app, path in _APPS.items():
        with ExitStack() as stack:
            servers = {
                "uvicorn": stack.enter_context(Server(path, server=UVICORN)),
                "granian": stack.enter_context(Server(path, server=GRANIAN)),
            }
            yield from _saturated(app, servers, rounds=3 if quick else 11)
            yield from _paced(app, servers, rounds=1 if quick else 3)
            yield from _idle(app, servers, streams=200 if quick else 1000)
            yield from _capacity(app, servers, quick)


def _rounds(
    servers: dict[str, Server], rounds: int, mode: str, streams: int, deltas: int
) -> dict[str, list[dict[str, Any]]]:
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in servers}
    for _ in range(rounds):
        for name, server in servers.items():
            results[name].append(load(server, mode, streams, deltas))
    return results


def _row(what: str, unit: str, values: dict[str, float]) -> Row:
    granian, uvicorn = values["granian"], values["uvicorn"]
    ratio = granian / uvicorn if uvicorn else None
    return Row("servers", f"granian, {what}", unit, granian, "uvicorn", uvicorn, ratio)


def _saturated(app: str, servers: dict[str, Server], rounds: int) -> Iterator[Row]:
    results = _rounds(servers, rounds, "burst", 32, 500)
    units = {"events_per_s": "/s", "first_byte_p50_ms": "ms", "first_byte_p99_ms": "ms"}
    for key, unit in (units | {"server_cpu_s": "s"}).items():
        values = {name: median(r[key] for r in rs) for name, rs in results.items()}
        yield _row(f"{app}, 32 saturated: {key}", unit, values)


def _paced(app: str, servers: dict[str, Server], rounds: int) -> Iterator[Row]:
    results = _rounds(servers, rounds, "paced", _PACED_STREAMS, 250)
    for q in ("p50", "p99"):
        values = {name: median(r["late_ms"][q] for r in rs) for name, rs in results.items()}
        yield _row(f"{app}, {_PACED_STREAMS} paced: late {q}", "ms", values)
    for key in ("first_byte_p50_ms", "first_byte_p99_ms", "server_cpu_s", "client_cpu"):
        values = {name: median(r[key] for r in rs) for name, rs in results.items()}
        yield _row(f"{app}, {_PACED_STREAMS} paced: {key}", "", values)


def _idle(app: str, servers: dict[str, Server], streams: int) -> Iterator[Row]:
    before = {name: server.rss_mb() for name, server in servers.items()}
    after = {}
    for name, server in servers.items():
        with held_open(server, streams):
            after[name] = server.rss_mb()
    yield _row(f"{app}: RSS before", "MB", before)
    yield _row(f"{app}: RSS with {streams} idle", "MB", after)


def _capacity(app: str, servers: dict[str, Server], quick: bool) -> Iterator[Row]:
    deltas, step = (100, 1.3) if quick else (200, 1.1)
    searches = {name: Search(server, deltas, step=step) for name, server in servers.items()}
    capacity = {name: float(streams) for name, streams in search_all(searches).items()}
    yield _row(f"{app}: capacity", "streams", capacity)
