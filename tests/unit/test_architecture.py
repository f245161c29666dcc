"""What may import what, and what an import may cost."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import chatkeep

SOURCE = Path(chatkeep.__file__).parent

MODULES = {
    "chatkeep." + ".".join(path.relative_to(SOURCE).with_suffix("").parts): path
    for path in sorted(SOURCE.rglob("*.py"))
}

EDGES = ("__main__", "app", "cli", "compat", "testing", "web", "client")
"""The parts that stand around the core and may know all of it."""

CONTRACTS = (
    "chatkeep.live.__init__",
    "chatkeep.live.base",
    "chatkeep.live.frames",
    "chatkeep.stores.__init__",
    "chatkeep.stores.base",
    "chatkeep.stores.capabilities",
    "chatkeep.stores.cursors",
    "chatkeep.stores.records",
)
"""What of stores and live logs is no backend: what the core may name."""

COMPAT = "chatkeep.compat"


def imports_of(
    module: str, path: Path, *, everywhere: bool = True, for_types: bool = False
) -> Iterator[str]:
    """The absolute names of what a module imports; what only type checkers see if asked."""
    package = module.removesuffix(".__init__") if path.stem == "__init__" else module
    parts = package.split(".") if path.stem == "__init__" else package.split(".")[:-1]
    tree = ast.parse(path.read_text())
    for node in _walk(tree, everywhere, for_types):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parts[: len(parts) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield name
            yield from (f"{name}.{alias.name}" for alias in node.names)


def _walk(node: ast.AST, everywhere: bool, for_types: bool = False) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test) and not for_types:
            continue
        if not everywhere and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        yield child
        yield from _walk(child, everywhere, for_types)


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


BACKENDS = tuple(
    module
    for module in MODULES
    if module.split(".")[1] in {"stores", "live"}
    and not any(within(module, contract) for contract in CONTRACTS)
)


def test_all_that_is_named_here_is_there() -> None:
    """A name that matches nothing guards nothing."""
    named = [*CONTRACTS, COMPAT, *(f"chatkeep.{edge}" for edge in EDGES)]
    assert [name for name in named if not any(within(module, name) for module in MODULES)] == []
    assert {"chatkeep.stores.memory", "chatkeep.live.memory"} < set(BACKENDS)
    assert "chatkeep.stores.sql.turns" in BACKENDS


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
    others = [module for module in MODULES if not within(module, COMPAT)]
    assert offenders(others, "chatkit.server", "chatkit.agents", "agents", "openai") == []


def test_the_core_names_no_backend() -> None:
    assert len(core()) > 15
    assert offenders(core(), *BACKENDS) == []


def test_the_core_knows_nothing_of_what_stands_around_it() -> None:
    edges = [f"chatkeep.{edge}" for edge in EDGES]
    assert offenders(core(), *edges, "starlette", "fastapi", "uvicorn", "sqlalchemy") == []


def test_stores_and_live_logs_know_no_protocol() -> None:
    backends = [
        module
        for module in MODULES
        if within(module, "chatkeep.stores") or within(module, "chatkeep.live")
    ]
    assert offenders(backends, "chatkeep.protocol", "chatkit", "pydantic") == []


JSON_ENCODERS = {
    "chatkeep.encoding": "makes the JSON",
    "chatkeep.cli.server": "hands its settings to its workers",
    "chatkeep.web.ui": "writes JavaScript into a page",
    "chatkeep.testing.model_replies": "plays a server of another maker",
    "chatkeep.testing.model_server": "plays a server of another maker",
    "chatkeep.testing.store_contract.text": "makes JSON as other encoders do",
}
"""Who may make JSON for itself, and what for."""


def test_json_is_made_in_one_place() -> None:
    """Two encoders differ in what they refuse, and one day in what they keep."""
    makers = {
        module
        for module, path in MODULES.items()
        if any(map(_names_an_encoder, ast.walk(ast.parse(path.read_text()))))
    }
    assert makers == set(JSON_ENCODERS)


def _names_an_encoder(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr="model_dump_json"):
            return True
        case ast.Attribute(value=owner, attr=name):
            return (ast.unparse(owner), name) in ENCODERS
        case ast.ImportFrom(module=str(owner), names=names):
            return any((owner, alias.name) in ENCODERS for alias in names)
        case ast.Import(names=names):
            return any(alias.name in {"orjson", "ujson", "simplejson"} for alias in names)
    return False


ENCODERS = {
    ("json", "dump"),
    ("json", "dumps"),
    ("json", "JSONEncoder"),
    ("msgspec.json", "encode"),
    ("msgspec.json", "Encoder"),
    ("pydantic_core", "to_json"),
}


def test_the_encoder_and_the_stores_know_no_protocol() -> None:
    assert offenders(["chatkeep.encoding"], "chatkeep", "pydantic", "chatkit") == []


def test_messages_stand_below_turns_and_turns_below_responders() -> None:
    """What a module rests on, whatever for, never rests on the module."""
    assert "chatkeep.responders.base" not in below("chatkeep.turn")
    assert "chatkeep.turn" in below("chatkeep.responders.base")
    assert below("chatkeep.messages") == set()


def below(module: str) -> set[str]:
    """The modules that a module imports, and those they import, type checkers' imports too."""
    found: set[str] = set()
    pending = [module]
    while pending:
        path = MODULES[current := pending.pop()]
        new = {*imports_of(current, path, for_types=True)} & MODULES.keys() - found
        found |= new
        pending += new
    return found


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


def test_what_is_public_is_listed_once_and_in_order() -> None:
    listing = {
        module.removesuffix(".__init__")
        for module, path in MODULES.items()
        if any(map(_lists_what_is_public, ast.parse(path.read_text()).body))
    }
    assert {"chatkeep", "chatkeep.stores", "chatkeep.stores.base"} <= listing
    for module in listing:
        names = import_module(module).__all__
        assert list(names) in (sorted(set(names)), sorted(set(names), key=_sdk_order)), module
        assert [name for name in names if not hasattr(import_module(module), name)] == []


def _lists_what_is_public(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets
    )


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
