"""The text of a plan: ``orchestrator plan`` and ``run --dry-run``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from core.domain.runs.check_result import CheckStatus
from core.domain.runs.run_state import RunOptions
from core.domain.tasks.plan import Explanation, Plan, PlannedStart
from core.domain.tasks.task import Task
from core.reports.text.columns import Cell, Column, one_line, table
from core.reports.text.style import Style
from core.reports.text.wording import amount, count, moment, roughly, seconds

_STARTS = (
    Column(title="at", right=True),
    Column(title="takes", right=True),
    Column(title="cost", right=True),
    Column(title="priority", right=True),
    Column(title="path", right=True),
    Column(title="id", most=40),
    Column(title="description", elastic=True),
)
_LEFT = (Column(title=""), Column(title="", most=40), Column(title="", elastic=True))


def plan_text(
    plan: Plan, tasks: Mapping[str, Task], options: RunOptions, style: Style, checks: Mapping[str, CheckStatus] = MappingProxyType({})
) -> str:
    """Return the starts in order, what need not run and since when, what is left and why, and a last line with the sums."""
    parts = []
    if plan.starts:
        parts.append(table(_STARTS, [_start(start, tasks, style) for start in plan.starts], width=style.width, title=style.dim))
    if plan.up_to_date:
        rows = [_valid(task_id, tasks[task_id], checks[task_id], style) for task_id in plan.up_to_date]
        parts.append(table(_LEFT, rows, width=style.width, title=None))
    if plan.left:
        parts.append(table(_LEFT, [_left(explanation, style) for explanation in plan.left], width=style.width, title=None))
    parts.append(_sums(plan, options, style))
    return "\n".join(parts)


def plan_json(plan: Plan, tasks: Mapping[str, Task], options: RunOptions) -> dict[str, Any]:
    """Return the same as JSON values: times in seconds, costs in units."""
    return {
        "starts": [
            {
                "id": start.explanation.task_id,
                "description": tasks[start.explanation.task_id].description,
                "at": round(start.starts_at, 3),
                "duration": round(start.duration, 3),
                "duration_known": start.duration_known,
                "cost": start.cost,
                "reasons": list(start.explanation.reasons),
            }
            for start in plan.starts
        ],
        "left": [explanation_json(explanation) for explanation in plan.left],
        "up_to_date": list(plan.up_to_date),
        "makespan": round(plan.makespan, 3),
        "cost": plan.cost,
        "budget": options.budget,
        "time_budget": options.time_budget,
        "jobs": options.jobs,
    }


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation as JSON values."""
    rank = explanation.rank
    return {
        "id": explanation.task_id,
        "verdict": explanation.verdict.value,
        "readiness": explanation.readiness.value if explanation.readiness is not None else None,
        "reasons": list(explanation.reasons),
        "because_of": list(explanation.because_of),
        "rank": None
        if rank is None
        else {
            "effective_priority": rank.effective_priority,
            "priority_from": rank.priority_from,
            "remaining_path": round(rank.remaining_path, 3),
            "order": rank.order,
        },
    }


def _start(start: PlannedStart, tasks: Mapping[str, Task], style: Style) -> list[Cell]:
    task, rank = tasks[start.explanation.task_id], start.explanation.rank
    lent = "" if rank is None or rank.priority_from == task.id else f" (priority of {one_line(rank.priority_from)})"
    return [
        Cell(text=seconds(start.starts_at)),
        Cell(text=roughly(start.duration) if start.duration_known else "?", paint=style.dim),
        Cell(text=amount(start.cost)),
        Cell(text="" if rank is None else str(rank.effective_priority)),
        Cell(text="" if rank is None else roughly(rank.remaining_path)),
        Cell(text=one_line(task.id), paint=style.bold),
        Cell(text=f"{one_line(task.description)}{lent}", paint=style.dim),
    ]


def _left(explanation: Explanation, style: Style) -> list[Cell]:
    word = "over budget" if explanation.readiness is None or explanation.verdict.value == "over_budget" else explanation.readiness.value
    paint = style.bad if word == "blocked" else style.warn
    reason = explanation.reasons[0] if explanation.reasons else ""
    return [
        Cell(text=word, paint=paint),
        Cell(text=one_line(explanation.task_id), paint=style.bold),
        Cell(text=one_line(reason), paint=style.dim),
    ]


def _valid(task_id: str, task: Task, check: CheckStatus, style: Style) -> list[Cell]:
    since = f"passed {moment(check.at)}, nothing that it is about has changed: " if check.at is not None else ""
    return [
        Cell(text=check.state.value, paint=style.good),
        Cell(text=one_line(task_id), paint=style.bold),
        Cell(text=f"{since}{one_line(task.description)}", paint=style.dim),
    ]


def _sums(plan: Plan, options: RunOptions, style: Style) -> str:
    if not plan.starts:
        return "nothing would start\n"
    known = sum(start.duration_known for start in plan.starts)
    guess = "" if known == len(plan.starts) else f" (durations known of {known:,}, 1s taken for the others)"
    budget = f"cost {amount(plan.cost)}" + (f" of {amount(options.budget)}" if options.budget is not None else "")
    left = f", {len(plan.left):,} left" if plan.left else ""
    head = f"{count(len(plan.starts), 'task')}{left} · about {roughly(plan.makespan)} with {count(options.jobs, 'job')} · {budget}"
    order = style.dim("in order of priority, then of the longest path to the end of what waits, then of the file")
    return f"{head}{style.dim(guess)}\n{order}\n"
