"""How the parts of the SQL store run: each method is one transaction with a scope."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from ...context import Owner
from ..base import TurnRecord
from .connection import Connection
from .connectors.base import Connector, Scope

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", bound="StorePart")


class StorePart:
    """One noun's methods of the SQL store."""

    _connector: Connector


def reading(
    work: Callable[Concatenate[S, Connection, P], T],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Make an awaitable method, one transaction that changes nothing, of one that reads."""

    @wraps(work)
    async def method(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._connector.read(
            lambda connection: work(self, connection, *args, **kwargs), scope_of(*args)
        )

    return method


def writing(
    work: Callable[Concatenate[S, Connection, P], T],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Make an awaitable method, one transaction, of one that writes."""

    @wraps(work)
    async def method(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._connector.write(
            lambda connection: work(self, connection, *args, **kwargs), scope_of(*args)
        )

    return method


def scope_of(*args: object) -> Scope:
    """Whose rows a method is for, which its first argument says; None is the system."""
    first = args[0] if args else None
    if isinstance(first, Owner):
        return first
    return first.owner if isinstance(first, TurnRecord) else None
