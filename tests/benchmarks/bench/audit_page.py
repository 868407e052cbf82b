"""What was measured of audits and histories, as tables and plots."""

from __future__ import annotations

from tests.benchmarks.bench.figures_of import CPU, PEAK, middle, number, ratio, reasons, table
from tests.benchmarks.bench.plots import Bar, Line, bars, lines

OURS = "orchestrator audit"


def audits(results: dict) -> str:
    tools = results["auditors"]
    begin = results["start-up"]
    rows = []
    for name, one in tools.items():
        figures = [number(value) for value in (middle(begin, name), middle(begin, name, CPU), middle(begin, name, PEAK))]
        rows.append([name, *figures, one["gives"], one["lacks"]])
    known = table(["one line of code", "wall s", "CPU s", "peak MiB", "what it measures", "what it does not do"], rows)
    return "\n\n".join([known, *(_package(package, tools) for package in results["packages"])])


def _package(package: dict, tools: dict) -> str:
    cold = package["cold"]
    rows = []
    for name in tools:
        if middle(cold, name) is None:
            continue
        later = [
            number(middle(package[state], name)) if name in package[state]["records"] else "as cold"
            for state in ("warm", "one file changed")
        ]
        shares = ratio(cold, name, OURS), ratio(cold, name, OURS, CPU)
        rows.append(
            [
                name,
                number(middle(cold, name)),
                number(middle(cold, name, CPU)),
                *map(number, shares),
                number(middle(cold, name, PEAK)),
                *later,
            ]
        )
    head = [
        package["package"],
        "cold, wall s",
        "cold, CPU s",
        "wall × ours",
        "CPU × ours",
        "peak MiB",
        "warm, wall s",
        "one file changed, wall s",
    ]
    title = f"{package['package']}: {package['lines']:,} lines in {package['files']:,} files, {cold['rounds']} rounds."
    return f"{title}\n\n{table(head, rows)}\n\n{reasons({'cold:': cold})}".strip()


def growth(results: dict) -> str:
    steps = results["growth"]
    rows = [[name, *(_per_lines(step["cold"], name, step["lines"]) for step in steps)] for name in results["auditors"]]
    rows += [[f"{name}, warm", *(_per_lines(step["warm"], name, step["lines"]) for step in steps)] for name in steps[0]["warm"]["records"]]
    head = ["CPU ms a 1,000 lines", *(f"{step['files']:,} files, {step['lines'] / 1000:,.0f}k lines" for step in steps)]
    unfinished = {f"{step['files']:,} files:": step["cold"] for step in steps}
    return f"{table(head, rows)}\n\n{reasons(unfinished)}"


def _per_lines(run: dict, name: str, size: int) -> str:
    value = middle(run, name, CPU)
    return number(value and value / size * 1e6)


def histories(results: dict) -> str:
    steps = results["series"]
    rows = []
    for name in steps[0]["records"]:
        cells = [
            f"{number(middle(step, name, CPU))} ({number(middle(step, name))})" if middle(step, name) is not None else "–" for step in steps
        ]
        rows.append([name, *cells, number(middle(steps[-1], name, PEAK))])
    head = ["CPU s (wall s)", *(f"{step['revisions']} revisions" for step in steps), "peak MiB"]
    missing = {f"{step['revisions']}:": step for step in steps}
    return f"This repository at {results['head']}.\n\n{table(head, rows)}\n\n{reasons(missing)}"


def plots(results: dict) -> dict[str, str]:
    found = {}
    package = [one for one in results["packages"] if _measured(one) >= 4][-1]
    cold = package["cold"]
    rows = [
        Bar(name=name, value=times, said=f"{number(times)} × ({number(middle(cold, name, CPU))} s)", kind=_kind(name))
        for name in sorted(results["auditors"], key=lambda name: middle(cold, name, CPU) or 0)
        if (times := ratio(cold, name, OURS, CPU)) is not None
    ]
    title = f"A first audit of {package['package']} ({package['lines']:,} lines)"
    found["audit-cold"] = bars(
        title,
        "CPU time as a multiple of ours; left is less, right is more",
        rows,
        legend="faint: one metric only, or none below its threshold",
    )
    steps = results["growth"]
    series = [
        Line(name=name, points=points, kind=_kind(name))
        for name in results["auditors"]
        if (points := [(step["lines"], value) for step in steps if (value := middle(step["cold"], name))])
    ]
    warm = [(step["lines"], value) for step in steps if (value := middle(step["warm"], OURS))]
    series.append(Line(name=f"{OURS}, warm", points=warm, kind="ours less"))
    found["audit-growth"] = lines(
        "A first audit while the code grows", "seconds of wall time; dashed: one metric", series, x_label="lines of code"
    )
    return found


def history_plot(results: dict) -> dict[str, str]:
    steps = results["series"]
    series = [
        Line(name=name, points=points, kind="ours" if name.startswith("own") else "")
        for name in steps[0]["records"]
        if (points := [(step["revisions"], value) for step in steps if (value := middle(step, name, CPU))])
    ]
    return (
        {"history-growth": lines("A history while it grows", "seconds of CPU time", series, x_label="revisions")} if len(steps) > 1 else {}
    )


def _measured(package: dict) -> int:
    return sum(bool(record["samples"]) for record in package["cold"]["records"].values())


def _kind(name: str) -> str:
    return "ours" if name == OURS else "" if name.startswith("radon") else "less"
