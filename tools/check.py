"""Check everything, and say where the time goes.

    python tools/check.py [lint types element python browser ...]

Without a name it does all. What keeps one core busy runs beside another such step;
tests of Python take all cores, and a browser is tested alone. It ends with the first
stage in which something failed, after the others of that stage.
"""

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Step:
    """Commands that are run one after the other, from the project's folder."""

    name: str
    commands: tuple[tuple[str, ...], ...]


def _python(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, *arguments)


LINT = Step("lint", ((str(BIN / "ruff"), "check", "."), (str(BIN / "ruff"), "format", "--check")))
TYPES = Step("types", ((str(BIN / "mypy"),),))
ELEMENT = Step("element", (_python("tools/check_ui.py", "lint", "types", "unit"),))
PYTHON = Step("python", (_python("-m", "pytest", "-n", "auto", "--dist", "worksteal"),))
BROWSER = Step("browser", (_python("tools/check_ui.py", "e2e"),))

STAGES = ((LINT,), (TYPES, ELEMENT), (PYTHON,), (BROWSER,))


def main() -> None:
    """Run the stages; end with 1 at the first that fails."""
    names = [step.name for stage in STAGES for step in stage]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"of {', '.join(names)}")
    wanted = parser.parse_args().steps or names
    if unknown := set(wanted) - set(names):
        parser.error(f"no such step: {', '.join(sorted(unknown))}")
    spent: dict[str, float] = {}
    for stage in STAGES:
        failed = _run([step for step in stage if step.name in wanted], spent)
        if failed:
            break
    _print_times(spent)
    if failed:
        raise SystemExit(f"Failed: {', '.join(failed)}")


def _run(steps: list[Step], spent: dict[str, float]) -> list[str]:
    """Run steps beside one another, note their seconds, and return those that failed."""
    running = [(step, time.monotonic(), _start(step, alone=len(steps) == 1)) for step in steps]
    failed = []
    for step, began, process in running:
        output, _ = process.communicate()
        spent[step.name] = time.monotonic() - began
        sys.stdout.write(output or "")
        sys.stdout.flush()
        if process.returncode:
            failed.append(step.name)
    return failed


def _start(step: Step, *, alone: bool) -> "subprocess.Popen[str]":
    """Start a step. What it says is shown at once if it is alone, else at its end."""
    script = " && ".join(" ".join(map(_quoted, command)) for command in step.commands)
    output = None if alone else subprocess.PIPE
    return subprocess.Popen(  # noqa: S602 - the commands are those above
        script,
        shell=True,
        cwd=ROOT,
        stdout=output,
        stderr=None if alone else subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )


def _quoted(word: str) -> str:
    return subprocess.list2cmdline([word])


def _print_times(spent: dict[str, float]) -> None:
    sys.stdout.write("\nWhere the time went\n")
    for name, seconds in spent.items():
        sys.stdout.write(f"  {name:<8} {seconds:6.0f} s\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
