"""Calling what a program plugs in, be it synchronous or not."""

import inspect
from collections.abc import Callable
from typing import Any


async def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function, and wait for its result if there is something to wait for."""
    result = function(*arguments)
    return await result if inspect.isawaitable(result) else result
