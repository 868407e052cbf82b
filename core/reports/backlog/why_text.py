"""Why a task runs, waits or does not run: ``orchestrator why``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.domain.runs.attempt import Attempt, Transition
from core.domain.runs.check_result import CheckState, CheckStatus
from core.domain.runs.reasons import words
from core.domain.tasks.plan import Explanation, Rank, Verdict
from core.domain.tasks.task import Readiness, Status, Task, Work
from core.reports.backlog.display_status import BacklogContext
from core.reports.backlog.plan_text import explanation_json
from core.reports.run.history_text import ended, took, transition_json
from core.reports.text.columns import one_line
from core.reports.text.style import Style
from core.reports.text.wording import moment, roughly

_VERDICTS = {
    Verdict.START: "runs next time",
    Verdict.OVER_BUDGET: "would run, but the budget does not allow it",
    Verdict.NOT_SELECTED: "is not part of this run",
    Verdict.ENDED: "has ended",
    Verdict.UP_TO_DATE: "is up to date",
}
_STANDS = {Readiness.BLOCKED: "is blocked", Readiness.WAITING: "waits", Readiness.QUEUED: "comes later", Readiness.READY: "is ready"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What last happened to a task."""

    #: Its newest attempt.
    attempt: Attempt | None = None
    #: The last change of its status.
    change: Transition | None = None


def why_text(explanation: Explanation, tasks: Mapping[str, Task], past: Past, context: BacklogContext, style: Style) -> str:
    """Return the verdict, what it rests on, and what to type next."""
    task = tasks[explanation.task_id]
    reasons = () if explanation.verdict in (Verdict.START, Verdict.OVER_BUDGET) and explanation.rank is not None else explanation.reasons
    check = context.checks.get(task.id)
    said = "; ".join([_verdict(explanation, task, context.live_run), *map(one_line, reasons)])
    if explanation.verdict is Verdict.UP_TO_DATE:
        said = f"is up to date: {'; '.join(reasons)}{_since(check)}; --fresh runs it all the same"
    facts = [] if explanation.rank is None else _rank(explanation.rank, task)
    if check is not None:
        facts += _of_check(explanation.verdict, task, check)
    facts += _lived(past, task, has_ended=explanation.verdict is Verdict.ENDED)
    facts += [("try", step) for step in _steps(explanation, tasks, context.handlers)]
    text = f"{style.bold(one_line(task.id))} {said}\n"
    return text + "".join(f"  {style.dim(f'{label:12}')}  {words}\n" for label, words in facts)


def _of_check(verdict: Verdict, task: Task, check: CheckStatus) -> list[tuple[str, str]]:
    """Return why a check is run, and its last result."""
    if verdict is Verdict.UP_TO_DATE:
        return []
    result = [("last result", f"{check.state}{_since(check)}")]
    return [("because", _why_run(task, check)), *result] if verdict is Verdict.START else result


def _since(check: CheckStatus | None) -> str:
    return f", {moment(check.at)}" if check is not None and check.at is not None else ""


def _why_run(task: Task, check: CheckStatus) -> str:
    if check.state is CheckState.NOT_RUN:
        return "it has not been run here yet"
    if not task.sources:
        return "it names no sources, so every run runs it"
    if check.state is CheckState.FAILED:
        return "a check that failed is run again"
    return "its sources, its entry, its program or its environment changed since it passed"


def _lived(past: Past, task: Task, *, has_ended: bool) -> list[tuple[str, str]]:
    """Return why it ended, and how its newest attempt did."""
    facts = []
    if has_ended and past.change is not None and past.change.after is task.status:
        facts.append(("because", f"{one_line(words(past.change.reason))}, {moment(past.change.at)}"))
    if past.attempt is not None and past.attempt.outcome is not None:
        outcome = past.attempt.outcome
        facts.append(("last attempt", f"{ended(outcome)}{took(outcome)}"))
    return facts


def why_json(explanation: Explanation, tasks: Mapping[str, Task], past: Past, check: CheckStatus | None = None) -> dict[str, Any]:
    """Return the same as JSON values; ``check`` is how it stands, of a check."""
    outcome = past.attempt.outcome if past.attempt is not None else None
    return {
        **explanation_json(explanation),
        "status": tasks[explanation.task_id].status.value,
        "result": {"state": check.state.value, "at": check.at} if check is not None else None,
        "because_of": [{"id": other, "status": tasks[other].status.value} for other in explanation.because_of if other in tasks],
        "last_change": transition_json(past.change) if past.change is not None else None,
        "last_outcome": None if outcome is None else {"ending": outcome.ending.value, "reason": words(outcome.reason), "log": outcome.log},
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


def _steps(explanation: Explanation, tasks: Mapping[str, Task], handlers: Mapping[str, str]) -> list[str]:
    task = tasks[explanation.task_id]
    if explanation.verdict is Verdict.UP_TO_DATE:
        return []
    if explanation.verdict is Verdict.ENDED:
        return [] if task.status is Status.DONE else [f"orchestrator reset {one_line(task.id)}"]
    if explanation.verdict is Verdict.OVER_BUDGET:
        return [f"orchestrator run --only {one_line(task.id)} --budget UNITS --time-budget TIME", "orchestrator config show"]
    cause = tasks.get((task.id, *explanation.because_of)[-1], task)
    if explanation.readiness is Readiness.BLOCKED:
        return _freeing(cause)
    return _finishing(cause, handlers) if explanation.readiness is Readiness.WAITING else []


def _freeing(cause: Task) -> list[str]:
    """Return what to type when a task that ended badly blocks others."""
    name = one_line(cause.id)
    return (
        [f"orchestrator reset {name}"]
        if cause.status is Status.CANCELLED
        else [f"orchestrator log {name}", "orchestrator run --retry-failed"]
    )


def _finishing(cause: Task, handlers: Mapping[str, str]) -> list[str]:
    """Return who or what can finish a task that nothing runs for."""
    name = one_line(cause.id)
    if cause.work(handlers) is not Work.GOAL:
        return [f"orchestrator done {name}"]
    handler = [f"a handler in config.yaml, which a run then calls: handlers: {{{one_line(cause.kind)}: COMMAND}}"]
    return [f"do what {name} says, then: orchestrator run", *(handler if cause.kind != "task" else []), f"orchestrator done {name}"]
