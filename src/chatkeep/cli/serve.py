"""``chatkeep serve``: a ChatKit server with one command."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from ..errors import ConfigurationError
from ..version import __version__
from .databases import MEMORY, describe
from .settings import CommandSettings, argument, flag, load, option_name
from .views import safe

if TYPE_CHECKING:
    from ..retrieval.index import Summary

_MADE_WITHOUT_APP = ("folders", "model", "base_url", "api_key_env", "instructions", "database")
_SKIPPED_SHOWN = 3


def serve(
    context: typer.Context,
    folders: Annotated[list[str] | None, argument("folders", metavar="FOLDER")] = None,
    app: Annotated[str | None, flag("app", metavar="MODULE:OBJECT")] = None,
    model: Annotated[str | None, flag("model")] = None,
    base_url: Annotated[str | None, flag("base_url", metavar="URL")] = None,
    api_key_env: Annotated[str | None, flag("api_key_env", metavar="NAME")] = None,
    instructions: Annotated[str | None, flag("instructions")] = None,
    database: Annotated[str | None, flag("database", metavar="URL")] = None,
    host: Annotated[str | None, flag("host")] = None,
    port: Annotated[int | None, flag("port")] = None,
    allowed_host: Annotated[list[str] | None, flag("allowed_host", metavar="NAME")] = None,
    workers: Annotated[int | None, flag("workers")] = None,
    reload: Annotated[bool | None, flag("reload", "--reload/--no-reload")] = None,
    cors_origin: Annotated[list[str] | None, flag("cors_origin", metavar="URL")] = None,
    prompt: Annotated[list[str] | None, flag("prompt", metavar="TEXT")] = None,
) -> None:
    """Serve ChatKit: threads that are kept, answers that stream.

    Without a model, questions are answered by quoting the folders' passages,
    with citations; with one, it answers from them, or on its own if there is
    no folder. With neither, it answers about Chatkeep itself.

    Each setting comes from its flag, else from its variable in [], else from
    its key in chatkeep.toml (base_url = "..."), else it has its default. A
    table \\[limits] in that file sets the bounds and deadlines of the engine.
    """
    settings = load(**context.params)
    _check_together(context.params, settings)
    _serve(settings, Console(highlight=False))


def _serve(settings: CommandSettings, console: Console) -> None:
    # Only this command needs them, and they take a while to import.
    from . import assembly, server

    server.configure_logging()
    chat = assembly.build(settings)
    server.check_exposure(settings, chat)
    with server.bind(settings.host, settings.port) as bound:
        summary = None
        if assembly.answers_from_folders(settings):
            summary = _index(settings, console)
        host, port = bound.getsockname()[:2]
        address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        lines = {
            "browser": f"{address}/",
            "chatkit": f"{address}/chatkit",
            "threads": describe_store(settings),
            "answers": describe_responder(settings, summary),
        }
        if warning := assembly.without_documents(settings):
            lines["warning"] = warning
        server.run(settings, chat, bound, lambda: _announce(lines, console))


def _check_together(flags: dict[str, Any], settings: CommandSettings) -> None:
    """Refuse what can't be had together.

    Raises:
        ConfigurationError: Says which.
    """
    if flags["app"]:
        idle = [option_name(name) for name in _MADE_WITHOUT_APP if flags[name]]
        if idle:
            raise ConfigurationError(
                f"--app serves your own Chatkeep: give it {', '.join(idle)} in its code."
            )
    if settings.workers > 1 and settings.reload:
        raise ConfigurationError("--reload is for one process: leave out --workers.")
    if settings.workers > 1 and settings.database == MEMORY and not settings.app:
        raise ConfigurationError("memory: is for one process: leave out --workers.")


def _index(settings: CommandSettings, console: Console) -> "Summary":
    """Bring the index up to date, with a bar that shows how far it is."""
    from .assembly import update_index

    columns = TextColumn("Reading documents"), BarColumn(), MofNCompleteColumn()
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("")
        return update_index(
            settings,
            lambda done, total: progress.update(task, completed=done, total=total),
        )


def describe_store(settings: CommandSettings) -> str:
    """Return where threads are kept, without a password."""
    if settings.app:
        return f"as {settings.app} says"
    return describe(settings.database)


def describe_responder(settings: CommandSettings, summary: "Summary | None") -> str:
    """Return what answers, and from what."""
    if settings.app:
        return f"by {settings.app}"
    model = f"{settings.model} at {settings.base_url}" if settings.model else ""
    if summary is None:
        return model
    names = ", ".join(settings.folders) or "Chatkeep's own docs"
    files = f"{summary.files} file{'s' if summary.files != 1 else ''}"
    left_out = f", {len(summary.skipped)} left out" if summary.skipped else ""
    passages = f"passages of {names} ({files}{left_out})"
    return f"{model}, from {passages}" if model else passages


def _announce(lines: dict[str, str], console: Console) -> None:
    console.print(Text(f"Chatkeep {__version__}", style="bold"))
    for name, value in lines.items():
        style = "yellow" if name == "warning" else ""
        console.print(Text(f"  {name}  {safe(value)}", style=style), soft_wrap=True)
    console.print(Text("  Ctrl-C ends it.", style="dim"))
