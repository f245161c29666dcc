"""Telling an observer of what happens below the requests: turns, calls of stores and models."""

import inspect
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import wraps
from typing import Any, cast

from ..hooks import Observer, tell
from ..stores.base import Store

_current: ContextVar[Observer | None] = ContextVar("chatkeep_observer", default=None)
"""Who is told of what the turn's own task does; a model client finds it here."""


class ObservedStore:
    """A store whose every call an observer is told of; in all else, the store itself."""

    def __init__(self, store: Store, observer: Observer) -> None:
        self._store = store
        self._observer = observer

    def __getattr__(self, name: str) -> Any:
        value = getattr(vars(self)["_store"], name)
        if name.startswith("_") or not inspect.iscoroutinefunction(value):
            return value
        observed = vars(self)[name] = self._timed(name, value)
        return observed

    def _timed(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        async def call(*args: Any, **kwargs: Any) -> Any:
            began, failure = time.perf_counter(), None
            try:
                return await method(*args, **kwargs)
            except BaseException as error:
                failure = error
                raise
            finally:
                seconds = time.perf_counter() - began
                tell(self._observer.store_call, name, seconds, failure)

        return call

    __class__ = property(  # so that isinstance finds what the store can do
        lambda self: type(self._store)
    )


def observed(store: Store, observer: Observer | None) -> Store:
    """Return the store, whose calls the observer is told of if there is one."""
    return store if observer is None else cast("Store", ObservedStore(store, observer))


class TurnClock:
    """Tells an observer of one turn."""

    def __init__(self, observer: Observer, turn_id: str) -> None:
        self._observer = observer
        self._turn_id = turn_id
        self._began = time.perf_counter()
        self._has_output = False

    def began(self, kind: str) -> None:
        """The turn begins to run, in the task that calls this."""
        _current.set(self._observer)
        tell(self._observer.turn_began, self._turn_id, kind)

    def output(self) -> None:
        """The responder has yielded something."""
        if not self._has_output:
            self._has_output = True
            tell(self._observer.turn_output, self._turn_id, self._seconds)

    def ended(self, status: str, size: int, usage: Mapping[str, Any] | None) -> None:
        """The turn has ended."""
        tell(self._observer.turn_ended, self._turn_id, status, self._seconds, size, usage)

    @property
    def _seconds(self) -> float:
        return time.perf_counter() - self._began


def tell_of_model(
    model: str, seconds: float, usage: Mapping[str, Any] | None, error: str | None
) -> None:
    """Tell the observer of the turn that runs, if there is one, how a model answered."""
    observer = _current.get()
    if observer is not None:
        tell(observer.model_call, model, seconds, usage, error)
