"""One of several responders, chosen turn by turn."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing

from ..engine.calls import call
from ..errors import ConfigurationError
from ..turn import Turn
from .base import Output, StreamingResponder, as_responder, close_responder


class Route:
    """A responder that passes each turn on to one of others.

    ::

        Route({"free": small, "paid": large}, choose=lambda turn: turn.context.extra.plan)

    Args:
        responders: Responders of any form, by name.
        choose: Takes the turn and returns a name; may be a coroutine function.

    Raises:
        ConfigurationError: There are no responders, or one is none. Raised while
            answering if ``choose`` gives a name that isn't there.
    """

    def __init__(
        self,
        responders: Mapping[str, object],
        *,
        choose: Callable[[Turn], str | Awaitable[str]],
    ) -> None:
        if not responders:
            raise ConfigurationError("A route needs at least one responder.")
        self._sources = list(responders.values())
        self._responders = {name: as_responder(source) for name, source in responders.items()}
        self._choose = choose

    async def respond(self, turn: Turn) -> AsyncGenerator[Output]:
        """Yield what the chosen responder yields."""
        responder = await self._chosen(turn)
        async with aclosing(responder.respond(turn)) as outputs:
            async for output in outputs:
                yield output

    async def close(self) -> None:
        """Close every responder that can be closed."""
        for source in self._sources:
            await close_responder(source)

    async def _chosen(self, turn: Turn) -> StreamingResponder:
        name = await call(self._choose, turn)
        try:
            return self._responders[name]
        except KeyError:
            known = ", ".join(map(repr, self._responders))
            message = f"The route chose {name!r}, but has only {known}."
            raise ConfigurationError(message) from None
