"""Measure the web element in a real browser, beside two plain ways to show Markdown.

    python tools/bench_ui.py [--quick] [--only CASE ...] [--profile FOLDER]

Builds the element first if its sources have changed. Prints a Markdown table; a budget that is
missed is said there and fails nothing.
"""

import os
import subprocess
import sys
from pathlib import Path

from build_ui import NO_NODE, UI, build, find_node, needs_build

FIND_BROWSER = Path(__file__).with_name("find_browser.py")
BENCH = UI / "test" / "perf" / "bench.mjs"


def main() -> None:
    """Measure, and print the table.

    Raises:
        SystemExit: Node or a browser is missing, or the measuring itself has failed.
    """
    if needs_build():
        build()
    node = find_node()
    if node is None:
        raise SystemExit(NO_NODE)
    find = [sys.executable, str(FIND_BROWSER)]
    found = subprocess.run(find, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    if found.returncode:
        raise SystemExit(found.returncode)
    environment = os.environ | {"CHATKEEP_BROWSER": found.stdout.strip()}
    command = [str(node), str(BENCH), *sys.argv[1:]]
    raise SystemExit(subprocess.run(command, env=environment, check=False).returncode)  # noqa: S603


if __name__ == "__main__":
    main()
