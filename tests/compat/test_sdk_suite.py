"""The SDK's own tests, run against Chatkeep's server.

They come from the SDK's source distribution, which is fetched once and kept in
pytest's cache; without a network they are skipped, but for CI. What it lacks, a
small store and a context, is in ``sdk_suite``.
"""

import os
import shutil
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

SUITE = Path(__file__).parent / "sdk_suite"
DIFFERENCES_PAGE = Path(__file__).parents[2] / "docs" / "sdk-differences.md"
MODULES = (
    "test_agents",
    "test_chatkit_server",
    "test_icons",
    "test_store",
    "test_widgets",
)

_TIMES = "It compares a time from the store, as the program gave it, with that on the wire, in UTC."
_ASSETS = "It reads files that the source distribution lacks; it fails on the SDK, too."

DIFFERENCES = {
    "test_chatkit_server::test_calls_action": _TIMES,
    "test_chatkit_server::test_calls_action_sync": _TIMES,
    "test_chatkit_server::"
    "test_add_structured_input_replaces_item_with_custom_answer_and_resumes_response": _TIMES,
    "test_chatkit_server::test_add_structured_input_truncates_extra_single_choice_values": (
        "Its responder gives the same item again, and counts on the store to refuse it."
        " Here an item that is done again takes the place of the first."
    ),
}
"""Tests of the SDK that fail here on purpose, and why."""

UNUSABLE = {
    f"test_widgets::{name}": _ASSETS
    for name in (
        "test_widget_template_build_basic_is_deprecated",
        "test_widget_template_build_with_basic_root",
        "test_widget_template_from_file[card_no_data-None]",
        "test_widget_template_from_file[card_with_data-data3]",
        "test_widget_template_from_file[list_view_no_data-None]",
        "test_widget_template_from_file[list_view_with_data-data2]",
    )
}
"""Tests that can't be run, and why."""


@pytest.fixture(scope="module")
def outcomes(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str | None]:
    """What became of each test of the SDK: how it failed, or None."""
    folder = tmp_path_factory.mktemp("sdk")
    _unpack(_source_distribution(pytestconfig), folder)
    shutil.copytree(SUITE, folder, dirs_exist_ok=True)
    return _run(folder)


def _source_distribution(config: pytest.Config) -> Path:
    requirement = f"openai-chatkit=={version('openai-chatkit')}"
    assert config.cache is not None
    cache = config.cache.mkdir(requirement.replace("==", "-"))
    if not list(cache.glob("*.tar.gz")):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", "openai-chatkit", "--dest", str(cache), requirement]
        fetched = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if fetched.returncode != 0:
            told = f"the SDK's tests can't be fetched: {fetched.stderr}"
            pytest.fail(told, pytrace=False) if "CI" in os.environ else pytest.skip(told)
    return next(cache.glob("*.tar.gz"))


def _without_source(reason: str) -> None:
    """Offline the SDK's tests can't be had; where nobody would see that, it is a failure."""
    told = f"The SDK's tests can't be fetched: {reason}"
    if "CI" in os.environ:
        pytest.fail(told, pytrace=False)
    pytest.skip(told)


def _unpack(archive: Path, folder: Path) -> None:
    tests = folder / "tests"
    tests.mkdir()
    with tarfile.open(archive) as source:
        for member in source.getmembers():
            path = Path(member.name)
            if path.parent.name == "tests" and path.stem in MODULES:
                content = source.extractfile(member)
                assert content is not None
                (tests / path.name).write_bytes(content.read())


def _run(folder: Path) -> dict[str, str | None]:
    command = [sys.executable, "-m", "pytest", "-p", "on_chatkeep", "-p", "no:cacheprovider"]
    command += ["-o", "asyncio_mode=auto", "--junit-xml=report.xml", "tests"]
    environment = os.environ | {"PYTHONPATH": "."}
    with (folder / "output").open("w") as output:
        ran = subprocess.run(
            command, cwd=folder, env=environment, stdout=output, stderr=output, timeout=300
        )
    assert ran.returncode in {0, 1}, (folder / "output").read_text()
    outcomes: dict[str, str | None] = {}
    for case in ET.parse(folder / "report.xml").iter("testcase"):  # noqa: S314 - our own pytest's
        problem = case.find("failure") if case.find("error") is None else case.find("error")
        name = f"{case.get('classname', '').removeprefix('tests.')}::{case.get('name')}"
        outcomes[name] = None if problem is None else problem.text
    return outcomes


def test_all_of_the_sdk_s_tests_are_run(outcomes: dict[str, str | None]) -> None:
    ran = {name.partition("::")[0].partition(".")[0] for name in outcomes}
    assert ran == set(MODULES)
    assert len(outcomes) >= 130


def test_the_sdk_s_tests_pass_but_for_the_differences_listed(
    outcomes: dict[str, str | None],
) -> None:
    listed = DIFFERENCES | UNUSABLE
    failed = {name: problem for name, problem in outcomes.items() if problem is not None}
    unexpected = [f"{name}\n{failed[name]}" for name in failed.keys() - listed.keys()]
    assert not unexpected, "\n\n".join(unexpected)
    assert not listed.keys() - failed.keys(), "these pass, so they are no differences any more"


@pytest.mark.parametrize("name", DIFFERENCES)
def test_each_difference_is_told_to_users(name: str) -> None:
    assert f"`{name.partition('::')[2]}`" in DIFFERENCES_PAGE.read_text()
