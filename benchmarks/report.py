"""Rows of figures beside their baselines and targets, as a table or as JSON."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Target:
    """What a row's ratio (or its figure, without a baseline) should reach."""

    limit: float
    at_least: bool = True
    unit: str = "x"

    def met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}{self.unit}"


def at_least(limit: float) -> Target:
    """A ratio that should be this high."""
    return Target(limit)


def at_most(limit: float, unit: str = "x") -> Target:
    """A ratio or figure that should stay this low."""
    return Target(limit, at_least=False, unit=unit)


@dataclass(frozen=True)
class Row:
    """One figure of Chatkeep beside one baseline, both measured in this run.

    ``compared`` is the number that the target speaks of: a ratio, a difference
    or the figure itself; None where the row is for information.
    """

    case: str
    what: str
    unit: str
    subject: float
    baseline_name: str = ""
    baseline: float | None = None
    compared: float | None = None
    target: Target | None = None

    @property
    def met(self) -> bool | None:
        if self.target is None or self.compared is None:
            return None
        return self.target.met(self.compared)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"target": self.target and str(self.target), "met": self.met}


def rate(
    case: str, what: str, unit: str, subject: float, baseline: tuple[str, float], target: Target
) -> Row:
    """A row where more is better: the ratio is subject over baseline."""
    name, value = baseline
    return Row(case, what, unit, subject, name, value, subject / value, target)


def cost(
    case: str,
    what: str,
    unit: str,
    subject: float,
    baseline: tuple[str, float],
    target: Target | None,
) -> Row:
    """A row where less is better: the ratio says how many times cheaper the subject is."""
    name, value = baseline
    return Row(case, what, unit, subject, name, value, value / subject, target)


_HEADINGS = ("case", "what", "Chatkeep", "baseline", "", "ratio", "target", "")


def table(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table."""
    cells = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADINGS))]
    lines = [_line(line, widths) for line in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "| " + " | ".join(padded) + " |"


def _cells(row: Row) -> tuple[str, ...]:
    verdict = {True: "met", False: "not met", None: ""}[row.met]
    unit = row.target.unit if row.target else "x"
    return (
        row.case,
        row.what,
        f"{_figure(row.subject)} {row.unit}",
        row.baseline_name,
        "" if row.baseline is None else f"{_figure(row.baseline)} {row.unit}",
        "" if row.compared is None else f"{_figure(row.compared)}{unit}",
        str(row.target or ""),
        verdict,
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
