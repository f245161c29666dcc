"""How many streams of 50 deltas a second one worker keeps on time."""

from collections.abc import Iterator
from contextlib import ExitStack

from ..capacity import Search, search_all
from ..report import Row, at_least, rate
from .apps import served


def run(quick: bool) -> Iterator[Row]:
    with ExitStack() as stack:
        servers = served(stack)
        deltas, step = (100, 1.3) if quick else (200, 1.1)
        capacity = search_all(
            {name: Search(server, deltas, step=step) for name, server in servers.items()}
        )
    for baseline, times in (("bare", 0.6), ("SDK + FastAPI", 3)):
        yield rate(
            "capacity",
            "streams at 50 deltas/s, 99 % within 100 ms",
            "streams",
            capacity["Chatkeep"],
            (baseline, capacity[baseline]),
            at_least(times),
        )
