"""Where the backlog stands: on one screen (``orchestrator status``), and as a table of tasks (``orchestrator list``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from core.domain.runs.attempt import RunRecord
from core.domain.runs.check_result import CheckState
from core.domain.tasks.task import Status, Task
from core.reports.backlog.display_status import INTERRUPTED, BacklogContext, display_status, is_unverified, paint_of
from core.reports.run.history_text import BROKE_OFF_WORDS, run_json
from core.reports.text.columns import Cell, Column, one_line, table
from core.reports.text.style import Style
from core.reports.text.wording import amount, count, moment, seconds

#: How checks stand, what needs a look first.
_CHECKS = (CheckState.FAILED, CheckState.NOT_RUN, CheckState.PASSED, CheckState.UP_TO_DATE)
_ORDER = ("in progress", INTERRUPTED, "ready", "queued", "waiting", "blocked", "failed", "cancelled", "pending")
_SHOWN = ("in progress", INTERRUPTED, "ready", "waiting", "failed")
_LISTED = 5
_BAR = 30
_TASK_COLUMNS = (
    Column(title="status"),
    Column(title="id", most=40),
    Column(title="priority", right=True),
    Column(title="cost", right=True),
    Column(title="result at"),
    Column(title="description", elastic=True),
)
_COLUMNS = (Column(title=""), Column(title="", most=32), Column(title="", elastic=True))


def status_text(tasks: Sequence[Task], context: BacklogContext, coming: Sequence[str], last: RunRecord | None, style: Style) -> str:
    """Return progress, counts, what comes next or is stuck, and the last run. ``coming`` are ids in the order of the plan."""
    if not tasks:
        return "no tasks yet; add one with: orchestrator add\n"
    work = [task for task in tasks if task.id not in context.checks]
    words = {task.id: display_status(task, context) for task in work}
    parts = [
        _head(work, context, style) if work else "",
        _counts(Counter(words.values()), style),
        _lists(work, words, coming, style),
        _checks([task for task in tasks if task.id in context.checks], context, style),
        _last(last, context.live_run, style),
    ]
    return "\n".join(part for part in parts if part)


def status_json(tasks: Sequence[Task], context: BacklogContext, coming: Sequence[str], last: RunRecord | None) -> dict[str, Any]:
    """Return the same as JSON values."""
    statuses = Counter(task.status.value for task in tasks if task.id not in context.checks)
    return {
        "tasks": len(tasks),
        "checks": [{"id": task_id, "state": check.state.value, "at": check.at} for task_id, check in context.checks.items()],
        "statuses": {status.value: statuses.get(status.value, 0) for status in Status},
        "unverified": sum(is_unverified(task, context) for task in tasks),
        "standing": dict(Counter(display_status(task, context) for task in tasks)),
        "next": list(coming),
        "failed": [task.id for task in tasks if task.status is Status.FAILED],
        "last_run": run_json(last, context.live_run) if last is not None else None,
    }


def _head(tasks: Sequence[Task], context: BacklogContext, style: Style) -> str:
    closed = sum(task.status is Status.CANCELLED for task in tasks)
    done = sum(task.status is Status.DONE for task in tasks)
    total = len(tasks) - closed
    unverified = sum(is_unverified(task, context) for task in tasks)
    filled = _BAR * done // total if total else _BAR
    bar = style.good("━" * filled) + style.dim("─" * (_BAR - filled))
    note = style.dim(f" ({unverified:,} unverified)") if unverified else ""
    return f"{bar}  {done:,} of {count(total, 'task')} done{note}\n"


def _counts(counts: Counter[str], style: Style) -> str:
    parts = [paint_of(word, style)(f"{counts[word]:,} {word}") for word in _ORDER if counts.get(word)]
    return f"{', '.join(parts)}\n" if parts else ""


def _lists(tasks: Sequence[Task], words: dict[str, str], coming: Sequence[str], style: Style) -> str:
    by_id = {task.id: task for task in tasks}
    rows: list[list[Cell]] = []
    for word in _SHOWN:
        ids = [i for i in (coming if word == "ready" else words) if words.get(i) == word]
        label = "next" if word == "ready" else word
        rows += [_line(label, one_line(i), one_line(by_id[i].description), word, style) for i in ids[:_LISTED]]
        if len(ids) > _LISTED:
            rows.append(_line(label, "", f"and {len(ids) - _LISTED:,} more", word, style))
    return table(_COLUMNS, rows, width=style.width, title=None) if rows else ""


def _checks(checks: Sequence[Task], context: BacklogContext, style: Style) -> str:
    """Return a line for each check: how it stands, and since when."""
    rows = []
    for task in sorted(checks, key=lambda task: _CHECKS.index(context.checks[task.id].state)):
        known = context.checks[task.id]
        when = f"{moment(known.at)}  " if known.at is not None else ""
        rows.append(_line(known.state.value, one_line(task.id), f"{when}{one_line(task.description)}", known.state.value, style))
    return table(_COLUMNS, rows, width=style.width, title=None) if rows else ""


def _line(label: str, task_id: str, description: str, word: str, style: Style) -> list[Cell]:
    return [Cell(text=label, paint=paint_of(word, style)), Cell(text=task_id, paint=style.bold), Cell(text=description, paint=style.dim)]


def _last(run: RunRecord | None, live_run: str, style: Style) -> str:
    if run is None:
        return style.dim("never run; start with: orchestrator run") + "\n"
    if run.id == live_run:
        return style.dim(f"running since {moment(run.started)} (pid {run.pid})") + "\n"
    if run.ended is None or run.broke_off:
        return style.dim(f"last run {moment(run.started)}, {BROKE_OFF_WORDS}") + "\n"
    return style.dim(f"last run {moment(run.started)}, {seconds(run.ended - run.started)}, exit {run.exit_code}") + "\n"


def task_table(tasks: Sequence[Task], context: BacklogContext, style: Style) -> str:
    """Return one line a task, in the order given; priorities and costs only where one differs from the default."""
    if not tasks:
        return "no tasks\n"
    priorities = any(task.priority for task in tasks)
    costs = any(task.cost != 1 for task in tasks)
    rows = []
    for task in tasks:
        word, check = display_status(task, context), context.checks.get(task.id)
        rows.append(
            [
                Cell(text=word, paint=paint_of(word, style)),
                Cell(text=one_line(task.id), paint=style.bold),
                Cell(text=str(task.priority) if priorities else ""),
                Cell(text=amount(task.cost) if costs and check is None else ""),
                Cell(text=moment(check.at) if check is not None and check.at is not None else "", paint=style.dim),
                Cell(text=one_line(task.description), paint=style.dim),
            ]
        )
    return table(_TASK_COLUMNS, rows, width=style.width, title=style.dim)
