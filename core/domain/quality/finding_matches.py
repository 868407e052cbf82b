"""Which finding each task of the Reflector's is about, wherever its block or file is by now. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.domain.quality.audit import AuditReport
from core.domain.quality.finding import Accepted, Finding, Key
from core.domain.quality.identity import match
from core.domain.quality.metric import Metric
from core.domain.quality.refactor_task import is_own, place_of, task_id
from core.domain.quality.shape import exact
from core.domain.quality.verdict import accept
from core.domain.tasks.task import Status, Task

_METRICS = {metric.value for metric in Metric}


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingMatches:
    """Findings matched to tasks."""

    #: The finding that a task of ours is about, by the task's id; a task whose finding is gone is not in it.
    found: Mapping[str, Finding]
    #: Findings that no task is about, worst first.
    unmatched: tuple[Finding, ...]
    #: Fingerprint → hash of the finding's block or file, as a task records it; empty where it has none.
    shapes: Mapping[str, str]


def match_findings_to_tasks(tasks: Sequence[Task], report: AuditReport) -> FindingMatches:
    """Match findings to the tasks that are about them, as ``identity.match`` says; of code, tasks record only the hash.

    What is left may belong to a finished task: it is back. A finding whose id a person's own task has is only that of a task
    about its very place.
    """
    shapes = {fingerprint: exact(shape) for fingerprint, shape in report.shapes.items()}
    own = [task for task in tasks if is_own(task) and task.origin.get("metric") in _METRICS]
    unfinished = _by_place(task for task in own if task.status is not Status.DONE)
    findings = _that_may_have_tasks(report.findings, tasks, unfinished)
    found = _matched(findings, list(unfinished.values()), shapes)
    matched = {finding.key for finding in found.values()}
    free = {finding.key: finding for finding in findings if finding.key not in matched}
    found |= _match_done(own, free)
    return FindingMatches(found=found, unmatched=tuple(free.values()), shapes=shapes)


def _matched(findings: Sequence[Finding], about: Sequence[Sequence[Task]], shapes: Mapping[str, str]) -> dict[str, Finding]:
    """Return the finding of each task by its id; ``about`` are the tasks of each place."""
    now = [accept(finding, shapes.get(finding.fingerprint, "")) for finding in findings]
    pairs = match(now, [_recorded(tasks[0]) for tasks in about])
    return {task.id: findings[position] for position, known in pairs.items() for task in about[known]}


def _by_place(tasks: Iterable[Task]) -> dict[Key, list[Task]]:
    found: dict[Key, list[Task]] = {}
    for task in tasks:
        found.setdefault(_recorded(task).key, []).append(task)
    return found


def _that_may_have_tasks(findings: Iterable[Finding], tasks: Iterable[Task], places: Collection[Key]) -> list[Finding]:
    """Return the findings that can be written, and whose id no person's task has unless their place is among ``places``."""
    personal = {task.id for task in tasks if not is_own(task)}
    writable = (finding for finding in findings if can_be_written(finding))
    return [finding for finding in writable if finding.key in places or task_id(finding.fingerprint) not in personal]


def can_be_written(finding: Finding) -> bool:
    """Return whether a tasks file can name the finding's place: a file's name may be no text."""
    try:
        f"{finding.path}{finding.block}".encode()
    except UnicodeEncodeError:
        return False
    return True


def _recorded(task: Task) -> Accepted:
    """Return the finding that a task was written for, as far as it tells."""
    path, block = place_of(task)
    score, shape = task.origin.get("score"), task.origin.get("shape", "")
    known = float(score) if isinstance(score, int | float) else 0.0
    return Accepted(path=path, block=block, metric=Metric(task.origin["metric"]), score=known, shape=str(shape))


def _match_done(own: Iterable[Task], free: dict[Key, Finding]) -> dict[str, Finding]:
    """Move findings at the place of a finished task out of ``free``: they are back. Return them by the task's id."""
    done = (task for task in own if task.status is Status.DONE)
    return {task.id: back for task in done if (back := free.pop(_recorded(task).key, None))}
