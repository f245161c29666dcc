"""What may import what, and what an import may cost."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import chatkeep

SOURCE = Path(chatkeep.__file__).parent

MODULES = {
    "chatkeep." + ".".join(path.relative_to(SOURCE).with_suffix("").parts): path
    for path in sorted(SOURCE.rglob("*.py"))
}

EDGES = ("__main__", "app", "cli", "compat", "contrib", "testing", "web", "client")
"""The parts that stand around the core and may know all of it."""

BACKENDS = (
    "chatkeep.stores.memory",
    "chatkeep.stores.sql",
    "chatkeep.live.memory",
    "chatkeep.live.redis",
)

COMPAT = "chatkeep.compat"


def imports_of(module: str, path: Path, *, everywhere: bool = True) -> Iterator[str]:
    """The absolute names of what a module imports, without what only type checkers see."""
    package = module.removesuffix(".__init__") if path.stem == "__init__" else module
    parts = package.split(".") if path.stem == "__init__" else package.split(".")[:-1]
    tree = ast.parse(path.read_text())
    for node in _walk(tree, everywhere):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parts[: len(parts) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield name
            yield from (f"{name}.{alias.name}" for alias in node.names)


def _walk(node: ast.AST, everywhere: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        if not everywhere and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        yield child
        yield from _walk(child, everywhere)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def core() -> list[str]:
    """The modules that every other part rests on."""
    return [
        module
        for module in MODULES
        if module.split(".")[1] not in (*EDGES, "stores", "live", "retrieval", "responders")
        and module != "chatkeep.__init__"
    ]


def offenders(modules: list[str], *forbidden: str, everywhere: bool = True) -> list[str]:
    return [
        f"{module} imports {name}"
        for module in modules
        for name in imports_of(module, MODULES[module], everywhere=everywhere)
        if any(within(name, package) for package in forbidden)
    ]


def test_only_the_protocol_imports_the_sdk() -> None:
    others = [
        module
        for module in MODULES
        if not within(module, "chatkeep.protocol") and not within(module, COMPAT)
    ]
    assert offenders(others, "chatkit") == []


def test_only_what_is_for_them_imports_the_agents_sdk_and_the_sdks_server() -> None:
    others = [
        module
        for module in MODULES
        if not within(module, COMPAT) and module != "chatkeep.responders.agents_sdk"
    ]
    assert offenders(others, "chatkit.server", "chatkit.agents", "agents", "openai") == []


def test_the_core_names_no_backend() -> None:
    assert len(core()) > 15
    assert offenders(core(), *BACKENDS) == []


def test_the_core_knows_nothing_of_what_stands_around_it() -> None:
    edges = [f"chatkeep.{edge}" for edge in EDGES]
    assert offenders(core(), *edges, "starlette", "fastapi", "uvicorn", "sqlalchemy") == []


FRAMEWORK_FREE = ["exchange", "files", "portal", "ui", "wsgi"]


def test_what_may_come_in_is_decided_without_a_framework() -> None:
    modules = [f"chatkeep.web.{name}" for name in FRAMEWORK_FREE]
    assert offenders(modules, "starlette", "fastapi", "django", "uvicorn") == []


def test_the_web_does_not_name_the_application_it_serves() -> None:
    """Not even for type checkers: it says what it needs (`web.exchange.Backend`)."""
    circles = [
        module
        for module, path in MODULES.items()
        if within(module, "chatkeep.web")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[-1] == "app"
    ]
    assert circles == []


def test_stores_and_live_logs_know_no_protocol() -> None:
    backends = [
        module
        for module in MODULES
        if within(module, "chatkeep.stores") or within(module, "chatkeep.live")
    ]
    assert offenders(backends, "chatkeep.protocol", "chatkit", "pydantic") == []


def test_contracts_know_no_implementation() -> None:
    contracts = ["chatkeep.stores.base", "chatkeep.live.base"]
    assert offenders(contracts, *BACKENDS) == []


def test_nothing_but_tests_imports_the_test_tools() -> None:
    others = [module for module in MODULES if not within(module, "chatkeep.testing")]
    assert offenders(others, "chatkeep.testing", "pytest") == []


@pytest.mark.parametrize(
    "statement",
    [
        "import chatkeep",
        "import chatkeep; chatkeep.Chatkeep('memory:')",
        "from chatkeep import Chatkeep, Turn, Settings",
    ],
)
def test_an_import_loads_nothing_heavy(statement: str) -> None:
    heavy = [
        *("agents", "openai", "chatkit.server", "chatkit.agents", "jinja2.ext"),
        *("sqlalchemy", "alembic", "aiosqlite", "asyncpg", "redis"),
        *("fastapi", "starlette", "uvicorn", "httpx", "httpx2", "typer", "rich"),
        *("pydantic_settings", "pytest", "django"),
    ]
    code = f"import sys\n{statement}\nprint(*(name for name in {heavy!r} if name in sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout.split() == []


@pytest.mark.parametrize("module", [chatkeep])
def test_what_is_public_is_listed_once_and_in_order(module: object) -> None:
    names = list(chatkeep.__all__)
    assert names == sorted(set(names))
    assert all(hasattr(module, name) for name in names)


def test_everything_public_is_listed() -> None:
    tree = ast.parse((SOURCE / "__init__.py").read_text())
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported == set(chatkeep.__all__)


def test_every_module_says_what_it_is() -> None:
    silent = [
        module
        for module, path in MODULES.items()
        if path.read_text().strip() and ast.get_docstring(ast.parse(path.read_text())) is None
    ]
    assert silent == []


def test_no_type_of_the_sdk_is_left_out() -> None:
    """Whoever writes a responder finds every event and item in one place."""
    from typing import get_args

    from chatkit.types import ThreadItem, ThreadItemUpdate, ThreadStreamEvent

    from chatkeep import protocol

    events = get_args(get_args(ThreadStreamEvent)[0])
    kinds = [*events, *get_args(get_args(ThreadItem)[0]), *get_args(ThreadItemUpdate)]
    assert len(kinds) > 30
    assert [kind.__name__ for kind in kinds if not hasattr(protocol, kind.__name__)] == []
    assert list(protocol.__all__) == sorted(protocol.__all__, key=_sdk_order)


def _sdk_order(name: str) -> tuple[bool, str]:
    return (not name.isupper(), name)
