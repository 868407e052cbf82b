"""Why a task runs, waits or does not run: ``orchestrator why``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.domain.attempt import Attempt
from core.domain.plan import Explanation, Rank, Verdict
from core.domain.status import Readiness, Status
from core.domain.task import Task
from core.reports.columns import one_line
from core.reports.plan_text import explanation_json
from core.reports.style import Style
from core.reports.wording import roughly, seconds

_VERDICTS = {
    Verdict.START: "runs next time",
    Verdict.OVER_BUDGET: "would run, but the budget does not allow it",
    Verdict.NOT_SELECTED: "is not part of this run",
    Verdict.ENDED: "has ended",
}
_STANDS = {Readiness.BLOCKED: "is blocked", Readiness.WAITING: "waits", Readiness.QUEUED: "comes later", Readiness.READY: "is ready"}


def why_text(explanation: Explanation, tasks: Mapping[str, Task], last: Attempt | None, live_run: str, style: Style) -> str:
    """Return the verdict, what it rests on, and what to type next.

    ``last`` is the task's newest attempt, ``live_run`` the id of the run that is alive.
    """
    task = tasks[explanation.task_id]
    reasons = explanation.reasons if explanation.verdict is not Verdict.START or explanation.rank is None else ()
    said = "; ".join([_verdict(explanation, task, live_run), *map(one_line, reasons)])
    facts = [] if explanation.rank is None else _rank(explanation.rank, task)
    if last is not None and last.outcome is not None:
        outcome = last.outcome
        facts.append(("last attempt", f"{outcome.ending}: {one_line(outcome.reason)} after {seconds(outcome.duration)}"))
    facts += [("try", step) for step in _steps(explanation, task)]
    text = f"{style.bold(one_line(task.id))} {said}\n"
    return text + "".join(f"  {style.dim(f'{label:12}')}  {words}\n" for label, words in facts)


def why_json(explanation: Explanation, tasks: Mapping[str, Task], last: Attempt | None) -> dict[str, Any]:
    """Return the same as JSON values."""
    outcome = last.outcome if last is not None else None
    return {
        **explanation_json(explanation),
        "status": tasks[explanation.task_id].status.value,
        "because_of": [{"id": other, "status": tasks[other].status.value} for other in explanation.because_of if other in tasks],
        "last_outcome": None if outcome is None else {"ending": outcome.ending.value, "reason": outcome.reason, "log": outcome.log},
    }


def _verdict(explanation: Explanation, task: Task, live_run: str) -> str:
    if explanation.verdict is Verdict.NOT_READY:
        return _STANDS[explanation.readiness or Readiness.QUEUED]
    if explanation.verdict is Verdict.START and task.status is Status.IN_PROGRESS:
        return "is running" if live_run else "was interrupted, its run died; it runs again next time"
    return _VERDICTS[explanation.verdict]


def _rank(rank: Rank, task: Task) -> list[tuple[str, str]]:
    own = "its own" if rank.priority_from == task.id else f"lent by {one_line(rank.priority_from)}, which waits for it"
    return [
        ("priority", f"{rank.effective_priority}, {own}"),
        ("longest path", f"about {roughly(rank.remaining_path)} from its start to the end of what waits for it"),
        ("entry", f"{rank.order + 1:,} of the file, line {task.place.line}"),
    ]


def _steps(explanation: Explanation, task: Task) -> list[str]:
    if explanation.verdict is Verdict.ENDED:
        return [] if task.status is Status.DONE else [f"orchestrator reset {one_line(task.id)}"]
    cause = one_line((task.id, *explanation.because_of)[-1])
    if explanation.readiness is Readiness.BLOCKED:
        return [f"orchestrator log {cause}", "orchestrator run --retry-failed"]
    return [f"orchestrator done {cause}"] if explanation.readiness is Readiness.WAITING else []
