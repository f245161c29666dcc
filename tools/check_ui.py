"""Build the web element and check it: style, types, units, and end to end in a real browser.

    python tools/check_ui.py [lint|types|unit|e2e ...]
    python tools/check_ui.py format

Without a name it checks all; `format` writes what `lint` asks for, as far as a tool can.
Needs what `build_ui` needs; for e2e also a Chromium, which `find_browser` finds or gets.
"""

import argparse
import os
import subprocess
import sys

from build_ui import NO_NODE, UI, build, find_node, needs_build

PROGRAMS = {
    "biome": UI / "node_modules" / "@biomejs" / "biome" / "bin" / "biome",
    "tsc": UI / "node_modules" / "typescript" / "bin" / "tsc",
    "vitest": UI / "node_modules" / "vitest" / "vitest.mjs",
}
CHECKS = {
    "lint": ["biome", "check", "--error-on-warnings", "."],
    "types": ["tsc", "--noEmit"],
    "unit": ["vitest", "run"],
    "e2e": ["vitest", "run", "--config", "test/e2e/vitest.config.ts"],
}
OTHERS = {"format": ["biome", "check", "--write", "."]}


def main() -> None:
    """Build if sources have changed, then check; ends at the first check that fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=f"of {', '.join(CHECKS)}")
    wanted = parser.parse_args().checks or list(CHECKS)
    commands = CHECKS | OTHERS
    unknown = set(wanted) - set(commands)
    if unknown:
        parser.error(f"no such check: {', '.join(sorted(unknown))}")
    if needs_build():
        build()
    for name in wanted:
        check(*commands[name])


def check(program: str, *arguments: str) -> None:
    """Run one of the element's tools.

    Raises:
        SystemExit: There is no Node, or the tool has found something; its output says what.
    """
    node = find_node()
    if node is None:
        raise SystemExit(NO_NODE)
    path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = os.environ | {"PATH": path, "PYTHON": sys.executable}
    command = [str(node), str(PROGRAMS[program]), *arguments]
    done = subprocess.run(command, cwd=UI, env=environment, check=False)  # noqa: S603 - our own
    if done.returncode:
        raise SystemExit(f"The web element: {program} {' '.join(arguments)} failed.")


if __name__ == "__main__":
    main()
