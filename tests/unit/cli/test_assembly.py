"""From settings to what is served: where the index lies, which key is used, what may be shown."""

from pathlib import Path
from typing import Any

import pytest

from chatkeep import Chatkeep, Context
from chatkeep.cli.assembly import answers_from_folders, build, folders, index_path
from chatkeep.cli.databases import describe, sqlite_file
from chatkeep.cli.server import check_exposure, is_loopback
from chatkeep.cli.settings import load
from chatkeep.errors import ConfigurationError
from chatkeep.responders.completions import Completions


@pytest.fixture(autouse=True)
def empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def test_the_index_lies_beside_a_sqlite_database() -> None:
    assert index_path(load()) == Path("chatkeep.index.db")
    assert index_path(load(database="sqlite:////var/a.b/chat")) == Path("/var/a.b/chat.index")


def test_for_other_databases_each_choice_of_folders_has_an_index_in_the_cache(
    tmp_path: Path,
) -> None:
    one = index_path(load(database="memory:", folders=["one"]))
    two = index_path(load(database="postgresql://host/db", folders=["two"]))
    assert one.parent == two.parent == tmp_path / "cache" / "chatkeep"
    assert one != two


def test_without_folders_the_packages_own_docs_are_read() -> None:
    [docs] = folders(load())
    assert (docs / "quickstart.md").is_file()


def test_documents_are_read_unless_a_model_or_an_app_needs_none() -> None:
    assert answers_from_folders(load())
    assert answers_from_folders(load(model="gpt", folders=["docs"]))
    assert not answers_from_folders(load(model="gpt"))
    assert not answers_from_folders(load(app="module:chat"))


def test_a_key_is_needed_unless_the_model_is_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY"):
        build(load(model="gpt"))
    build(load(model="gpt", base_url="http://127.0.0.1:11434/v1"))
    with pytest.raises(ConfigurationError, match="MY_KEY"):
        build(load(model="gpt", base_url="http://127.0.0.1:11434/v1", api_key_env="MY_KEY"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    build(load(model="gpt"))


def test_the_limits_of_the_file_are_the_engines() -> None:
    Path("chatkeep.toml").write_text("[limits]\nturn_timeout = 7\n", encoding="utf-8")
    local = {"model": "gpt", "base_url": "http://127.0.0.1:11434/v1"}
    assert build(load(**local)).settings.turn_timeout == 7


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("192.168.1.5", False),
        ("localhost.example.com", False),
    ],
)
def test_only_loopback_needs_no_authenticator(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
    settings = load(host=host)
    check_exposure(settings, Chatkeep("memory:", authenticate=lambda _: Context()))
    if not loopback:
        with pytest.raises(ConfigurationError, match="authenticator"):
            check_exposure(settings, Chatkeep("memory:"))


def test_a_database_is_described_without_its_password() -> None:
    assert describe("postgresql://ada:hunter2@host/db") == "postgresql://ada:***@host/db"
    several = "postgresql://ada:hunter2@[::1]:1,two/db?password=hunter2"
    assert describe(several) == "postgresql://ada:***@[::1]:1,two/db?password=***"
    assert describe("memory:") == "memory, until the server ends"
    with pytest.raises(ConfigurationError) as error:
        describe("hunter2")
    assert "hunter2" not in error.value.message


def test_only_sqlite_has_a_file() -> None:
    assert sqlite_file("sqlite:///a.db") == Path("a.db")
    assert sqlite_file("sqlite:////a/b.db") == Path("/a/b.db")
    assert sqlite_file("postgresql://host/db") is None
    assert sqlite_file("memory:") is None


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({"model": "gpt"}, "sk-openai"),
        ({"model": "llama", "base_url": "http://127.0.0.1:1/v1"}, None),
        (
            {
                "model": "llama",
                "base_url": "http://127.0.0.1:1/v1",
                "api_key_env": "OPENAI_API_KEY",
            },
            "sk-openai",
        ),
    ],
)
def test_openais_key_goes_to_no_other_address_unless_it_is_named(
    options: dict[str, str], sent: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    given: list[object] = []
    initialize = Completions.__init__

    def record(self: Completions, *args: Any, **kwargs: Any) -> None:
        given.append(kwargs["api_key"])
        initialize(self, *args, **kwargs)

    monkeypatch.setattr(Completions, "__init__", record)
    build(load(**options))
    assert given == [sent]
