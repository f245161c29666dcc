"""Who is asking, and what came along with the question."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple


class Owner(NamedTuple):
    """Whose a row is. Every row has one, and every query names it."""

    tenant: str
    user: str


@dataclass(frozen=True, slots=True)
class Context:
    """The identity and circumstances of one request.

    ``authenticate`` returns one; without it every request is the local user's.

    Args:
        user: Stable id of the person, unique within the tenant.
        tenant: Stable id of the organisation; one-tenant products leave it.
        locale: The client's language as a BCP 47 tag, or None.
        metadata: What the authenticator knows of whoever asks: a plan, a role.
        request_metadata: The request's own ``metadata`` object. The client wrote
            it and may write anything: nothing that matters is decided by it.
        headers: Request headers of the allow list, names in lower case.
        extra: Anything of the program's own: a session, a profile.
    """

    user: str = "local"
    tenant: str = "default"
    locale: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    request_metadata: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Any = None

    @property
    def owner(self) -> Owner:
        """The owner of all that this request creates, and may see."""
        return Owner(self.tenant, self.user)

    def with_request_metadata(self, metadata: Mapping[str, Any]) -> "Context":
        """Return the context with what a client sent, which is never mixed with ``metadata``."""
        return replace(self, request_metadata=metadata) if metadata else self
