"""Serving over HTTP with uvicorn: the socket, the processes, and an orderly end."""

import asyncio
import errno
import gc
import ipaddress
import logging
import math
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import typer
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.supervisors import ChangeReload, Multiprocess

from .. import Chatkeep
from ..errors import ConfigurationError
from .assembly import (
    answers_from_folders,
    build,
    folders,
    prompts,
    update_index,
    without_documents,
)
from .settings import CommandSettings

_SETTINGS_VARIABLE = "CHATKEEP_SERVE_SETTINGS"
"""How the settings reach worker processes, which are started by name."""

_MARGIN_SECONDS = 3
"""How much longer than the turns' own grace connections may take to close."""

_NEW_OBJECTS_A_COLLECTION = 20_000
"""See `settle_memory`; Python's own is 700."""


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address; it doesn't listen yet.

    Raises:
        ConfigurationError: The address can't be had; the message says why.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            message = f"Port {port} is in use: end what uses it, or choose another with --port."
        else:
            message = f"Can't listen on {host}, port {port}: {error.strerror}."
        raise ConfigurationError(message) from error
    return bound


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_exposure(settings: CommandSettings, chat: Chatkeep) -> None:
    """Refuse to show one person's threads to a network.

    Raises:
        ConfigurationError: There is no authenticator, and the host is not loopback.
    """
    if chat.authenticate is None and not is_loopback(settings.host):
        raise ConfigurationError(
            f"Without an authenticator, everyone who reaches {settings.host} would be the same"
            " user and read every thread. Serve on 127.0.0.1, or pass authenticate= to your"
            " own Chatkeep and serve that with --app module:object."
        )


def run(
    settings: CommandSettings, chat: Chatkeep, bound: socket.socket, on_ready: Callable[[], None]
) -> None:
    """Serve until a signal ends it.

    Args:
        on_ready: Called once requests are answered.

    Raises:
        ConfigurationError: The database can't be used; the message says why.
    """
    with suppress(KeyboardInterrupt):
        if settings.workers > 1 or settings.reload:
            _run_processes(settings, chat, bound, on_ready)
        else:
            config = _config(Application(settings, chat), settings, chat)
            _Server(config, chat, on_ready).run(sockets=[bound])


def _run_processes(
    settings: CommandSettings, chat: Chatkeep, bound: socket.socket, on_ready: Callable[[], None]
) -> None:
    """Try in this process whether it can work, then have others do it."""
    asyncio.run(_try(chat))
    os.environ[_SETTINGS_VARIABLE] = settings.model_dump_json(exclude_unset=True)
    config = _config(f"{__name__}:create_app", settings, chat)
    bound.listen(config.backlog)
    on_ready()
    if settings.reload:
        ChangeReload(config, target=uvicorn.Server(config).run, sockets=[bound]).run()
    else:
        Multiprocess(config, sockets=[bound]).run()


async def _try(chat: Chatkeep) -> None:
    await chat.open()
    await chat.close()


def create_app() -> "Application":
    """Return what a worker process serves: uvicorn calls it by name."""
    configure_logging()
    settings = CommandSettings.model_validate_json(os.environ[_SETTINGS_VARIABLE])
    if settings.reload and answers_from_folders(settings):
        update_index(settings)
    application = Application(settings, build(settings))
    settle_memory()
    return application


def settle_memory() -> None:
    """Have the garbage collector look for cycles rarely, and only among what is new.

    Looking through all that lives as long as the process (modules, classes, tables)
    costs some 100 ms each time, in which no stream moves. And Python looks at each
    700th object more than before: with hundreds of streams, whose timers come and
    go, that takes a fifth of the CPU and finds nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS_A_COLLECTION)


def configure_logging() -> None:
    """Have warnings and errors, the engine's error ids among them, go to standard error."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def _config(app: "Application | str", settings: CommandSettings, chat: Chatkeep) -> uvicorn.Config:
    watched = folders(settings) if answers_from_folders(settings) else []
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        interface="asgi3",
        workers=settings.workers,
        reload=settings.reload,
        reload_dirs=[os.getcwd(), *map(str, watched)] if settings.reload else None,
        reload_includes=["*.py", "*.md", "*.txt", "*.html", "*.rst"] if settings.reload else None,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=math.ceil(chat.settings.shutdown_grace) + _MARGIN_SECONDS,
    )


class _Server(uvicorn.Server):
    """Opens what it serves first, so that what is wrong is raised, not logged."""

    def __init__(
        self, config: uvicorn.Config, chat: Chatkeep, on_ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._chat = chat
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self._chat.open()
        settle_memory()
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.server_state.tasks:
            typer.echo("Finishing the answers under way. Ctrl-C ends them here.")
        await super().shutdown(sockets)


class Application:
    """The ASGI application of ``chatkeep serve``, in whatever process it runs.

    At the first signal to end, turns begin to wind down while their streams
    are still followed: uvicorn by itself would first wait for the streams.
    """

    def __init__(self, settings: CommandSettings, chat: Chatkeep) -> None:
        self._chat = chat
        self._closing: asyncio.Task[None] | None = None
        self._app: ASGIApp = chat.asgi(
            cors_origins=settings.cors_origin,
            allowed_hosts=_allowed_hosts(settings, chat),
            page=True,
            prompts=prompts(settings),
            notice=without_documents(settings),
        )

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one request, or the application's lifespan."""
        serve = self._serve_lifespan if scope["type"] == "lifespan" else self._app
        return serve(scope, receive, send)

    async def _serve_lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        with _on_termination(self._wind_down):
            await self._app(scope, receive, send)

    def _wind_down(self) -> None:
        if self._closing is None:
            self._closing = asyncio.create_task(self._chat.close())
        else:  # a second signal breaks everything off: uvicorn would log each piece
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)


def _allowed_hosts(settings: CommandSettings, chat: Chatkeep) -> list[str]:
    """The names that a request may call the server by.

    Without an authenticator, no page of another site may reach it under a name of its
    own, which it can have lead to this machine.
    """
    if chat.authenticate is not None and not settings.allowed_host:
        return ["*"]
    return ["localhost", "127.0.0.1", "[::1]", "::1", settings.host, *settings.allowed_host]


@contextmanager
def _on_termination(action: Callable[[], None]) -> Iterator[None]:
    """Have SIGINT and SIGTERM call ``action`` on the running loop, and then do what they did."""
    loop = asyncio.get_running_loop()
    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(action)
        handler = previous[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number in previous:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
