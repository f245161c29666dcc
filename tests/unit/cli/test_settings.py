"""Where settings come from, which source wins, and what a wrong one is told."""

from pathlib import Path

import pytest

from chatkeep.cli.settings import CommandSettings, load
from chatkeep.errors import ConfigurationError


@pytest.fixture(autouse=True)
def empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_config(text: str) -> None:
    Path("chatkeep.toml").write_text(text, encoding="utf-8")


def refusal(**flags: object) -> str:
    with pytest.raises(ConfigurationError) as error:
        load(**flags)
    return error.value.message


def test_the_defaults_serve_one_local_user() -> None:
    settings = load()
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert settings.database == "sqlite:///chatkeep.db"
    assert settings.model is None


def test_a_flag_wins_over_a_variable_and_that_over_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_config('model = "file"\ninstructions = "file"\nport = 1\n')
    monkeypatch.setenv("CHATKEEP_MODEL", "variable")
    monkeypatch.setenv("CHATKEEP_INSTRUCTIONS", "variable")
    settings = load(model="flag", instructions=None)
    assert (settings.model, settings.instructions, settings.port) == ("flag", "variable", 1)


def test_lists_come_from_flags_variables_and_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    write_config('folders = ["docs", "more, notes"]\n')
    monkeypatch.setenv("CHATKEEP_CORS_ORIGIN", "https://a.test, https://b.test")
    settings = load(folders=[])
    assert settings.folders == ["docs", "more, notes"]
    assert settings.cors_origin == ["https://a.test", "https://b.test"]
    assert load(cors_origin=["https://c.test"]).cors_origin == ["https://c.test"]


def test_host_names_of_a_proxy_come_from_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATKEEP_ALLOWED_HOST", "chat.example.com, *.example.org")
    assert load().allowed_host == ["chat.example.com", "*.example.org"]
    assert load(allowed_host=["one.test", "two.test"]).allowed_host == ["one.test", "two.test"]


@pytest.mark.parametrize(
    "name", ["https://chat.example.com", "chat.example.com:443", "*", "a/b", "a*b.test", "*.", ""]
)
def test_what_is_no_host_name_is_refused(name: str) -> None:
    assert "--allowed-host" in refusal(allowed_host=[name])


def test_questions_keep_their_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATKEEP_PROMPT", "Where, and when?\nWhy?")
    assert load().prompt == ["Where, and when?", "Why?"]


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATKEEP_MODEL", "")
    assert load().model is None


def test_the_engines_limits_are_a_table() -> None:
    write_config("[limits]\nturn_timeout = 60\n")
    assert load().limits.turn_timeout == 60


def test_settings_survive_the_way_to_a_worker() -> None:
    settings = load(folders=["docs"], port=0, cors_origin=["https://a.test"])
    assert CommandSettings.model_validate_json(settings.model_dump_json()) == settings


def test_a_wrong_flag_is_named() -> None:
    assert "--port: Input should be less than or equal to 65535" in refusal(port=70_000)
    assert "--app: it is written module:object" in refusal(app="module.py")
    assert "--base-url: it begins with http" in refusal(base_url="localhost:11434")


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    write_config("port = 9000\n")
    monkeypatch.setenv("CHATKEEP_PORT", "eighty")
    assert "The variable CHATKEEP_PORT: Input should be a valid integer" in refusal()


def test_a_wrong_key_of_the_file_is_named() -> None:
    write_config('port = "eighty"\nmodle = "x"\n[limits]\nturn_timout = 1\n')
    message = refusal()
    assert "chatkeep.toml, port: Input should be a valid integer" in message
    assert "chatkeep.toml: there is no setting modle" in message
    assert "chatkeep.toml, limits: there is no turn_timout" in message


def test_a_wrong_limit_is_named() -> None:
    write_config('[limits]\nturn_timeout = "soon"\n')
    assert "chatkeep.toml, limits.turn_timeout: Input should be a valid number" in refusal()


def test_a_broken_file_is_named() -> None:
    write_config("port = = 1\n")
    assert "chatkeep.toml is not valid TOML" in refusal()


def test_a_value_is_never_repeated_in_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("user:hunter2@model", "http://user:hunter2@model/v1"):
        monkeypatch.setenv("CHATKEEP_BASE_URL", wrong)
        assert "hunter2" not in refusal()
