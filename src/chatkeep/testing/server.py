"""An ASGI app on a real socket, for the length of a test."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import uvicorn


class _Server(uvicorn.Server):
    """Says when it listens, and leaves signals and the process to their owner."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    def capture_signals(self) -> Any:
        return nullcontext()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            raise RuntimeError("the application could not be started") from None
        self.listening.set()


@asynccontextmanager
async def serve(app: Any, **options: Any) -> AsyncGenerator[str]:
    """Serve an app on a free port of 127.0.0.1 while the block runs; give its address.

    At the end it is closed as in production: connections that are still open
    get ``timeout_graceful_shutdown`` seconds, then the app's lifespan ends.

    Args:
        app: Any ASGI app, such as ``chat.asgi()``.
        options: More of `uvicorn.Config`.

    Raises:
        RuntimeError: The app's lifespan did not begin; the log says why.
    """
    defaults = {"log_config": None, "ws": "none", "lifespan": "on", "timeout_graceful_shutdown": 5}
    server = _Server(uvicorn.Config(app, **{**defaults, **options}))
    listener = socket.create_server(("127.0.0.1", 0))
    running = asyncio.create_task(server.serve([listener]))
    ready = asyncio.create_task(server.listening.wait())
    try:
        await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            await running  # raises what kept it from listening
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ready.cancel()
        server.should_exit = True
        await asyncio.wait({running})
        listener.close()
