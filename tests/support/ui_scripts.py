"""The web element's scripts, which are in no package."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

UI = Path(__file__).resolve().parents[2] / "ui"


def script(name: str) -> ModuleType:
    """Import ``ui/scripts/<name>.py``."""
    folder = str(UI / "scripts")
    sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(folder)
