"""What works on sockets and timers is tested on each event loop that may run it."""

import asyncio
from collections.abc import Callable, Mapping
from importlib.util import find_spec

import pytest

_ON_EACH_LOOP = {"test_completions.py", "test_transport.py", "test_watchdog.py"}

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, LoopFactory]:
    factories: dict[str, LoopFactory] = {"asyncio": asyncio.new_event_loop}
    if item.path.name in _ON_EACH_LOOP and find_spec("uvloop"):
        import uvloop

        factories["uvloop"] = uvloop.new_event_loop
    return factories
