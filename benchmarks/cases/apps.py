"""The three apps that are compared over sockets."""

from contextlib import ExitStack

from ..processes import Server

_APPS = {
    "bare": "benchmarks.bare:app",
    "SDK + FastAPI": "benchmarks.sdk.app:app",
    "Chatkeep": "benchmarks.engine.app:app",
}


def served(stack: ExitStack) -> dict[str, Server]:
    """Serve each app by one worker of the same server, until the stack unwinds."""
    return {name: stack.enter_context(Server(app)) for name, app in _APPS.items()}
