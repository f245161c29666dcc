"""The responder contract: where the text of an answer comes from.

A responder is anything with ``respond(turn)``, or a plain function that takes
the turn: an async generator, a coroutine that returns the text, or a
synchronous function or generator (which runs in a thread of its own).

What it yields:

* ``str``: streamed as the assistant's text.
* any ChatKit ``ThreadStreamEvent``: folded into the thread and passed on.
* a widget root (``Card``, ``ListView``...): a widget item.
* a thread item: added and done at once.

What it raises: a `TurnError` is shown to the user as it is; anything else is
logged under an error id, and the user is shown that id.
"""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypedDict

if TYPE_CHECKING:
    from ..turn import Turn

Output: TypeAlias = Any
"""``str``, a ``ThreadStreamEvent``, a widget root or a thread item."""


class Message(TypedDict):
    """One message of a conversation, in the form that models take."""

    role: str
    content: str


class Responder(Protocol):
    """An object that answers turns."""

    def respond(self, turn: "Turn") -> AsyncIterator[Output]:
        """Yield the answer to one turn, piece by piece."""
        ...
