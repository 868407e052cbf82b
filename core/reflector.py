"""The reflection cycle: measure → decide → append / close. Decides by a pure function, acts through Memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from core.domain.audit import AuditReport
from core.domain.cycle import ClosedTask, CycleReport
from core.domain.edit import SetField
from core.domain.finding import Finding, is_worse
from core.domain.metric import FileMeasure, Metric
from core.domain.refactor_task import is_own, number, place, place_of, priority, refactor_entry, task_id, unmet
from core.domain.status import OPEN, Status
from core.domain.task import Task
from core.errors import EditRefused
from core.memory import Memory
from core.self_auditor import SelfAuditor

#: Key of the priorities that the Reflector set last, by task; where the file says otherwise, a hand did.
_PRIORITIES = "reflector.priorities"

#: Metric, path and block: what a finding and a task of ours have in common.
_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What one cycle changes, before anything is changed."""

    #: Findings that get a task, worst first.
    append: tuple[Finding, ...]
    #: Findings that would get one if fewer tasks were open.
    withheld: int
    close: tuple[ClosedTask, ...]
    #: Closed tasks whose finding is back or worse: the finding, and why.
    reopen: Mapping[str, tuple[Finding, str]]
    #: Open tasks whose block was renamed or moved, with its finding at the new place.
    moved: Mapping[str, Finding]
    #: The finding of each open task that stays.
    kept: Mapping[str, Finding]


class Reflector:
    """Writes the next tasks. Each call of ``run_cycle`` is one cycle; on unchanged code the second one changes nothing."""

    def __init__(self, *, auditor: SelfAuditor, memory: Memory, exists: Callable[[str], bool], max_open_tasks: int) -> None:
        self._auditor = auditor
        self._memory = memory
        self._exists = exists
        self._max_open_tasks = max_open_tasks

    def run_cycle(self) -> CycleReport:
        """Measure, append tasks for new findings, close tasks whose finding is gone. Raises EditRefused, StorageError."""
        report = self._auditor.measure()
        decisions = decide(report, self._memory.tasks, exists=self._exists, max_open_tasks=self._max_open_tasks)
        for closed in decisions.close:
            self._memory.transition(closed.task_id, closed.status, closed.reason)
        for name, (_, reason) in decisions.reopen.items():
            self._memory.transition(name, Status.PENDING, reason)
        updates = self._updates(decisions)
        self._set(updates)
        appended = self._memory.append(self._entry(finding, report) for finding in decisions.append)
        self._remember(appended, updates)
        return CycleReport(
            files=len(report.files),
            findings=len(report.findings),
            seconds=report.seconds,
            appended=appended,
            closed=decisions.close,
            updated=tuple(dict.fromkeys((*decisions.reopen, *updates))),
            open={name: unmet(finding) for name, finding in self._open(decisions, appended).items()},
            withheld=decisions.withheld,
            gap=report.gap,
            notes=report.notes,
        )

    @staticmethod
    def _open(decisions: Decisions, appended: Iterable[Task]) -> dict[str, Finding]:
        fresh = {task_id(finding.fingerprint): finding for finding in decisions.append}
        reopened = {name: finding for name, (finding, _) in decisions.reopen.items()}
        return {**decisions.kept, **decisions.moved, **reopened, **{task.id: fresh[task.id] for task in appended}}

    def _entry(self, finding: Finding, report: AuditReport) -> Mapping[str, object]:
        return refactor_entry(finding, self._auditor.advice(finding), report.shapes.get(finding.fingerprint, ""))

    def _updates(self, decisions: Decisions) -> dict[str, list[SetField]]:
        """Return the scalars that open entries of ours need changed, by task: place, before-value, priority."""
        tasks = {task.id: task for task in self._memory.tasks}
        updates: dict[str, list[SetField]] = {}
        for name, finding in decisions.moved.items():
            updates.setdefault(name, []).extend(_new_place(tasks[name], finding))
        for name, (finding, _) in decisions.reopen.items():
            updates.setdefault(name, []).append(SetField(task_id=name, path=("origin", "score"), value=number(finding.score)))
        remembered = self._memory.load(_PRIORITIES) or {}
        current = {**decisions.kept, **decisions.moved, **{name: finding for name, (finding, _) in decisions.reopen.items()}}
        for name, finding in current.items():
            wanted = priority(finding)
            if tasks[name].priority != wanted and remembered.get(name) == tasks[name].priority:
                updates.setdefault(name, []).append(SetField(task_id=name, path=("priority",), value=wanted))
        return updates

    def _set(self, updates: Mapping[str, list[SetField]]) -> None:
        """Change the fields; where a person laid an entry out such that it cannot be without guessing, it stays as it is."""
        try:
            self._memory.set_fields(edit for edits in updates.values() for edit in edits)
        except EditRefused:
            for edits in updates.values():
                for edit in edits:
                    with suppress(EditRefused):
                        self._memory.set_fields([edit])

    def _remember(self, appended: Iterable[Task], updates: Mapping[str, list[SetField]]) -> None:
        changed = {task.id: task.priority for task in appended}
        changed |= {edit.task_id: int(edit.value) for edits in updates.values() for edit in edits if edit.path == ("priority",)}
        if changed:
            self._memory.save(_PRIORITIES, {**(self._memory.load(_PRIORITIES) or {}), **changed})


def decide(report: AuditReport, tasks: Sequence[Task], *, exists: Callable[[str], bool], max_open_tasks: int) -> Decisions:
    """Compare findings with the Reflector's own tasks. ``exists`` says whether a path is still there."""
    own = [task for task in tasks if is_own(task)]
    matched, homeless = _match(report, own, {task.id for task in tasks})
    still_open = [task for task in own if task.status in OPEN]
    lost = [task for task in still_open if task.id not in matched]
    moved, close = _settle(lost, report, homeless, exists)
    reopen = _to_reopen(own, matched)
    fresh = tuple(homeless.values())
    room = max(0, max_open_tasks - len(still_open) + len(close) - len(reopen))
    return Decisions(
        append=fresh[:room],
        withheld=len(fresh[room:]),
        close=tuple(close),
        reopen=reopen,
        moved=moved,
        kept={task.id: matched[task.id] for task in still_open if task.id in matched},
    )


def _match(report: AuditReport, own: Iterable[Task], ids: Collection[str]) -> tuple[dict[str, Finding], dict[_Key, Finding]]:
    """Return the finding of each own task by id, and the findings that have no task, worst first."""
    findings = {_key(finding): finding for finding in report.findings}
    matched = {task.id: findings[_key_of(task)] for task in own if _key_of(task) in findings}
    housed = {_key(finding) for finding in matched.values()}
    homeless = {key: finding for key, finding in findings.items() if key not in housed and task_id(finding.fingerprint) not in ids}
    return matched, homeless


def _settle(
    lost: Iterable[Task], report: AuditReport, homeless: dict[_Key, Finding], exists: Callable[[str], bool]
) -> tuple[dict[str, Finding], list[ClosedTask]]:
    """Return, for tasks whose finding is no longer where it was, the one it is now (taken from ``homeless``), or how the task ends."""
    moved: dict[str, Finding] = {}
    close: list[ClosedTask] = []
    for task in lost:
        if finding := _same_shape(task, report, homeless.values()):
            moved[task.id] = homeless.pop(_key(finding))
        elif closing := _closing(task, report, exists):
            close.append(closing)
    return moved, close


def _to_reopen(own: Iterable[Task], matched: Mapping[str, Finding]) -> dict[str, tuple[Finding, str]]:
    """Return the tasks that had ended and are pending again: the finding, and why."""
    reasons = ((task.id, matched[task.id], _why_reopen(task, matched[task.id])) for task in own if task.id in matched)
    return {name: (finding, why) for name, finding, why in reasons if why}


def _key(finding: Finding) -> _Key:
    return (finding.metric.value, finding.path, finding.block)


def _key_of(task: Task) -> _Key:
    return (str(task.origin.get("metric")), *place_of(task))


def _same_shape(task: Task, report: AuditReport, homeless: Iterable[Finding]) -> Finding | None:
    """Return the finding without a task whose block does the same as the one the task was written for."""
    shape = task.origin.get("shape")
    if not shape or task.origin.get("metric") != Metric.COMPLEXITY:
        return None
    return next((finding for finding in homeless if report.shapes.get(finding.fingerprint) == shape), None)


def _closing(task: Task, report: AuditReport, exists: Callable[[str], bool]) -> ClosedTask | None:
    """Return how a task ends whose finding is gone; None while nobody can tell: its file cannot be read, its plugin not asked."""
    path, block = place_of(task)
    metric = str(task.origin.get("metric"))
    if not report.knows(metric, block):
        return None
    if not exists(path):
        return ClosedTask(task_id=task.id, status=Status.CANCELLED, reason=f"{path} is gone")
    if metric == Metric.PLUGIN:
        return ClosedTask(task_id=task.id, status=Status.DONE, reason=f"{place(path, block)}: its plugin finds it no more")
    measure = next((file.measure for file in report.files if file.path == path), None)
    if measure is None:
        return ClosedTask(task_id=task.id, status=Status.CANCELLED, reason=f"{path} is no longer audited")
    if measure.problem:
        return None
    before, after = number(float(task.origin.get("score", 0))), _score_now(task, measure)
    where = place(path, block)
    reason = f"{where} is gone" if after is None else f"{metric} of {where}: {before} → {after}"
    return ClosedTask(task_id=task.id, status=Status.DONE, reason=reason)


def _score_now(task: Task, measure: FileMeasure) -> int | float | None:
    _, block = place_of(task)
    if task.origin.get("metric") == Metric.MAINTAINABILITY:
        return number(measure.maintainability)
    if task.origin.get("metric") == Metric.UNREADABLE:
        return 0
    return max((found.complexity for found in measure.blocks if found.name == block), default=None)


def _why_reopen(task: Task, finding: Finding) -> str:
    """Return why a task that had ended is pending again; empty when it is not."""
    before = float(task.origin.get("score", 0))
    if task.status is Status.CANCELLED and is_worse(finding.metric, finding.score, before):
        return f"cancelled at {before:g}, its finding is worse now: {finding.score:g}"
    if task.status is Status.DONE:
        return f"its finding is back: {finding.score:g}"
    return ""


def _new_place(task: Task, finding: Finding) -> list[SetField]:
    """Return the edits that make an entry name its block's new place; its id and before-value stay."""
    path, block = place_of(task)
    edits = [
        SetField(task_id=task.id, path=("origin", key), value=new)
        for key, old, new in (("path", path, finding.path), ("block", block, finding.block))
        if old != new
    ]
    description = task.description.replace(place(path, block), place(finding.path, finding.block))
    if description != task.description:
        edits.append(SetField(task_id=task.id, path=("description",), value=description))
    return edits
