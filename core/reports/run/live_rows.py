"""What is going on in a run right now, as the rows of a live view."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.events import TaskRetried, TaskStarted
from core.reports.run.progress import Progress
from core.reports.text.columns import cells, fit, one_line
from core.reports.text.style import Style
from core.reports.text.wording import amount, roughly, seconds

#: A row bare and coloured.
Row = tuple[str, str]

#: Ids of coming tasks that are asked for; as many are shown as fit.
_COMING = 5


def live_rows(
    progress: Progress, style: Style, *, now: float, upcoming: Callable[[int], Sequence[str]], width: int, height: int
) -> list[Row]:
    """Return the rows for what runs, what pauses and how far the run is: at most ``height`` of at most ``width`` columns.

    ``now`` is Unix time; ``upcoming`` returns the ids of what starts next.
    """
    if progress.started is None or progress.finished is not None:
        return []
    rows = [_running(task, style, now, width) for task in progress.running.values()]
    rows += [_pausing(task, progress, style, now, width) for task in progress.pausing.values()]
    space = max(1, height - 2)
    if len(rows) > space:
        more = fit(f"{'':12}and {len(rows) - space + 1:,} more", width)
        rows = [*rows[: space - 1], (more, style.dim(more))]
    return [*rows, _state(progress, style, now, upcoming, width)]


def _running(task: TaskStarted, style: Style, now: float, width: int) -> Row:
    spent = max(0.0, now - task.at)
    right = ""
    if task.expected is not None and task.expected >= 1:
        rest = task.expected - spent
        right = f"about {roughly(rest)} left" if rest >= 0.5 else f"usually {roughly(task.expected)}"
    return _row("▸", style.busy, seconds(spent), task.task_id, task.description, right, style, width)


def _pausing(task: TaskRetried, progress: Progress, style: Style, now: float, width: int) -> Row:
    rest = max(0.0, task.at + task.pause - now)
    about = one_line(task.outcome.reason)
    return _row(
        "↻", style.warn, "", task.task_id, progress.descriptions.get(task.task_id, ""), f"{about}, again in {roughly(rest)}", style, width
    )


def _row(sign: str, paint: Callable[[str], str], time: str, task_id: str, description: str, right: str, style: Style, width: int) -> Row:
    head = f" {time:>8}  "
    name = fit(one_line(task_id), max(1, width - 12))
    space = width - 12 - cells(name) - 2
    if right and space < cells(right) + 8:
        right = ""
    words = fit(one_line(description), space - (cells(right) + 2 if right else 0)) if space > 3 else ""
    gap = " " * max(2, width - 12 - cells(name) - 2 - cells(words) - cells(right)) if right else ""
    bare = fit(f"{sign}{head}{name}  {words}{gap}{right}".rstrip(), width)
    return bare, f"{paint(sign)}{head}{style.bold(name)}  {style.dim(words)}{gap}{style.dim(right)}" if width > 16 else bare


def _state(progress: Progress, style: Style, now: float, upcoming: Callable[[int], Sequence[str]], width: int) -> Row:
    """The last row: a bar, the counts, the budget, what comes next."""
    assert progress.started is not None
    parts = _counts(progress, progress.started.budget, style)
    coming = [one_line(task_id) for task_id in upcoming(_COMING)]
    while coming and len(" · ".join([*(text for text, _ in parts), f"next {', '.join(coming)}"])) + 12 > width:
        coming.pop()
    if coming:
        parts.append((f"next {', '.join(coming)}", style.dim))
    head = f"  {seconds(now - progress.started.at):>8}  "
    bare = head + " · ".join(text for text, _ in parts)
    if cells(bare) > width:
        cut = fit(bare, width)
        return cut, cut
    return bare, style.dim(head) + style.dim(" · ").join(paint(text) for text, paint in parts)


def _counts(progress: Progress, budget: float | None, style: Style) -> list[tuple[str, Callable[[str], str]]]:
    """Return how far the run is, each part with what colours it."""
    parts: list[tuple[str, Callable[[str], str]]] = [(f"{progress.done} of {progress.total} done", str)]
    if progress.failed:
        parts.append((f"{progress.failed} failed", style.bad))
    if progress.budget_left is not None:
        parts.append((f"budget {amount(progress.budget_left)} of {amount(budget or 0)} left", str))
    return parts
