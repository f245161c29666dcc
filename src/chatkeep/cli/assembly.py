"""From settings to a `Chatkeep`: your own, or one of the parts that the settings name."""

import hashlib
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .. import Chatkeep
from ..errors import ConfigurationError
from ..responders.completions import Completions
from ..responders.retrieval import Retrieval
from ..retrieval import LOADERS, Index
from ..retrieval.base import Progress
from ..retrieval.files import find_files
from ..retrieval.index import Summary
from .databases import sqlite_file
from .settings import CommandSettings

_PACKAGE = Path(__file__).parent.parent
_ABOUT_CHATKEEP = (
    "What happens when I reload in the middle of an answer?",
    "How do I run it on PostgreSQL?",
    "How do I connect a model of my own?",
    "How do I show the chat in a React app?",
)


def build(settings: CommandSettings) -> Chatkeep:
    """Return what the settings say to serve. Nothing is opened or indexed yet.

    Raises:
        ConfigurationError: It can't be had; the message says why.
    """
    if settings.app:
        return import_app(settings.app)
    return Chatkeep(settings.database, responder=_responder(settings), settings=settings.limits)


def answers_from_folders(settings: CommandSettings) -> bool:
    """Whether there are documents to index."""
    return not settings.app and bool(settings.folders or not settings.model)


def update_index(settings: CommandSettings, progress: Progress | None = None) -> Summary:
    """Bring the index up to date with its folders. Raises `ConfigurationError`."""
    with Index(index_path(settings)) as index:
        return index.update(folders(settings), progress)


def folders(settings: CommandSettings) -> list[Path]:
    """Return the folders to answer from: those of the settings, or the package's own docs."""
    if settings.folders:
        return [Path(folder) for folder in settings.folders]
    return [_own_docs()]


def without_documents(settings: CommandSettings) -> str:
    """Return a sentence about folders in which there is nothing to read, or an empty string."""
    if not answers_from_folders(settings):
        return ""
    names = settings.folders or ["Chatkeep's own docs"]
    empty = [
        name
        for name, folder in zip(names, folders(settings), strict=True)
        if next(find_files([folder], LOADERS), None) is None
    ]
    if not empty:
        return ""
    return f"No documents in {', '.join(empty)}: none that ends in {', '.join(sorted(LOADERS))}."


def _own_docs() -> Path:
    installed, checkout = _PACKAGE / "docs", _PACKAGE.parent.parent / "docs"
    return installed if installed.is_dir() else checkout


def prompts(settings: CommandSettings) -> Sequence[str]:
    """Return what the page offers to begin with: of the settings, or about Chatkeep's own docs."""
    if settings.prompt or settings.app or not answers_from_folders(settings):
        return settings.prompt
    given = [folder.resolve() for folder in folders(settings)]
    return _ABOUT_CHATKEEP if given == [_own_docs().resolve()] else []


def index_path(settings: CommandSettings) -> Path:
    """Return the index's file: beside a SQLite database, else in the user's cache."""
    database = sqlite_file(settings.database)
    if database is not None:
        return database.with_suffix(f".index{database.suffix}")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chatkeep"
    cache.mkdir(parents=True, exist_ok=True)
    names = "\n".join(str(folder.resolve()) for folder in folders(settings))
    return cache / f"{hashlib.sha256(names.encode()).hexdigest()[:16]}.index.db"


def import_app(name: str) -> Chatkeep:
    """Return the `Chatkeep` that ``module:object`` names; this directory's modules are found.

    Raises:
        ConfigurationError: There is no such module or object, or it is something else.
    """
    module_name, _, path = name.partition(":")
    if "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        value = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise  # a module that the app itself wants
        raise ConfigurationError(f"--app: there is no module {error.name} here.") from error
    for attribute in path.split("."):
        if not hasattr(value, attribute):
            raise ConfigurationError(f"--app: {module_name} has no {path}.")
        value = getattr(value, attribute)
    if not isinstance(value, Chatkeep):
        raise ConfigurationError(f"--app: {name} is a {type(value).__name__}, not a Chatkeep.")
    return value


def _responder(settings: CommandSettings) -> Completions | Retrieval:
    model = _model(settings, settings.model) if settings.model else None
    if model and not settings.folders:
        return model
    index = Index(index_path(settings))
    return Retrieval(index, model, instructions=settings.instructions)


def _model(settings: CommandSettings, name: str) -> Completions:
    return Completions(
        name,
        base_url=settings.base_url,
        api_key=_api_key(settings),
        instructions=settings.instructions,
    )


def _api_key(settings: CommandSettings) -> str | None:
    """Return the key. OpenAI's own key goes to no other address unless it is named for it."""
    given = settings.model_fields_set
    if "base_url" in given and "api_key_env" not in given:
        return None
    key = os.environ.get(settings.api_key_env)
    if not key:
        raise ConfigurationError(
            f"The variable {settings.api_key_env} holds no API key for {settings.base_url}."
            " Set it, or name another variable with --api-key-env."
        )
    return key
