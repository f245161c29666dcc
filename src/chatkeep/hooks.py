"""What a program may hang into every request: guards that refuse, an observer that counts."""

import inspect
import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from .context import Context
from .errors import ConfigurationError

logger = logging.getLogger("chatkeep.observer")

Guard: TypeAlias = Callable[[Any, Context], Any]
"""Takes a parsed request and who asks; raises to refuse it, and returns nothing.

It is called for every request, of whatever type, when it has been parsed and
before anything is done. What it may raise:

* a `ClientError` (`TooManyRequests`, `PermissionDenied`): answered with its
  status, its code and its ``headers``, whatever the request.
* a `TurnError` (`LimitReached`): a stream shows it to the user as an ``error``
  event; any other request is answered with its ``status`` and code.

It may be a coroutine function; a plain one runs in a thread.
"""


class Observer:
    """Is told what happens, for metrics and traces. Subclass it, override what you need.

    Its methods are called on the event loop, in the middle of the work that they
    tell of: they may not block, and can't be coroutine functions. One that raises
    is logged, and breaks nothing.
    """

    def request(self, request_type: str, status: int, seconds: float) -> None:
        """A request was answered.

        Args:
            request_type: Its wire type; empty if it was refused before that was known.
            status: The HTTP status of the answer.
            seconds: Until the answer was there. For a stream: until it could begin.
        """

    def turn_began(self, turn_id: str, kind: str) -> None:
        """A turn began. ``kind`` is `Turn.kind`."""

    def turn_output(self, turn_id: str, seconds: float) -> None:
        """A turn showed its first output, so many seconds after it began."""

    def turn_ended(
        self,
        turn_id: str,
        status: str,
        seconds: float,
        size: int,
        usage: Mapping[str, Any] | None,
    ) -> None:
        """A turn ended.

        Args:
            turn_id: Its id.
            status: ``"finished"``, ``"stopped"``, ``"failed"`` or ``"interrupted"``.
            seconds: How long it took.
            size: How many bytes of events it streamed.
            usage: What was recorded with `Turn.record_usage`.
        """

    def store_call(self, name: str, seconds: float, error: BaseException | None) -> None:
        """The store was asked for something, and answered or failed."""

    def model_call(
        self, model: str, seconds: float, usage: Mapping[str, Any] | None, error: str | None
    ) -> None:
        """A model answered, or failed with an error of that code."""


def checked(observer: Observer | None) -> Observer | None:
    """Return the observer.

    Raises:
        ConfigurationError: It would be awaited in vain.
    """
    for name in (name for name in vars(Observer) if not name.startswith("_")):
        if observer is not None and inspect.iscoroutinefunction(getattr(observer, name)):
            raise ConfigurationError(f"Observer.{name} is called, not awaited: write it with def.")
    return observer


def tell(method: Callable[..., None], *told: Any) -> None:
    """Call a method of an observer, whatever it raises."""
    try:
        method(*told)
    except Exception:
        logger.exception("an observer failed in %s", getattr(method, "__name__", method))
