"""The HTTP headers that ChatKit's clients and ours send, in lower case."""

RESUMABLE = "chatkeep-live"
"""``1`` asks for ids and comments: what a client needs that may come back to a stream."""

LAST_EVENT_ID = "last-event-id"

ALLOWED = (
    "accept-language",
    "authorization",
    RESUMABLE,
    "chatkit-frame-instance-id",
    "chatkit-session-id",
    "chatkit-user-id",
    "content-type",
    LAST_EVENT_ID,
)
"""The headers that a browser may send from another origin."""

CONTEXT = ("chatkit-session-id", "chatkit-user-id")
"""The headers that responders see unless a program names others."""
