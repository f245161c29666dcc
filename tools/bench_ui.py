"""Measure the web element in a real browser, beside two plain ways to show Markdown.

    python tools/bench_ui.py [--quick] [--only CASE ...] [--profile FOLDER]

Builds the element first if its sources have changed. Draws on a virtual display if Xvfb is
installed. Prints a Markdown table; a budget that is missed is said there and fails nothing.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from build_ui import NO_NODE, UI, build, find_node, needs_build

FIND_BROWSER = Path(__file__).with_name("find_browser.py")
BENCH = UI / "test" / "perf" / "bench.mjs"
SCREEN = "1280x1024x24"


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
    command = [str(node), str(BENCH), *sys.argv[1:]]
    with display() as shown:
        environment = os.environ | {"CHATKEEP_BROWSER": found.stdout.strip()} | shown
        done = subprocess.run(command, env=environment, check=False)  # noqa: S603
    raise SystemExit(done.returncode)


@contextmanager
def display() -> Iterator[dict[str, str]]:
    """A virtual display while it is needed, as what it adds to the environment."""
    xvfb = shutil.which("Xvfb")
    if xvfb is None:
        sys.stderr.write("No Xvfb (Debian: apt-get install xvfb): Chromium draws for no display.\n")
        yield {}
        return
    read, write = os.pipe()
    command = [xvfb, "-displayfd", str(write), "-screen", "0", SCREEN, "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)  # noqa: S603
    os.close(write)
    try:
        with os.fdopen(read, encoding="ascii") as numbers:
            yield {"CHATKEEP_DISPLAY": f":{numbers.readline().strip()}"}
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
