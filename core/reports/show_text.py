"""Everything known of one task: ``orchestrator show``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.domain.attempt import Attempt
from core.domain.attempt_text import shown
from core.domain.plan import Explanation
from core.domain.task import Task
from core.reports.columns import Cell, Column, one_line, table
from core.reports.history_text import attempt_json, attempts_text
from core.reports.plan_text import explanation_json
from core.reports.standing import Backdrop, paint_of, standing, task_json
from core.reports.style import Style
from core.reports.wording import amount, count, roughly, seconds

_FIELDS = (Column(title=""), Column(title=""))


def show_text(task: Task, backdrop: Backdrop, dependents: Sequence[str], attempts: Sequence[Attempt], file: str, style: Style) -> str:
    """Return the entry, how it stands and its attempts; ``dependents`` are the ids that wait for it, ``file`` its file's name."""
    word = standing(task, backdrop)
    explanation = backdrop.explanations.get(task.id)
    head = f"{style.bold(one_line(task.id))}  {paint_of(word, style)(word)}\n{one_line(task.description)}\n\n"
    facts = _facts(task, backdrop, dependents, explanation, file)
    rows = [[Cell(text=label, paint=style.dim), Cell(text=one_line(value))] for label, value in facts if value]
    text = head + table(_FIELDS, rows, width=None, title=None)
    return text + (f"\n{attempts_text(attempts, backdrop.live_run, style)}" if attempts else "")


def show_json(task: Task, backdrop: Backdrop, dependents: Sequence[str], attempts: Sequence[Attempt]) -> dict[str, Any]:
    """Return the same as JSON values."""
    explanation = backdrop.explanations.get(task.id)
    return {
        **task_json(task, backdrop),
        "dependents": list(dependents),
        "expected_duration": backdrop.durations.get(task.id),
        "explanation": explanation_json(explanation) if explanation is not None else None,
        "attempts": [attempt_json(attempt) for attempt in attempts],
    }


def _facts(task: Task, backdrop: Backdrop, dependents: Sequence[str], explanation: Explanation | None, file: str) -> list[tuple[str, str]]:
    expected = backdrop.durations.get(task.id)
    return [
        ("stands", "; ".join(explanation.reasons) if explanation is not None else ""),
        ("command", _command(task, backdrop.handlers.get(task.kind, ""))),
        *(("verify", check) for check in task.verify),
        ("depends on", ", ".join(task.dependencies)),
        ("needed by", ", ".join(dependents)),
        ("priority", str(task.priority) if task.priority else ""),
        ("cost", amount(task.cost)),
        ("takes", f"about {roughly(expected)}" if expected is not None else ""),
        *_circumstances(task),
        ("kind", task.kind if task.kind != "task" else ""),
        ("tags", ", ".join(task.tags)),
        ("component", task.component or ""),
        ("epic", task.epic or ""),
        ("origin", ", ".join(f"{name} {value}" for name, value in task.origin.items())),
        ("entry", f"{file}:{task.place.line}" if task.place.line else ""),
    ]


def _command(task: Task, handler: str) -> str:
    if task.command is not None:
        return shown(task.command)
    return f"{handler} (handler of kind {task.kind})" if handler else ""


def _circumstances(task: Task) -> list[tuple[str, str]]:
    """Return the facts about how its command is run."""
    return [
        ("timeout", seconds(task.timeout) if task.timeout is not None else ""),
        ("retries", count(task.retries.limit, "retry", "retries") if task.retries.limit else ""),
        ("cwd", task.cwd or ""),
        ("env", ", ".join(f"{name}={value}" for name, value in task.env.items())),
    ]
