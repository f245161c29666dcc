"""The clock by which a worker judges whether its leases may have lapsed."""

import time

_HAS_BOOTTIME = hasattr(time, "CLOCK_BOOTTIME")


def steady() -> float:
    """Return a time in seconds that never jumps, and goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if _HAS_BOOTTIME else time.monotonic()
