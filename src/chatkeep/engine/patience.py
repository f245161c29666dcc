"""How long what is not ours is waited for: a store or a log may hang, or raise anything.

A cancellation, too: what a store waits for may have been cancelled. Taken for the
cancellation of whoever waits, it would silently end what must go on.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from ..errors import ServiceUnavailable


@asynccontextmanager
async def patience(seconds: float) -> AsyncGenerator[None]:
    """Let the block take so long at most.

    Raises:
        ServiceUnavailable: It took longer, or something in it was cancelled,
            though nobody cancelled this task.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise ServiceUnavailable from error
    except asyncio.CancelledError as error:
        if is_cancelled():
            raise
        raise ServiceUnavailable from error


def is_cancelled() -> bool:
    """Whether somebody has cancelled the task that runs."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
