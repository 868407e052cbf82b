"""Which finding each task of the Reflector's is about, wherever its block or file is by now. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b

from core.domain.quality.audit import AuditReport
from core.domain.quality.finding import Finding, Key, nearness
from core.domain.quality.metric import FileMeasure, Metric
from core.domain.quality.refactor_task import is_own, place_of, task_id
from core.domain.tasks.task import Status, Task

_DIGEST_BYTES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingMatches:
    """Findings matched to tasks."""

    #: The finding that a task of ours is about, by the task's id; a task whose finding is gone is not in it.
    found: Mapping[str, Finding]
    #: Findings that no task is about, worst first.
    unmatched: tuple[Finding, ...]
    #: Fingerprint → shape of the finding's block or file; empty where it has none.
    shapes: Mapping[str, str]


def match_findings_to_tasks(tasks: Sequence[Task], report: AuditReport) -> FindingMatches:
    """Match findings to the tasks that are about them.

    A task is about the finding of its metric, path and block. Where there is none, it is about an unmatched finding of its
    shape: a block that was renamed or moved, a file that was moved. What is left may belong to a finished task: it is back.
    A finding whose id a person's own task has is left out.
    """
    shapes = _shapes(report)
    own = [task for task in tasks if is_own(task)]
    unfinished = [task for task in own if task.status is not Status.DONE]
    findings = {finding.key: finding for finding in report.findings if can_be_written(finding)}
    found = {task.id: findings[_key_of(task)] for task in unfinished if _key_of(task) in findings}
    free = _without(findings, found.values(), tasks)
    found |= _match_by_shape(unfinished, found, free, shapes)
    found |= _match_done(own, free)
    return FindingMatches(found=found, unmatched=tuple(free.values()), shapes=shapes)


def can_be_written(finding: Finding) -> bool:
    """Return whether a tasks file can name the finding's place: a file's name may be no text."""
    try:
        f"{finding.path}{finding.block}".encode()
    except UnicodeEncodeError:
        return False
    return True


def _key_of(task: Task) -> Key:
    return (str(task.origin.get("metric")), *place_of(task))


def _without(findings: Mapping[Key, Finding], matched: Iterable[Finding], tasks: Iterable[Task]) -> dict[Key, Finding]:
    """Return the findings that are not ``matched``, and whose id no person's task has."""
    keys = {finding.key for finding in matched}
    ids = {task.id for task in tasks if not is_own(task)}
    return {key: finding for key, finding in findings.items() if key not in keys and task_id(finding.fingerprint) not in ids}


def _match_by_shape(
    unfinished: Iterable[Task], found: Collection[str], free: dict[Key, Finding], shapes: Mapping[str, str]
) -> dict[str, Finding]:
    """Move findings with the shape that a task without a finding recorded out of ``free``; return them by the task's id."""
    matched: dict[str, Finding] = {}
    for task in unfinished:
        if task.id not in found and (twin := _twin(task, free.values(), shapes)):
            matched[task.id] = free.pop(twin.key)
    return matched


def _match_done(own: Iterable[Task], free: dict[Key, Finding]) -> dict[str, Finding]:
    """Move findings at the place of a finished task out of ``free``: they are back. Return them by the task's id."""
    done = (task for task in own if task.status is Status.DONE)
    return {task.id: back for task in done if (back := free.pop(_key_of(task), None))}


def _twin(task: Task, free: Iterable[Finding], shapes: Mapping[str, str]) -> Finding | None:
    """Return the nearest finding of the task's metric and shape; None where there is none."""
    metric, shape = task.origin.get("metric"), task.origin.get("shape")
    twins = (finding for finding in free if finding.metric == metric and shapes.get(finding.fingerprint) == shape)
    return min(twins, key=partial(nearness, place_of(task)[0]), default=None) if shape else None


def _shapes(report: AuditReport) -> dict[str, str]:
    measures = {file.path: file.measure for file in report.files}
    files = (finding for finding in report.findings if finding.metric is Metric.MAINTAINABILITY)
    return {**report.shapes, **{finding.fingerprint: _file_shape(measures[finding.path]) for finding in files if finding.path in measures}}


def _file_shape(measure: FileMeasure) -> str:
    """Return a short hash of a file's make-up, which other imports and comments leave as it is."""
    blocks = sorted((block.name, block.complexity) for block in measure.blocks)
    counts = measure.halstead and (measure.halstead.h1, measure.halstead.h2, measure.halstead.N1, measure.halstead.N2)
    lines = measure.raw and measure.raw.lloc
    return blake2b(repr((blocks, counts, lines)).encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).hexdigest()
