"""The three apps that are compared over sockets."""

from contextlib import ExitStack

from ..processes import CHATKEEP, Server

_APPS = {"bare": "benchmarks.bare:app", "SDK + FastAPI": "benchmarks.sdk.app:app"}


def chatkeep(env: dict[str, str] | None = None) -> Server:
    """Return Chatkeep as it is run: by ``chatkeep serve``, which is uvicorn too."""
    return Server("--app=benchmarks.engine.app:chat", server=CHATKEEP, env=env)


def served(stack: ExitStack) -> dict[str, Server]:
    """Serve each app by one worker of the same server, until the stack unwinds."""
    servers = {name: Server(app) for name, app in _APPS.items()} | {"Chatkeep": chatkeep()}
    return {name: stack.enter_context(server) for name, server in servers.items()}
