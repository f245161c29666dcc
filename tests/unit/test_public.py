"""What is public: each name is exported, documented, and importable, and nothing else is."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import chatkeep
from chatkeep import errors
from chatkeep.exports import imported_when_used

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference" / "python.md"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _documented() -> dict[str, list[str]]:
    """For each module that has a heading, the names in its table."""
    sections = re.split(r"^## `(.+)`$", REFERENCE.read_text(), flags=re.M)[1:]
    return {
        module: re.findall(r"^\| `(\w+)` \|", text, re.M)
        for module, text in zip(sections[::2], sections[1::2], strict=True)
    }


DOCUMENTED = _documented()
TABLES = {module: names for module, names in DOCUMENTED.items() if names}
PACKAGES = [module for module in TABLES if hasattr(importlib.import_module(module), "__all__")]


def is_public(value: Any) -> bool:
    """Whether some public module has it by its name, or is it."""
    if inspect.ismodule(value):
        return value.__name__ in DOCUMENTED
    modules = [importlib.import_module(module) for module in DOCUMENTED]
    names = [(module, name) for module in modules for name in _public_names(module)]
    return any(getattr(module, name) is value for module, name in names)


def _public_names(module: Any) -> list[str]:
    return TABLES.get(module.__name__) or [n for n in vars(module) if not n.startswith("_")]


# Exports


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_package_exports_is_sorted_and_there(package: str) -> None:
    module = importlib.import_module(package)
    names = list(module.__all__)
    assert len(names) == len(set(names))
    assert names == sorted(names, key=_ruffs_order)
    assert [name for name in names if getattr(module, name, None) is None] == []


def _ruffs_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest: as ``ruff`` sorts."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_package_imports_for_others_is_exported(package: str) -> None:
    source = Path(importlib.import_module(package).__file__ or "").read_text()
    imported = {
        alias.asname or alias.name
        for statement in _at_the_top(ast.parse(source))
        if isinstance(statement, ast.ImportFrom) and statement.level == 1
        for alias in statement.names
    }
    # `compat` gives one of its names another one, as the SDK has it.
    assert imported - {"generate_id"} <= set(importlib.import_module(package).__all__)


def _at_the_top(tree: ast.Module) -> list[ast.stmt]:
    """The statements of a module, and those that only type checkers see."""
    guarded = [s for node in tree.body if isinstance(node, ast.If) for s in node.body]
    return [*tree.body, *guarded]


@pytest.mark.parametrize(
    ("package", "light", "heavy"),
    [
        ("chatkeep.responders", "Responder", "httpx2"),
        ("chatkeep.stores", "Store", "sqlalchemy"),
        ("chatkeep.testing", "__all__", "pytest"),
        ("chatkeep.testing", "Pause", "uvicorn"),
    ],
)
def test_a_package_imports_what_is_heavy_when_it_is_used(
    package: str, light: str, heavy: str
) -> None:
    code = f"import sys, {package} as it\nit.{light}\nprint({heavy!r} in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False"]


def test_a_name_that_is_not_there_is_said_not_to_be() -> None:
    with pytest.raises(AttributeError, match=r"'chatkeep\.stores' has no attribute 'Rows'"):
        imported_when_used("chatkeep.stores", {"MemoryStore": "memory"})("Rows")
    assert not hasattr(importlib.import_module("chatkeep.stores"), "Rows")


# Documents


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_documented_and_nothing_else(package: str) -> None:
    assert sorted(TABLES[package]) == sorted(importlib.import_module(package).__all__)


@pytest.mark.parametrize("module", DOCUMENTED)
def test_every_documented_name_can_be_imported(module: str) -> None:
    found = importlib.import_module(module)
    assert [name for name in DOCUMENTED[module] if not hasattr(found, name)] == []


def test_every_error_stands_in_the_tree_of_its_module() -> None:
    tree = set(re.findall(r"\w+", errors.__doc__ or ""))
    kinds = [
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, errors.ChatkeepError)
    ]
    assert len(kinds) > 25
    assert [name for name in kinds if name not in tree] == []


def _imports_in(page: Path) -> list[tuple[str, str]]:
    blocks = re.findall(r"^ *```python\n(.*?)^ *```", page.read_text(), re.M | re.S)
    return [
        (node.module or "", alias.name)
        for block in blocks
        for node in ast.walk(ast.parse(inspect.cleandoc(block)))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("chatkeep")
        for alias in node.names
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_imports_is_public(page: Path) -> None:
    for module, name in _imports_in(page):
        assert is_public(getattr(importlib.import_module(module), name)), f"{module}.{name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_is_there(page: Path) -> None:
    for name in re.findall(r"`(chatkeep(?:\.\w+)+)(?:\(.*?\))?`", page.read_text()):
        if name.endswith((".toml", ".db")):
            continue
        assert _resolves(name), name


def _resolves(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    try:
        importlib.import_module(name)
    except ImportError:
        return hasattr(importlib.import_module(module), attribute)
    return True


def test_the_package_has_no_more_at_its_top_than_it_exports() -> None:
    """But for its modules: what is not meant for others has no short way in."""
    loose = {
        name
        for name, value in vars(chatkeep).items()
        if not name.startswith("__") and not inspect.ismodule(value)
    }
    assert loose <= set(chatkeep.__all__)
