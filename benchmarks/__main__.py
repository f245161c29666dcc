"""``python -m benchmarks [--only NAME] [--quick] [--json FILE]``."""

import argparse
import importlib
import json
import sys
import time
from pathlib import Path

from . import report
from .processes import raise_open_files_limit

CASES = ("in_process", "served", "capacity", "model", "threads", "first_event", "idle")
ON_REQUEST = ("servers",)


def main() -> None:
    """Run the chosen cases, and print their rows as a Markdown table."""
    options = _options()
    raise_open_files_limit()
    rows = []
    for name in options.only or CASES:
        began = time.monotonic()
        case = importlib.import_module(f"benchmarks.cases.{name}")
        rows += list(case.run(options.quick))
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(report.table(rows))
    if options.json:
        options.json.write_text(json.dumps([row.as_json() for row in rows], indent=2) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=CASES + ON_REQUEST, help="a case; may be repeated"
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller loads")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there, too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
