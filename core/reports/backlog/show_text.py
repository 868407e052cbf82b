"""Everything known of one task: ``orchestrator show``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from json import dumps
from typing import Any

from core.domain.runs.attempt import Attempt, Transition, shown
from core.domain.runs.reasons import words
from core.domain.tasks.plan import Explanation
from core.domain.tasks.task import Retry, Task
from core.domain.untrusted.redaction import without_secrets
from core.reports.backlog.display_status import BacklogContext, display_status, paint_of, task_json
from core.reports.backlog.plan_text import explanation_json
from core.reports.run.history_text import attempt_json, attempts_text, transition_json
from core.reports.text.columns import Cell, Column, one_line, table
from core.reports.text.style import Style
from core.reports.text.wording import amount, count, moment, roughly, seconds

_FIELDS = (Column(title=""), Column(title=""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What beside its entry is known of one task."""

    #: Ids that wait for it.
    dependents: Sequence[str]
    #: Newest first.
    attempts: Sequence[Attempt]
    #: The last change of its status, with the reason.
    last_change: Transition | None = None


def show_text(task: Task, context: BacklogContext, around: Surroundings, file: str, style: Style) -> str:
    """Return the entry, its status with the reasons, and its attempts; ``file`` is its file's name."""
    word = display_status(task, context)
    explanation = context.explanations.get(task.id)
    head = f"{style.bold(one_line(task.id))}  {paint_of(word, style)(word)}\n{one_line(task.description)}\n\n"
    facts = _facts(task, context, around, explanation, file)
    rows = [[Cell(text=label, paint=style.dim), Cell(text=one_line(value))] for label, value in facts if value]
    text = head + table(_FIELDS, rows, width=None, title=None)
    return text + (f"\n{attempts_text(around.attempts, context.live_run, style)}" if around.attempts else "")


def show_json(task: Task, context: BacklogContext, around: Surroundings) -> dict[str, Any]:
    """Return the same as JSON values."""
    explanation = context.explanations.get(task.id)
    return {
        **task_json(task, context),
        "dependents": list(around.dependents),
        "expected_duration": context.durations.get(task.id),
        "explanation": explanation_json(explanation) if explanation is not None else None,
        "last_change": transition_json(around.last_change) if around.last_change is not None else None,
        "attempts": [attempt_json(attempt) for attempt in around.attempts],
    }


def _facts(task: Task, context: BacklogContext, around: Surroundings, explanation: Explanation | None, file: str) -> list[tuple[str, str]]:
    expected = context.durations.get(task.id)
    return [
        ("stands", "; ".join(explanation.reasons) if explanation is not None else ""),
        *_facts_of_check(task, context),
        ("last change", _change(around.last_change)),
        ("command", _command(task, context.handlers.get(task.kind, ""))),
        *(("verify", check) for check in task.verify),
        ("depends on", ", ".join(task.dependencies)),
        ("needed by", ", ".join(around.dependents)),
        ("priority", str(task.priority) if task.priority else ""),
        ("cost", _cost(task)),
        ("takes", f"about {roughly(expected)}" if expected is not None else ""),
        *_circumstances(task),
        ("kind", task.kind if task.kind != "task" else ""),
        ("tags", ", ".join(task.tags)),
        ("component", task.component or ""),
        ("epic", task.epic or ""),
        ("origin", ", ".join(f"{name} {value}" for name, value in task.origin.items())),
        *((name, value if isinstance(value, str) else dumps(value, ensure_ascii=False)) for name, value in task.extra.items()),
        ("entry", f"{file}:{task.place.line}" if task.place.line else ""),
    ]


def _cost(task: Task) -> str:
    return amount(0 if task.check else task.cost)


def _command(task: Task, handler: str) -> str:
    if task.command is not None:
        return shown(task.command)
    return f"{handler} (handler of kind {task.kind})" if handler else ""


def _facts_of_check(task: Task, context: BacklogContext) -> list[tuple[str, str]]:
    """Return how a check stands and what it is about; nothing for a task."""
    if not task.check:
        return []
    check = context.checks.get(task.id)
    when = f", {moment(check.at)}" if check is not None and check.at is not None else ""
    return [
        ("result", f"{check.state}{when}" if check is not None else ""),
        ("sources", ", ".join(task.sources)),
        ("gate", "" if task.gate else "no: a change counts even if it fails"),
    ]


def _change(last: Transition | None) -> str:
    if last is None:
        return ""
    before, after = (status.value.replace("_", " ") for status in (last.before, last.after))
    return f"{moment(last.at)}: {before} → {after}: {words(last.reason)}"


def _retries(retry: Retry) -> str:
    pauses = f"after {seconds(retry.delay)}, then {retry.backoff:g} times as long, at most {seconds(retry.max_delay)}"
    return f"{count(retry.limit, 'retry', 'retries')}, {pauses if retry.limit > 1 else f'after {seconds(retry.pause(1))}'}"


def _circumstances(task: Task) -> list[tuple[str, str]]:
    """Return the facts about how its command is run."""
    return [
        ("timeout", seconds(task.timeout) if task.timeout is not None else ""),
        ("retries", _retries(task.retries) if task.retries.limit else ""),
        ("manual", "only a person finishes it" if task.manual else ""),
        ("cwd", task.cwd or ""),
        ("env", ", ".join(f"{name}={value}" for name, value in without_secrets(task.env).items())),
    ]
