"""Waiting for other processes."""

import time
from collections.abc import Callable

PATIENCE = 30.0
"""Seconds after which a process that doesn't do its part has failed the test."""


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for something outside of this process, which tells nobody when it happens."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
