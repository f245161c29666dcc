"""Names of a package that cost an import of something heavy, and so wait until they are used."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def imported_when_used(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return what a package has for its ``__getattr__``.

    Args:
        package: The package's ``__name__``.
        homes: For each name, the module below the package that has it.
    """

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{homes[name]}"), name)
        setattr(sys.modules[package], name, value)  # the next time it is simply there
        return value

    return get
