"""Reading of results: medians, and ratios taken within a round."""

from __future__ import annotations

import re
from statistics import median

WALL, CPU, PEAK = 0, 1, 2

#: What stands in a column of figures.
_FIGURE = re.compile(r"-?[\d.,]+( \([\d.,]+\))?$|–$|as cold$")


def middle(run: dict, name: str, what: int = WALL) -> float | None:
    """The median of what was measured, or None when nothing was."""
    samples = run["records"].get(name, {"samples": []})["samples"]
    return median(sample[what] for sample in samples) if samples else None


def least(run: dict, name: str, what: int = WALL) -> float | None:
    samples = run["records"].get(name, {"samples": []})["samples"]
    return min(sample[what] for sample in samples) if samples else None


def ratio(run: dict, one: str, other: str, what: int = WALL) -> float | None:
    """How many times ``other`` ``one`` is: the median over the rounds in which both were measured."""
    records = run["records"]
    if one not in records or other not in records:
        return None
    pairs = list(zip(records[one]["samples"], records[other]["samples"], strict=False))
    return median(mine[what] / max(theirs[what], 1e-9) for mine, theirs in pairs) if pairs else None


def reasons(runs: dict[str, dict]) -> str:
    """Which contestants have no figure, and why, as a list for the page."""
    said: dict[str, list[str]] = {}
    for place, run in runs.items():
        for name, record in run["records"].items():
            if record["reason"] and not record["samples"]:
                words = "not started" if "1000000" in record["reason"] else record["reason"]
                said.setdefault(name, []).append(f"{place} {words}")
    return "\n".join(f"- {name}: {'; '.join(texts)}" for name, texts in said.items())


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; columns of figures are set to the right."""
    marks = ["---:" if rows and all(_FIGURE.match(row[place]) for row in rows) else "---" for place in range(len(head))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, marks, *rows])


def number(value: float | None, digits: int = 2) -> str:
    """Three figures or so; a dash for nothing."""
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.{digits}f}"
