"""The context type that the SDK's tests use, and that its source distribution lacks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RequestContext:
    """Who asks."""

    user_id: str
