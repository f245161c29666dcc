"""What of the SDK's server is not used here, and whoever overrides it should know."""

import inspect
import warnings
from typing import Any

from chatkit import server as sdk

CALLED = frozenset(
    {
        "__init__",
        "_get_attachment_store",
        "action",
        "add_feedback",
        "get_stream_options",
        "handle_stream_cancelled",
        "process",
        "respond",
        "sync_action",
        "transcribe",
    }
)
"""The methods of the SDK's server that are called here, or by the program itself."""

NOT_CALLED = frozenset(
    name for name, member in vars(sdk.ChatKitServer).items() if inspect.isroutine(member)
) - (CALLED | {"__init_subclass__", "__class_getitem__"})
"""Its other methods: how the SDK answers, in whose place the engine does."""


class UnusedOverride(UserWarning):
    """A subclass overrides a method of the SDK's server that `ChatKitServer` never calls."""


def warn_of_unused(subclass: type[Any], server: type[Any]) -> None:
    """Warn, once for a class, of the methods that it overrides to no effect.

    Args:
        subclass: A class that is being defined.
        server: The class that all servers of this kind have above them.
    """
    known = {name for base in subclass.__bases__ if issubclass(base, server) for name in _own(base)}
    if unused := sorted(_own(subclass) - known):
        names = ", ".join(unused)
        warnings.warn(
            f"{subclass.__qualname__} overrides {names} of chatkit.server.ChatKitServer, which"
            " chatkeep.compat.ChatKitServer never calls, so it has no effect."
            " docs/sdk-differences.md says what to do instead.",
            UnusedOverride,
            stacklevel=4,  # this function, its caller, `abc.ABCMeta.__new__`, the class statement
        )


def _own(server: type[Any]) -> set[str]:
    """The unused methods that a class has of its own, or from a class that the SDK doesn't know."""
    return {
        name for name in NOT_CALLED if getattr(server, name) is not getattr(sdk.ChatKitServer, name)
    }
