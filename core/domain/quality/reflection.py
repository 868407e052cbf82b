"""What one reflection cycle decides and reports: which findings get a task, which tasks end, which are open again. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from core.domain.quality.audit import AuditReport
from core.domain.quality.finding import Finding
from core.domain.quality.finding_matches import FindingMatches, can_be_written, match_findings_to_tasks
from core.domain.quality.judged_task import gating_checks
from core.domain.quality.metric import FileMeasure, Metric
from core.domain.quality.refactor_task import cancelled_by_us, is_anothers, is_own, number, place, place_of, reaches_threshold, score_now
from core.domain.quality.trend import Direction, direction
from core.domain.runs.reasons import Code, Reason, words
from core.domain.tasks.entry import SetField
from core.domain.tasks.task import OPEN, Status, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedTask:
    """A task of the Reflector's own that it brought to an end."""

    task_id: str
    status: Status
    #: With the after-value, or why its place is gone.
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleReport:
    """One measure → decide → append / close."""

    files: int
    findings: int
    seconds: float
    appended: tuple[Task, ...] = ()
    closed: tuple[ClosedTask, ...] = ()
    #: Ids whose priority or place was brought up to date.
    updated: tuple[str, ...] = ()
    #: Open tasks of the Reflector's own with what was just measured, e.g. "complexity is 23, at most 10 is wanted".
    open: Mapping[str, str] = field(default_factory=dict)
    #: Tasks whose finding is gone and that stay open, with the reason: a gating check has not passed.
    unproven: Mapping[str, str] = field(default_factory=dict)
    #: Findings that have no task because ``reflect.max_open_tasks`` are open.
    withheld: int = 0
    #: Why findings can have no task, a sentence each.
    without_task: tuple[str, ...] = ()
    #: Why there is no trend, or a short one; empty when history is whole.
    gap: str = ""
    #: What a person should know, a sentence each: plugins whose findings are unknown, findings without a task.
    notes: tuple[str, ...] = ()

    @property
    def changed_backlog(self) -> bool:
        return bool(self.appended or self.closed or self.updated)


#: Statuses of tasks that count against the limit, and that end when their finding is gone.
UNFINISHED = OPEN | {Status.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What one cycle changes, before anything is changed."""

    #: Findings that get a task, worst first.
    append: tuple[Finding, ...]
    #: Tasks that had ended and are pending again, with the reason.
    reopen: Mapping[str, Reason]
    close: tuple[ClosedTask, ...]
    #: The finding of each task of ours that is not done, or is open again, wherever it is by now.
    found: Mapping[str, Finding]
    #: Fingerprint → shape of the finding's block or file.
    shapes: Mapping[str, str]
    #: Findings that would have an open task if fewer were open.
    withheld: int = 0
    #: Why findings can have no task, a sentence each.
    without_task: tuple[str, ...] = ()


def decide(
    report: AuditReport,
    tasks: Sequence[Task],
    *,
    exists: Callable[[str], bool],
    max_open_tasks: int,
    accepted: Mapping[str, str] = MappingProxyType({}),
) -> Decisions:
    """Compare findings with the Reflector's own tasks. ``exists`` says whether a path is still there.

    ``accepted``: fingerprint → what accepts the finding, the name of a file: none of them gets or keeps a task.
    """
    own = [task for task in tasks if is_own(task)]
    known = match_findings_to_tasks(tasks, report)
    unfinished = [task for task in own if task.status in UNFINISHED]
    close = (*_closings(unfinished, known.found, report, exists), *_accepted(unfinished, known.found, accepted))
    ended = _open_again(own, known.found)
    wanted = _wanting(report, own, known, ended, accepted)
    room = max(0, max_open_tasks - len(unfinished) + len(close))
    reopen = {name: ended[name] for _, name in wanted[:room] if name}
    return Decisions(
        append=tuple(finding for finding, name in wanted[:room] if not name),
        reopen=reopen,
        close=close,
        found=_followed(known.found, own, reopen),
        shapes=known.shapes,
        withheld=len(wanted[room:]),
        without_task=_without_task(report.findings),
    )


def _wanting(
    report: AuditReport, own: Iterable[Task], known: FindingMatches, ended: Mapping[str, Reason], accepted: Collection[str]
) -> list[tuple[Finding, str]]:
    """Return the findings that should have an open task and have none, worst first, each with the task to open again, if there is one."""
    holders: dict[str, list[str]] = {}
    for task in own:
        if task.id in known.found:
            holders.setdefault(known.found[task.id].fingerprint, []).append(task.id)
    again = {fingerprint: names[0] for fingerprint, names in holders.items() if all(name in ended for name in names)}
    candidates = {**again, **{finding.fingerprint: "" for finding in known.unmatched}}
    wanted = candidates.keys() - set(accepted)
    return [(finding, candidates[finding.fingerprint]) for finding in report.findings if finding.fingerprint in wanted]


def _open_again(own: Iterable[Task], found: Mapping[str, Finding]) -> dict[str, Reason]:
    """Return the tasks that had ended and should be pending again, if there is room, with the reason."""
    reasons = ((task.id, _why_reopen(task, found[task.id])) for task in own if task.id in found)
    return {name: why for name, why in reasons if why}


def _why_reopen(task: Task, finding: Finding) -> Reason | None:
    """Return why a task that had ended should be pending again; None when it should not.

    What a person cancelled is, when its finding is worse than it was then; what we cancelled, when its finding is there at all.
    """
    if task.status is Status.DONE or cancelled_by_us(task):
        return Code.FINDING_BACK.of(number(finding.score))
    before, now = float(task.origin.get("score", 0)), float(number(finding.score))
    if task.status is Status.CANCELLED and direction(finding.metric, (before, now)) is Direction.WORSENING:
        return Code.FINDING_WORSE.of(before, now)
    return None


def _closings(
    unfinished: Iterable[Task], found: Mapping[str, Finding], report: AuditReport, exists: Callable[[str], bool]
) -> tuple[ClosedTask, ...]:
    """Return the closings of tasks whose finding is gone."""
    measures = {file.path: file.measure for file in report.files}
    lost = (task for task in unfinished if task.id not in found)
    closings = (_closing(task, report, measures.get(place_of(task)[0]), exists) for task in lost)
    return tuple(closing for closing in closings if closing)


def _accepted(unfinished: Iterable[Task], found: Mapping[str, Finding], accepted: Mapping[str, str]) -> Iterator[ClosedTask]:
    """Yield the closings of tasks whose finding is among the accepted ones."""
    by = ((task.id, accepted.get(found[task.id].fingerprint)) for task in unfinished if task.id in found)
    return (ClosedTask(task_id=name, status=Status.CANCELLED, reason=Code.ACCEPTED.of(where)) for name, where in by if where)


def _closing(task: Task, report: AuditReport, measure: FileMeasure | None, exists: Callable[[str], bool]) -> ClosedTask | None:
    """Return how a task ends whose finding is gone; None while nobody can tell: its file cannot be read, its plugin not asked."""
    path, block = place_of(task)
    metric = str(task.origin.get("metric"))
    if not report.knows(metric, block) or (measure and measure.problem):
        return None
    if measure is None and not exists(path):
        return ClosedTask(task_id=task.id, status=Status.CANCELLED, reason=Code.GONE.of(path))
    if metric == Metric.PLUGIN:
        return ClosedTask(task_id=task.id, status=Status.DONE, reason=Code.NOT_FOUND_BY_PLUGIN.of(place(path, block)))
    if measure is None:
        return ClosedTask(task_id=task.id, status=Status.CANCELLED, reason=Code.NOT_AUDITED.of(path))
    return _closing_by_score(task, metric, measure, report.findings)


def _closing_by_score(task: Task, metric: str, measure: FileMeasure, findings: Iterable[Finding]) -> ClosedTask:
    """Return how a task ends whose place was measured and is no finding; a threshold that was loosened has mended nothing."""
    where, before, after = place(*place_of(task)), number(float(task.origin.get("score", 0))), score_now(task, measure)
    if after is None or is_anothers(task, measure, findings):
        return ClosedTask(task_id=task.id, status=Status.DONE, reason=Code.GONE.of(where))
    if reaches_threshold(task, after):
        return ClosedTask(task_id=task.id, status=Status.DONE, reason=Code.SCORE_CHANGED.of(metric, where, before, after))
    wanted = number(float(task.origin["threshold"]))
    return ClosedTask(task_id=task.id, status=Status.CANCELLED, reason=Code.THRESHOLD_LOOSENED.of(metric, where, after, wanted))


def _followed(found: Mapping[str, Finding], own: Iterable[Task], reopen: Collection[str]) -> dict[str, Finding]:
    """Return what was found but for tasks that are done and stay so: they are left alone."""
    done = {task.id for task in own if task.status is Status.DONE}.difference(reopen)
    return {name: finding for name, finding in found.items() if name not in done}


def _without_task(findings: Iterable[Finding]) -> tuple[str, ...]:
    paths = dict.fromkeys(finding.path for finding in findings if not can_be_written(finding))
    return tuple(f"{_legible(path)} gets no task: its name is not UTF-8, and a tasks file is" for path in paths)


def _legible(path: str) -> str:
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def unproven(close: Iterable[ClosedTask], tasks: Sequence[Task], passed: Collection[str]) -> dict[str, str]:
    """Return the tasks that cannot be done although their finding is gone, with the reason. ``passed`` are the checks that have passed."""
    found = {}
    for closing in close:
        if closing.status is Status.DONE:
            missing = [check.id for check in gating_checks(tasks, closing.task_id) if check.id not in passed]
            if missing:
                found[closing.task_id] = f"its finding is gone, but the gating check {missing[0]} has not passed in this run"
    return found


def cancellation_edits(closings: tuple[ClosedTask, ...]) -> Iterator[SetField]:
    """Yield the edits that mark cancellations as the Reflector's own."""
    for closing in closings:
        if closing.status is Status.CANCELLED:
            yield SetField(task_id=closing.task_id, path=("origin", "closed"), value=words(closing.reason))
