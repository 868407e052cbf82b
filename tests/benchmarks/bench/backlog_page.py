"""What was measured of backlogs, as tables and plots."""

from __future__ import annotations

from tests.benchmarks.bench.figures_of import CPU, PEAK, middle, number, ratio, reasons, table
from tests.benchmarks.bench.plots import Bar, Line, bars, lines
from tests.benchmarks.bench.runners import FLOOR, LACKS, OURS, keeps

#: The size whose table and bars are shown.
HEADLINE = 2_000

#: Left out of the plot of growth, where their lines lie on others'.
_CROWDING = ("just", "go-task", "doit")


def headline(results: dict) -> dict:
    """The fan-out of ``HEADLINE`` tasks, or of the largest number below."""
    sizes = [step for step in results["growth"] if step["tasks"] <= HEADLINE]
    return sizes[-1]


def _base(run: dict) -> str:
    return FLOOR if FLOOR in run["records"] else "make"


def _ordered(run: dict) -> list[str]:
    """Ours and the floor first, then those that keep as much, then the others, the fastest first."""
    names = run["records"]
    return sorted(names, key=lambda name: (name != FLOOR, name != OURS, not keeps(name), middle(run, name) or 1e9))


def fan_out(results: dict) -> str:
    run = headline(results)
    base = _base(run)
    rows = []
    for name in _ordered(run):
        if middle(run, name) is None:
            continue
        rows.append(
            [
                f"**{name}**" if name == OURS else name,
                "yes" if keeps(name) else "log" if name == FLOOR else "no",
                number(middle(run, name)),
                number(ratio(run, name, base)),
                number(ratio(run, name, base, CPU)),
                number(middle(run, name, PEAK)),
                number(ratio(run, OURS, name)),
                number(ratio(run, OURS, name, CPU)),
                _lacks(name),
            ]
        )
    head = [
        "tool",
        "log and state a task",
        "wall s",
        "× floor",
        "CPU × floor",
        "peak MiB",
        "our wall ÷ its",
        "our CPU ÷ its",
        "what it does not do",
    ]
    shown = table(head, rows)
    missing = {f"{run['tasks']:,} tasks:": run}
    return f"{run['tasks']:,} tasks, {run['rounds']} rounds.\n\n{shown}\n\n{reasons(missing)}"


def _lacks(name: str) -> str:
    if name in LACKS:
        return LACKS[name]
    said = LACKS[name.split(",", maxsplit=1)[0].split(" ", maxsplit=1)[0]]
    return said.replace("no logs, ", "").replace("no logs; ", "") if keeps(name) else said


def growth(results: dict) -> str:
    steps = results["growth"]
    rows = []
    for name in _ordered(headline(results)):
        cells = [middle(step, name) for step in steps]
        rows.append(
            [
                name,
                *(number(value and value / step["tasks"] * 1000) for value, step in zip(cells, steps, strict=True)),
                _further(steps, name),
            ]
        )
    head = ["ms a task, start-up included", *(f"{step['tasks']:,}" for step in steps), "each further task"]
    missing = {f"{step['tasks']:,}:": step for step in steps}
    return f"{table(head, rows)}\n\n{reasons(missing)}"


def _further(steps: list[dict], name: str) -> str:
    """Milliseconds for each task more, from the second largest size to the largest that was measured."""
    known = [(step["tasks"], value) for step in steps if (value := middle(step, name)) is not None]
    if len(known) < 2:
        return "–"
    (few, before), (many, after) = known[-2:]
    return number((after - before) / (many - few) * 1000)


def shapes(results: dict) -> str:
    runs = results["shapes"]
    first = headline(results)
    rows = []
    for name in _ordered(first):
        if not any(name in run["records"] for run in runs.values()):
            continue
        cells = [
            text
            for run in runs.values()
            for text in (number(middle(run, name)), number(ratio(run, OURS, name)), number(middle(run, name, PEAK)))
        ]
        rows.append([name, "yes" if keeps(name) else "no", *cells])
    head = ["tool", "log and state a task"]
    for shape, run in runs.items():
        head += [f"{shape} of {run['tasks']:,}: wall s", "our wall ÷ its", "peak MiB"]
    return f"{table(head, rows)}\n\n{reasons({f'{shape}:': run for shape, run in runs.items()})}"


def again(results: dict) -> str:
    run = results["again"]
    rows = [
        [name, number(middle(run, name), 3), number(middle(run, name, CPU), 3), number(middle(run, name, PEAK))]
        for name in _ordered(run)
        if middle(run, name) is not None
    ]
    head = [f"{run['tasks']:,} tasks, all done", "wall s", "CPU s", "peak MiB"]
    return f"{table(head, rows)}\n\n{reasons({'': run})}"


def plots(results: dict) -> dict[str, str]:
    run = headline(results)
    names = [name for name in _ordered(run) if middle(run, name) is not None]
    rows = [
        Bar(name=name, value=times, said=f"{number(times)} × ({number(middle(run, name))} s)", kind=_kind(name))
        for name in sorted(names, key=lambda name: ratio(run, name, OURS) or 0)
        if (times := ratio(run, name, OURS)) is not None
    ]
    legend = "strong: a log and a state for every task · faint: without"
    title = f"{run['tasks']:,} tasks that do nothing, two at a time"
    found = {"tasks-fan-out": bars(title, "wall time as a multiple of ours; left is faster, right is slower", rows, legend=legend)}
    series = [
        Line(name=name, points=points, kind=_kind(name))
        for name in names
        if name not in _CROWDING
        and (points := [(step["tasks"], value / step["tasks"] * 1000) for step in results["growth"] if (value := middle(step, name))])
    ]
    found["tasks-growth"] = lines(
        "What one task costs while their number grows",
        "milliseconds of wall time a task, start-up included; dashed: without log and state",
        series,
        x_label="tasks",
    )
    return found


def _kind(name: str) -> str:
    return "ours" if name == OURS else "" if keeps(name) else "less"
