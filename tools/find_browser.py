"""Print the path of a Chromium for the tests; get one if there is none.

    python tools/find_browser.py

Takes the one that CHATKEEP_BROWSER names, else the system's, else Playwright's, which it
downloads where there is a network; as root on Debian it installs the package instead of that.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from build_ui import find_node

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLAYWRIGHT = Path(__file__).resolve().parent.parent / "ui" / "node_modules" / "playwright-core"
DOWNLOAD_SECONDS = 300

MISSING = """\
The tests of the web element need Chromium, and there is none that starts. Either
install it (on Debian and Ubuntu: apt-get install chromium) or set CHATKEEP_BROWSER to its path."""


def main() -> None:
    """Print the path, or say what is missing and fail."""
    for find in (_named, _system, _playwright, _debian):
        path = find()
        if path is not None and _starts(path):
            sys.stdout.write(f"{path}\n")
            return
    raise SystemExit(MISSING)


def _named() -> str | None:
    return os.environ.get("CHATKEEP_BROWSER")


def _system() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _playwright() -> str | None:
    node = find_node()
    if node is None or not PLAYWRIGHT.is_dir():
        return None
    if _downloaded(node) is None:
        _try(str(node), str(PLAYWRIGHT / "cli.js"), "install", "chromium")
    return _downloaded(node)


def _downloaded(node: Path) -> str | None:
    script = "console.log(require('playwright-core').chromium.executablePath())"
    command = [str(node), "-e", script]
    asked = subprocess.run(  # noqa: S603
        command, cwd=PLAYWRIGHT.parent, capture_output=True, text=True, check=False
    )
    path = asked.stdout.strip()
    return path if Path(path).is_file() else None


def _debian() -> str | None:
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    apt = shutil.which("apt-get")
    if not is_root or apt is None:
        return None
    _try(apt, "-q", "update")
    _try(apt, "-q", "install", "-y", "--no-install-recommends", "chromium")
    return _system()


def _starts(path: str) -> bool:
    try:
        done = subprocess.run(  # noqa: S603
            [path, "--version"], capture_output=True, timeout=60, check=False
        )
    except OSError as error:
        sys.stderr.write(f"{path} does not start: {error}\n")
        return False
    return done.returncode == 0


def _try(*command: str) -> None:
    """Run a command whose failure only means that the next way is tried."""
    sys.stderr.write(f"No Chromium yet: {' '.join(command)}\n")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(  # noqa: S603
            command, stdout=sys.stderr, timeout=DOWNLOAD_SECONDS, env=environment, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"{error}\n")


if __name__ == "__main__":
    main()
