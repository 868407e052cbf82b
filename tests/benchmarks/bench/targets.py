"""The targets that were set, and where the figures stand."""

from __future__ import annotations

import itertools
import re

from tests.benchmarks.bench.audit_page import OURS as AUDIT
from tests.benchmarks.bench.backlog_page import headline
from tests.benchmarks.bench.figures_of import CPU, WALL, least, middle, number, ratio, table
from tests.benchmarks.bench.runners import OURS, READS_BACK

_PYTHON_TOOLS = ("radon cc + radon mi", "xenon", "lizard", "pylint, complexity only")

#: Why a target is missed, where it is; said of what was measured last.
WHY: dict[str, str] = {
    "no-op tasks: wall against the fastest that also keeps log and state": (
        "out of reach here: the C loop that only starts and logs needs more than 0.8 × ninja itself. Of our time half is that floor (below)"
    ),
    "no-op tasks: wall against bare make": (
        "make is as fast as the C loop: it only waits for processes to begin. So do we, and then need as long again for journal, log, "
        "events and Python between (below)"
    ),
    "cold audit: wall on two processes against radon cc + mi": (
        "start-up, git and the report are not divided among processes; the measuring alone is (below)"
    ),
    "warm audit: CPU above start-up, against cold": "git is asked for files and churn each time, and the report is made",
    "cold audit: wall against lizard": "lizard counts one metric from tokens; on little code our start-up (three times its) decides",
    "cold audit: wall against xenon": "on little code start-up decides",
}


def targets(results: dict) -> str:
    rows: list[list[str]] = []
    if "backlogs" in results:
        rows += _of_backlogs(results["backlogs"])
    if "audits" in results:
        rows += _of_audits(results["audits"])
    if "histories" in results:
        rows += _of_histories(results["histories"])
    rows += _of_scripts(results.get("scripts", {}))
    return table(["target", "bar", "measured", "met", "why not"], rows)


def _of_scripts(results: dict) -> list[list[str]]:
    """What the finer scripts print, where a target was set for it."""
    rows = []
    for what, script, pattern, bar, unit in (
        ("orchestrator --version against python -c pass", "start-up", r"orchestrator --version.* ([\d.]+) × floor", 3.0, " ×"),
        ("orchestrator --help against python -c pass", "start-up", r"orchestrator --help.* ([\d.]+) × floor", 3.0, " ×"),
        ("audit --since above start-up, 5 files of 3,000 changed", "audit-since", r"nothing cached.* ([\d.]+) s above", 0.5, " s"),
        ("files whose numbers differ from radon's", "equal-to-radon", r"^all .* (\d+)$", 0.0, ""),
        ("a run with ten checks of 3,000 files up to date", "checks-up-to-date", r"ten checks up to date +([\d.]+)", 0.3, " s"),
    ):
        found = re.search(pattern, results[script]["said"], re.MULTILINE) if script in results else None
        rows.append(_row(what, bar, float(found[1]) if found else None, "", unit=unit))
    return rows


def _row(what: str, bar: float, measured: float | None, said: str, *, unit: str = " ×") -> list[str]:
    met = measured is not None and measured <= bar
    verdict = "not measured" if measured is None else "yes" if met else "**no**"
    figure = "–" if measured is None else f"{number(measured, 3 if measured < 0.1 else 2)}{unit}{said}"
    return [what, f"≤ {bar:g}{unit}", figure, verdict, "" if met else WHY.get(what, "")]


def _of_backlogs(results: dict) -> list[list[str]]:
    run = headline(results)
    file_conflicts = [name for name in READS_BACK if name != OURS and middle(run, name) is not None]
    best = min(file_conflicts, key=lambda name: middle(run, name) or 0)
    steps = results["growth"]
    costs = [(middle(step, OURS) or 0.0, step["tasks"]) for step in steps]
    further = [(after - before) / (many - few) for (before, few), (after, many) in itertools.pairwise(costs)]
    flat = further[-1] / further[0] if len(further) > 1 else None
    sizes = f" ({steps[0]['tasks']:,}–{steps[1]['tasks']:,} against {steps[-2]['tasks']:,}–{steps[-1]['tasks']:,})"
    return [
        _row(
            "no-op tasks: wall against the fastest that also keeps log and state",
            0.8,
            ratio(run, OURS, best),
            f" {best}{_closer(run, best)}",
        ),
        _row("no-op tasks: wall against bare make", 1.6, ratio(run, OURS, "make"), _closer(run, "make")),
        _row("cost of a further task stays flat", 1.2, flat, sizes),
        _row(f"{results['again']['tasks']:,} tasks already done", 0.5, middle(results["again"], OURS), "", unit=" s"),
    ]


def _closer(run: dict, other: str) -> str:
    """The least against the least, which a busy machine disturbs less, and CPU."""
    ours, theirs = least(run, OURS), least(run, other)
    cpu = ratio(run, OURS, other, CPU)
    return f" (least against least {number(ours / theirs)}, CPU {number(cpu)})" if ours and theirs else ""


def _of_audits(results: dict) -> list[list[str]]:
    package = results["packages"][-1]
    cold = package["cold"]
    radon = next((one for one in reversed(results["packages"]) if middle(one["cold"], _PYTHON_TOOLS[0])), package)
    rows = [
        _row("cold audit: CPU against radon cc + mi", 0.125, ratio(radon["cold"], AUDIT, _PYTHON_TOOLS[0], CPU), f" {radon['package']}"),
        _row(
            "cold audit: wall on two processes against radon cc + mi",
            0.0714,
            ratio(radon["cold"], AUDIT, _PYTHON_TOOLS[0]),
            f" {radon['package']}",
        ),
    ]
    warm, whole = middle(package["warm"], AUDIT, CPU), middle(cold, AUDIT, CPU)
    begin = middle(results["start-up"], AUDIT, CPU) or 0.0
    share = max(0.0, warm - begin) / (whole - begin) if warm and whole else None
    rows.append(_row("warm audit: CPU above start-up, against cold", 0.02, share, f" {package['package']}"))
    for name in _PYTHON_TOOLS[1:]:
        place = next((one for one in reversed(results["packages"]) if middle(one["cold"], name)), package)
        rows.append(_row(f"cold audit: wall against {name}", 1.0, ratio(place["cold"], AUDIT, name, WALL), f" {place['package']}"))
    return rows


def _of_histories(results: dict) -> list[list[str]]:
    for step in reversed(results["series"]):
        share = ratio(step, "own reader, nothing known", "wily build", CPU)
        if share:
            return [_row("history: CPU against wily build", 0.1, share, f" {step['revisions']} revisions")]
    return []
