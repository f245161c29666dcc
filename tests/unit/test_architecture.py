"""What may import what, and what an import may cost.

Every import counts: those inside functions, and those that only type checkers see.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

import chatkeep

SOURCE = Path(chatkeep.__file__).parent


def _name_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(["chatkeep", *(parts[:-1] if path.stem == "__init__" else parts)])


MODULES = {_name_of(path): path for path in sorted(SOURCE.rglob("*.py"))}
"""The package's modules; a package is the module that its ``__init__`` is."""

LAYERS = (
    # Values: they know nothing of one another but what they are made of.
    "version exports ids pragmas encoding characters messages context protocol.headers"
    " stores.records stores.cursors",
    "errors",
    "settings hooks",
    # Contracts, then what fulfils them. The core names contracts only.
    "stores.base stores.capabilities live.base live.frames live.entries",
    "stores.memory stores.sql live",
    "stores",
    # The wire, and who speaks it from the other end.
    "protocol",
    "client places",
    # A turn, from its parts up to the requests that begin one.
    "engine.calls engine.clock engine.patience engine.timeouts engine.in_flight engine.once"
    " engine.workers engine.titles engine.conversation engine.states engine.failures"
    " engine.thread_items engine.thread_state engine.threads engine.observing",
    "engine engine.folding engine.journal",
    "engine.channel engine.revisions",
    "engine.recorder engine.recovery",
    "turn",
    "responders.base",
    "engine.openings engine.runner",
    "engine.streams",
    "handlers engine.repeats engine.worker",
    "engine.handling",
    "engine.assembly engine.sweeper",
    "engine.turns",
    "engine.dispatch",
    # Where answers come from.
    "models retrieval",
    "responders",
    # The whole, and the ways in.
    "app",
    "web",
    "chatkeep",
    "testing compat cli",
    "__main__",
)
"""From the bottom up. A module may import those of its own layer and of the layers below.

A name stands for a module, and for what is in it and not named more exactly.
"""

ORDERED = {"chatkeep", "chatkeep.engine"}
"""Packages whose modules are each named in a layer: a new one must say where it stands."""

UPWARD = {
    ("chatkeep.app", "chatkeep.web"): "only who mounts it pays for a web framework",
}
"""Imports that go up all the same. They stand inside functions, or are for type checkers."""

CONTRACTS = (
    "stores.base stores.records stores.cursors stores.capabilities"
    " live.base live.entries live.frames"
)

WHO_MAY_IMPORT = {
    "chatkit": "protocol compat",
    "chatkit.server": "compat",
    "chatkit.agents": "",
    "agents": "",
    "openai": "",
    "sqlalchemy": "stores.sql cli",
    "alembic": "stores.sql",
    "asyncpg": "stores.sql",
    "starlette": "app web compat cli",
    "fastapi": "app web",
    "uvicorn": "cli testing",
    "httpx2": "client models responders testing",
    "typer": "cli",
    "rich": "cli",
    "pydantic_settings": "cli",
    "pytest": "testing",
    "django": "",
    "redis": "",
}
"""Which parts of the package may name which package of others."""


# Reading imports


class Import(NamedTuple):
    """An import, and whether it is run with the module."""

    name: str
    at_once: bool


@cache
def imports_of(module: str) -> tuple[Import, ...]:
    """The absolute names of what a module imports: modules, and names that may be modules."""
    path = MODULES[module]
    package = module.split(".") if path.stem == "__init__" else module.split(".")[:-1]
    return tuple(_imports(ast.parse(path.read_text()), package, at_once=True))


def _imports(node: ast.AST, package: list[str], *, at_once: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, at_once) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            base = package[: len(package) - child.level + 1] if child.level else []
            name = ".".join([*base, *([child.module] if child.module else [])])
            yield from (Import(f"{name}.{alias.name}", at_once) for alias in child.names)
        else:
            yield from _imports(child, package, at_once=at_once and not _is_deferred(child))


def _is_deferred(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.dump(node.test)
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def modules_imported(module: str) -> Iterator[Import]:
    """The package's modules that a module imports: the exact one, if it is named."""
    for name, at_once in imports_of(module):
        known = next((n for n in (name, name.rpartition(".")[0]) if n in MODULES), None)
        if known is not None and known != module:
            yield Import(known, at_once)


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def _full(name: str) -> str:
    return name if name == "chatkeep" else f"chatkeep.{name}"


PLACES = {_full(name): height for height, names in enumerate(LAYERS) for name in names.split()}


def layer_of(module: str) -> int | None:
    """The layer of a module: its own, or that of the nearest package that has one."""
    while module not in PLACES:
        module, _, _ = module.rpartition(".")
        if module in ORDERED:
            return None
    return PLACES[module]


def _is_upward(module: str, imported: str) -> bool:
    return (layer_of(module) or 0) < (layer_of(imported) or 0)


def _exception(module: str, imported: str) -> tuple[str, str] | None:
    for pair in UPWARD:
        if within(module, pair[0]) and within(imported, pair[1]):
            return pair
    return None


def below(module: str) -> set[str]:
    """The modules that a module imports, and those they import."""
    found: set[str] = set()
    pending = [module]
    while pending:
        new = {name for name, _ in modules_imported(pending.pop())} - found
        found |= new
        pending += new
    return found


def offenders(modules: list[str], *forbidden: str) -> list[str]:
    return [
        f"{module} imports {name}"
        for module in modules
        for name, _ in imports_of(module)
        if within(name, *forbidden)
    ]


# Layers


def test_every_module_has_its_place() -> None:
    assert [module for module in MODULES if layer_of(module) is None] == []


def test_every_place_is_a_module_s_and_named_once() -> None:
    names = [_full(name) for names in LAYERS for name in names.split()]
    assert [name for name in names if name not in MODULES] == []
    assert len(names) == len(set(names))


def test_no_module_imports_one_of_a_higher_layer() -> None:
    upward = [
        f"{module} imports {imported}"
        for module in MODULES
        for imported, _ in modules_imported(module)
        if _is_upward(module, imported) and _exception(module, imported) is None
    ]
    assert upward == []


def test_what_may_be_imported_upward_is_and_never_with_the_module() -> None:
    used = set()
    for module in MODULES:
        for imported, at_once in modules_imported(module):
            pair = _exception(module, imported)
            if pair is not None:
                assert not at_once, f"{module} imports {imported} as soon as it is imported"
                used.add(pair)
    assert used == UPWARD.keys()


def test_there_is_no_circle() -> None:
    graph = {
        module: {name for name, _ in modules_imported(module) if _exception(module, name) is None}
        for module in MODULES
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]), pytrace=False)


def test_imports_are_read_wherever_they_stand() -> None:
    """The tests above can fail: an import in each place where one may stand is found."""
    source = """
import chatkeep.a
from . import b
from .. import c
if TYPE_CHECKING:
    from .d import D
def f():
    from ..e import E
class G:
    async def h(self):
        try:
            import chatkeep.i as j
        finally:
            pass
"""
    found = set(_imports(ast.parse(source), ["chatkeep", "web"], at_once=True))
    assert {name for name, at_once in found if at_once} == {
        "chatkeep.a",
        "chatkeep.web.b",
        "chatkeep.c",
    }
    assert {name for name, at_once in found if not at_once} == {
        "chatkeep.web.d.D",
        "chatkeep.e.E",
        "chatkeep.i",
    }


# The core


def core() -> list[str]:
    """The modules from the wire up to the dispatcher, which every way in rests on."""
    lowest, highest = PLACES["chatkeep.protocol"], PLACES["chatkeep.engine.dispatch"]
    return [module for module in MODULES if lowest <= (layer_of(module) or 0) <= highest]


def backends() -> list[str]:
    """The stores and logs that fulfil a contract, and the packages that export them."""
    contracts = {_full(name) for name in CONTRACTS.split()}
    assert contracts <= MODULES.keys()
    return [
        module
        for module in MODULES
        if within(module, "chatkeep.stores", "chatkeep.live")
        and module not in contracts
        and not within(module, "chatkeep.stores.capabilities")
    ]


def test_the_core_and_the_contracts_name_no_backend() -> None:
    assert len(core()) > 25
    assert {"chatkeep.stores", "chatkeep.live.memory"} <= set(backends())
    contracts = [_full(name) for name in CONTRACTS.split()]
    named = [
        f"{module} imports {imported}"
        for module in (*core(), *contracts)
        for imported, _ in modules_imported(module)
        if imported in backends()
    ]
    assert named == []


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
    assert offenders([*backends(), "chatkeep.encoding"], "chatkeep.protocol", "pydantic") == []


def test_values_rest_on_nothing() -> None:
    assert below("chatkeep.messages") == set()
    assert below("chatkeep.encoding") == set()


@pytest.mark.parametrize("package", WHO_MAY_IMPORT)
def test_a_package_of_others_is_imported_where_it_belongs_and_nowhere_else(package: str) -> None:
    allowed = [_full(name) for name in WHO_MAY_IMPORT[package].split()]
    users = {module for module in MODULES if any(within(n, package) for n, _ in imports_of(module))}
    assert {module for module in users if not within(module, *allowed)} == set()
    unused = [name for name in allowed if not any(within(module, name) for module in users)]
    assert unused == []


def test_nothing_but_tests_imports_the_test_tools() -> None:
    others = [module for module in MODULES if not within(module, "chatkeep.testing")]
    assert offenders(others, "chatkeep.testing") == []


def test_nothing_of_the_engine_is_overridden_where_it_is_a_guest() -> None:
    """`compat` puts the engine's parts together; it fulfils contracts, and changes no class."""
    inherited = {
        f"{module}: {ast.unparse(base)}"
        for module, path in MODULES.items()
        if within(module, "chatkeep.compat")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        for base in node.bases
        for name, _ in imports_of(module)
        if within(name, "chatkeep.engine") and name.endswith("." + ast.unparse(base))
    }
    assert inherited == set()


# JSON


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


# What an import costs


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


# Words


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
