"""A handler whose work must hold: it is judged by what it changed in the work tree, and undone when it does not hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

from core.domain.runs.attempt import Attempt, Phase
from core.domain.runs.reasons import Code, Reason
from core.domain.tasks.task import Task
from core.errors import OrchestratorError
from core.ports.handlers import Collected, HandlerRefused, TaskHandler, Workspace
from core.ports.snapshots import Rollback, Snapshots

#: Sentences and files that a reason names; the log has all of them.
_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """By what the change of an attempt is judged."""

    #: Called with a task; returns the checks that must pass, as they are before the work.
    checks: Callable[[Task], Sequence[Task]]
    #: Called with these once the work is done; returns their processes.
    phases: Callable[[Sequence[Task]], tuple[Phase, ...]]
    #: Called with a task and the states of the work tree before and after the work; returns what speaks against the change, in sentences.
    objections: Callable[[Task, str, str], Sequence[str]]
    #: Called with a task and the state of before when its attempt begins, and with an empty state when it has ended.
    remember: Callable[[Task, str], None]


@dataclass(slots=True, kw_only=True)
class _States:
    """States of the work tree in one attempt."""

    before: str
    checks: Sequence[Task]
    #: Empty until all processes of the work have ended.
    after: str = ""


class JudgedHandler:
    """See ``core.ports.handlers.TaskHandler``: the steps of another handler that works in the work tree, between two snapshots of it.

    What changed between them is the handler's. It is judged first by what it is (``Judgement.objections``), then by the task's own
    checks, then by the gating checks. An attempt that does not succeed, for whatever reason, is undone.
    """

    def __init__(self, handler: TaskHandler, snapshots: Snapshots, judgement: Judgement) -> None:
        self._handler, self._snapshots, self._judgement = handler, snapshots, judgement
        self._states: dict[str, _States] = {}

    def set_up(self, task: Task, attempt: Attempt) -> Workspace:
        checks = self._judgement.checks(task)
        before = self._take(f"before {task.id}, attempt {attempt.number}")
        self._judgement.remember(task, before)
        self._states[task.id] = _States(before=before, checks=checks)
        return self._handler.set_up(task, attempt)

    def work(self, task: Task, workspace: Workspace) -> tuple[Phase, ...]:
        return self._handler.work(task, workspace)

    def collect(self, task: Task, workspace: Workspace) -> Collected:
        known, states = self._handler.collect(task, workspace), self._states[task.id]
        states.after = self._take(f"{task.id}: what its handler did", states.before)
        changes = self._snapshots.changed(states.before, states.after)
        report = "\n".join(filter(None, (known.report, f"changed: {', '.join(changes) or 'nothing'}")))
        return Collected(usage=known.usage, report=report, changes=(*known.changes, *changes))

    def judge(self, task: Task, workspace: Workspace, collected: Collected) -> tuple[Phase, ...]:
        states = self._states[task.id]
        try:
            objections = self._judgement.objections(task, states.before, states.after)
        except OrchestratorError as error:
            objections = (str(error).splitlines()[0],)
        if objections:
            raise HandlerRefused(reason=Code.NOT_ACCEPTED.of(_named(objections, "; ")))
        own = self._handler.judge(task, workspace, collected)
        return (*own, *self._judgement.phases(states.checks))

    def land(self, task: Task, workspace: Workspace, collected: Collected) -> None:
        self._handler.land(task, workspace, collected)

    def discard(self, task: Task, workspace: Workspace) -> Reason | None:
        self._handler.discard(task, workspace)
        states = self._states.get(task.id)
        if states is None:
            return None
        try:
            states.after = states.after or self._take(f"{task.id}: what its handler did", states.before)
            rollback = self._snapshots.restore(states.before, states.after)
        except (OrchestratorError, HandlerRefused) as error:
            return Code.NOT_ROLLED_BACK.of(str(error).splitlines()[0], self._snapshots.shows(states.before, states.after))
        return _said(rollback, self._snapshots.shows(states.before, states.after))

    def tear_down(self, task: Task, workspace: Workspace) -> None:
        self._handler.tear_down(task, workspace)
        if self._states.pop(task.id, None) is not None:
            self._judgement.remember(task, "")

    def _take(self, subject: str, before: str = "") -> str:
        try:
            return self._snapshots.take(subject, before)
        except OrchestratorError as error:
            raise HandlerRefused(str(error).splitlines()[0]) from error


def _said(rollback: Rollback, shows: str) -> Reason | None:
    """Return what is said of a rollback; None where there was nothing to undo."""
    left = Code.LEFT.of(rollback.why_left, _named(rollback.left, ", ")) if rollback.left else None
    done = Code.ROLLED_BACK.of(len(rollback.restored), shows) if rollback.restored else None
    commits = Code.COMMITS_STAY.of(rollback.commits) if rollback.commits else None
    parts = [part for part in (done, left, commits) if part is not None]
    return reduce(Reason.followed_by, parts) if parts else None


def _named(items: Sequence[str], between: str) -> str:
    more = f"{between}and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
    return between.join(items[:_NAMED]) + more
