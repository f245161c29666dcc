"""What the commands run with: flags, then ``CHATKEEP_*`` variables, then ``chatkeep.toml``.

The model says what each setting is; the help of the commands is made from it.
"""

import dataclasses
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from ..errors import ConfigurationError
from ..settings import Settings

ENV_PREFIX = "CHATKEEP_"
CONFIG_FILE = Path("chatkeep.toml")

_Strings = Annotated[list[str], NoDecode]
"""A list that a variable gives in parts, and a flag by coming again."""


class CommandSettings(BaseSettings):
    """The settings of ``chatkeep serve`` and ``chatkeep db``.

    A field's variable is its name in capitals after ``CHATKEEP_``; its key in
    ``chatkeep.toml`` is its name. The API key itself is no setting: it is read
    from the variable that ``api_key_env`` names, and never shown.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_ignore_empty=True,
        toml_file=CONFIG_FILE,
        extra="forbid",
        frozen=True,
    )

    folders: _Strings = Field([], description="Folders of documents to answer from.")
    app: str | None = Field(
        None,
        description="Serve your own Chatkeep, as module:object (looked for in this directory too).",
    )
    model: str | None = Field(
        None,
        min_length=1,
        description="The model that answers. Without one, passages of the documents are quoted.",
    )
    base_url: str = Field(
        "https://api.openai.com/v1",
        description="Where the model is: OpenAI, or what speaks its API (Ollama, vLLM...).",
    )
    api_key_env: str = Field(
        "OPENAI_API_KEY",
        min_length=1,
        description="The environment variable that holds the model's API key. With a --base-url"
        " of your own, no key is sent unless you name its variable here.",
    )
    instructions: str | None = Field(None, description="What the model is told before each chat.")
    database: str = Field(
        "sqlite:///chatkeep.db",
        description="Where threads are kept: sqlite:///FILE, postgresql://... or memory:, nowhere.",
    )
    host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="The address to listen on. Other than loopback only with an authenticator.",
    )
    port: int = Field(
        8000, ge=0, le=65535, description="The port to listen on; 0 takes a free one."
    )
    allowed_host: _Strings = Field(
        [],
        description="A host name under which requests may come: that of your proxy. May be given"
        " several times.",
    )
    workers: int = Field(1, ge=1, le=256, description="How many processes serve.")
    reload: bool = Field(False, description="Start again when the code or a document changes.")
    cors_origin: _Strings = Field(
        [], description="An origin whose pages may call this server. May be given several times."
    )
    prompt: _Strings = Field(
        [], description="A question that the page offers to begin with. May be given several times."
    )
    limits: Settings = Field(
        Settings(), description="The engine's bounds and deadlines, as a table of their names."
    )

    @field_validator("folders", "allowed_host", "cors_origin", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("prompt", mode="before")
    @classmethod
    def _split_lines(cls, value: Any) -> Any:
        return value.splitlines() if isinstance(value, str) else value  # questions have commas

    @field_validator("app")
    @classmethod
    def _names_an_object(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[\w.]+:[\w.]+", value):
            raise ValueError("it is written module:object")
        return value

    @field_validator("allowed_host")
    @classmethod
    def _are_names(cls, value: list[str]) -> list[str]:
        for name in value:
            if not re.fullmatch(r"(\*\.)?[\w-]+(\.[\w-]+)*", name):
                raise ValueError(f"{name} is no host name, as chat.example.com or *.example.com is")
        return value

    @field_validator("base_url")
    @classmethod
    def _is_web_address(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("it begins with http:// or https://")
        if "@" in value.split("/")[2]:
            raise ValueError("no user or password belongs in it, since it is shown")
        return value

    @field_validator("limits", mode="before")
    @classmethod
    def _knows_every_limit(cls, value: Any) -> Any:
        names = {field.name for field in dataclasses.fields(Settings)}
        if isinstance(value, dict) and (unknown := sorted(set(value) - names)):
            raise ValueError(f"there is no {', '.join(unknown)}")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the flags first, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load(**flags: Any) -> CommandSettings:
    """Return the settings; a flag of None or of an empty list was not given.

    Raises:
        ConfigurationError: A value doesn't fit; the message names its source.
    """
    given = {name: value for name, value in flags.items() if value not in (None, [])}
    try:
        return CommandSettings(**given)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{CONFIG_FILE} is not valid TOML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{CONFIG_FILE} can't be read: {error}") from error
    except ValidationError as error:
        complaints = [_complaint(given, dict(part)) for part in error.errors()]
        raise ConfigurationError("\n".join(complaints)) from None


def flag(name: str, *declarations: str, metavar: str | None = None) -> Any:
    """Return the option of a setting, with the help that its field gives."""
    declared = declarations or (option_name(name),)
    return typer.Option(*declared, help=_help(name), metavar=metavar, show_default=False)


def argument(name: str, *, metavar: str) -> Any:
    """Return the argument of a setting, with the help that its field gives."""
    return typer.Argument(help=_help(name), metavar=metavar, show_default=False)


def option_name(name: str) -> str:
    """Return the flag of a setting: ``--base-url`` of ``base_url``."""
    return "--" + name.replace("_", "-")


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return ENV_PREFIX + name.upper()


def _help(name: str) -> str:
    field = CommandSettings.model_fields[name]
    default = f" Default: {field.default}." if field.default not in (None, [], False) else ""
    return f"{field.description}{default} [{variable(name)}]"


def _complaint(flags: Mapping[str, Any], error: Mapping[str, Any]) -> str:
    name, *inner = (str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{CONFIG_FILE}: there is no setting {name}."
    source = ".".join([_source(flags, name), *inner])
    return f"{source}: {error['msg'].removeprefix('Value error, ')}."


def _source(flags: Mapping[str, Any], name: str) -> str:
    if name in flags:
        return option_name(name)
    for key in os.environ:
        if key.upper() == variable(name):
            return f"The variable {key}"
    return f"{CONFIG_FILE}, {name}"
