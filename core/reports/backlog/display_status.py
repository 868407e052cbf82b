"""The status of a task as people see it: one word, and its colour."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any

from core.domain.quality.refactor_task import is_own
from core.domain.runs.check_result import CheckState, CheckStatus
from core.domain.tasks.plan import Explanation, Verdict
from core.domain.tasks.task import Status, Task, Work
from core.domain.untrusted.redaction import without_secrets
from core.reports.text.columns import Paint
from core.reports.text.style import Style

#: Word for a task in progress whose run is dead; the next run puts it back.
INTERRUPTED = "interrupted"


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogContext:
    """What beside its entry decides how a task is shown."""

    #: ``Planner.explain`` by id; may lack tasks.
    explanations: Mapping[str, Explanation] = field(default_factory=_nothing)
    #: Ids whose last attempt was verified.
    verified: Collection[str] = frozenset()
    #: Ids that a person marked as done against their verify commands.
    overridden: Collection[str] = frozenset()
    #: How checks stand, by id.
    checks: Mapping[str, CheckStatus] = field(default_factory=_nothing)
    #: Commands by kind, from config.yaml.
    handlers: Mapping[str, str] = field(default_factory=_nothing)
    #: Expected seconds by id.
    durations: Mapping[str, float] = field(default_factory=_nothing)
    #: Id of the run that is alive; without one, nothing is in progress, whatever the file says.
    live_run: str = ""


def is_unverified(task: Task, context: BacklogContext) -> bool:
    """Return whether a task counts as done although nothing checked it.

    A milestone has nothing to check, a goal and a check are checks themselves, and whether a finding is gone is measured.
    """
    if task.status is Status.DONE and task.id in context.overridden:
        return True
    if task.status is not Status.DONE or task.id in context.verified or is_own(task):
        return False
    return task.work(context.handlers) not in (Work.MILESTONE, Work.GOAL, Work.CHECK)


def display_status(task: Task, context: BacklogContext) -> str:
    """Return ``ready``, ``queued``, ``blocked``, ``waiting``, ``in progress``, ``interrupted``, ``done`` …; of a check, its last result."""
    if task.status is Status.PENDING:
        return _pending(task, context)
    if is_unverified(task, context):
        return "done (unverified)"
    if task.status is Status.IN_PROGRESS and not context.live_run:
        return INTERRUPTED
    return task.status.value.replace("_", " ")


def _pending(task: Task, context: BacklogContext) -> str:
    if (check := context.checks.get(task.id)) is not None:
        return check.state.value
    explanation = context.explanations.get(task.id)
    if explanation is None or explanation.readiness is None:
        return "over budget" if explanation is not None and explanation.verdict is Verdict.OVER_BUDGET else "pending"
    return "over budget" if explanation.verdict is Verdict.OVER_BUDGET else explanation.readiness.value


def paint_of(word: str, style: Style) -> Paint:
    """Return the colour of a displayed status."""
    if word.startswith("done") or word in (CheckState.PASSED, CheckState.UP_TO_DATE):
        return style.good
    if word in ("failed", "blocked"):
        return style.bad
    if word in ("waiting", "over budget", INTERRUPTED):
        return style.warn
    return style.busy if word in ("ready", "in progress") else style.dim


def task_json(task: Task, context: BacklogContext) -> dict[str, Any]:
    """Return one task as JSON values; keys are stable, and a key without a value is null or empty, never absent.

    The user's own ``x-…`` fields stand beside them as in the file; times are seconds.
    """
    explanation, check = context.explanations.get(task.id), context.checks.get(task.id)
    return {
        "id": task.id,
        "description": task.description,
        "status": task.status.value,
        "readiness": explanation.readiness.value if explanation is not None and explanation.readiness is not None else None,
        "verified": task.status is Status.DONE and not is_unverified(task, context),
        "work": task.work(context.handlers).value,
        "command": without_secrets(task.command),
        "plugin": task.plugin,
        "with": without_secrets(task.with_),
        "verify": list(task.verify),
        "dependencies": list(task.dependencies),
        "priority": task.priority,
        "cost": task.cost,
        "timeout": task.timeout,
        "retries": asdict(task.retries),
        "env": without_secrets(task.env),
        "cwd": task.cwd,
        "manual": task.manual,
        "kind": task.kind,
        "tags": list(task.tags),
        "component": task.component,
        "epic": task.epic,
        "origin": dict(task.origin),
        **task.extra,
        "check": task.check,
        "sources": list(task.sources),
        "gate": task.gate,
        "result": {"state": check.state.value, "at": check.at} if check is not None else None,
        "line": task.place.line,
    }
