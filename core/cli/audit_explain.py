"""``orchestrator audit --explain``: everything about one finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from core.assembly.audit import open_audit, read_tasks
from core.assembly.container import Container
from core.cli.audit_flow import checked_reporter
from core.cli.audit_report import AuditOptions
from core.domain.quality.audit import AuditedFile, AuditReport
from core.domain.quality.finding import Finding, name_of
from core.domain.quality.finding_matches import match_findings_to_tasks
from core.domain.quality.metric import FileMeasure, Metric
from core.domain.quality.metric_spec import CHOICES
from core.domain.quality.refactor_task import is_own, new_task_id, place, place_of, refactor_entry
from core.domain.quality.shape import exact
from core.domain.quality.verdict import GateReport, Judged
from core.domain.tasks.task import Task
from core.errors import UsageError
from core.reports.audit.explain import Story, story_json, story_text
from core.schema.wording import nearest
from core.self_auditor import SelfAuditor
from core.terminal.console import Console

#: Fingerprint → the task about that finding.
_Owners = Mapping[str, Task]


def show_explanation(console: Console, container: Container, options: AuditOptions, *, done: Callable[[], None]) -> int:
    """Show everything about the finding that ``options.explain`` names; ``done`` is called when everything is measured.

    Raises UsageError when it names none, with the nearest name, and for options as ``run_audit`` does.
    """
    checked_reporter(container, options)
    try:
        auditor, gate = open_audit(container, history=options.history, since=options.since, coverage=options.coverage)
        report = gate.audit_since(options.since) if options.since else gate.audit()
        story = _story(auditor, report, read_tasks(container), options.explain)
    finally:
        done()
    if options.format == "json":
        return console.say_json(story_json(story))
    return console.say(story_text(story, console.stdout.style()))


def _story(auditor: SelfAuditor, gate: GateReport, tasks: Sequence[Task], wanted: str) -> Story:
    owners = _owners(tasks, gate.report)
    judged = find(gate, wanted, tasks, owners)
    finding = judged.finding
    advice = auditor.advice(finding)
    return Story(
        judged=judged,
        against=gate.against,
        file=next((file for file in gate.report.files if file.path == finding.path), AuditedFile(path=finding.path, measure=FileMeasure())),
        advice=advice,
        entry=refactor_entry(finding, advice, exact(gate.report.shapes.get(finding.fingerprint, "")), {task.id for task in tasks}),
        task=owners.get(finding.fingerprint),
        beside=_beside(gate, finding),
        gap=gate.report.gap,
    )


def _beside(gate: GateReport, finding: Finding) -> tuple[Judged, ...]:
    """Return the other findings of a finding's place."""
    there = (finding.path, finding.block, finding.line)
    found = (judged for judged in gate.judgement.judged if judged.finding.metric is not finding.metric)
    return tuple(judged for judged in found if (judged.finding.path, judged.finding.block, judged.finding.line) == there)


def find(gate: GateReport, wanted: str, tasks: Iterable[Task], owners: _Owners) -> Judged:
    """Return the finding with a fingerprint, a place ``PATH::BLOCK``, or the id of the task that it is or would be.

    A name that several blocks of the file have stands for the worst of them, unless it is one's full name. Raises UsageError.
    """
    names: dict[str, Judged] = {}
    by_id = {task.id: task for task in tasks}
    for judged in gate.judgement.judged:
        finding, owner = judged.finding, owners.get(judged.finding.fingerprint)
        names.setdefault(f"{finding.path}::{finding.block}" if finding.block else finding.path, judged)
        names[finding.fingerprint] = judged
        names[owner.id if owner else new_task_id(finding.fingerprint, by_id)] = judged
    names = {**_short_names(gate), **names}
    if wanted in names:
        return names[wanted]
    if wanted in by_id and is_own(by_id[wanted]):
        raise _without_finding(by_id[wanted])
    raise UsageError(f"no finding {wanted}", hint=_measured(gate, wanted) or _hint(wanted, names))


def _short_names(gate: GateReport) -> dict[str, Judged]:
    """Return the worst finding of each name in a file, without what tells namesakes apart."""
    names: dict[str, Judged] = {}
    for judged in gate.judgement.judged:
        if judged.finding.block:
            names.setdefault(f"{judged.finding.path}::{name_of(judged.finding.metric, judged.finding.block)}", judged)
    return names


def _owners(tasks: Sequence[Task], report: AuditReport) -> _Owners:
    """Return the Reflector's task about each finding that has one, as the next cycle will see it."""
    by_id = {task.id: task for task in tasks}
    return {finding.fingerprint: by_id[name] for name, finding in match_findings_to_tasks(tasks, report).found.items()}


def _without_finding(task: Task) -> UsageError:
    about = f"{task.origin.get('metric')} of {place(*place_of(task))}"
    return UsageError(
        f"no finding {task.id}: nothing is over a threshold any more where that task was about {about}; it is {task.status}",
        hint=f"orchestrator history {task.id}",
    )


def _measured(gate: GateReport, wanted: str) -> str:
    """Return what was measured at a place that is no finding, or its whole name; empty when nothing was."""
    path, _, name = wanted.partition("::")
    file = next((file for file in gate.report.files if file.path == path), None)
    if file is None:
        return ""
    if name:
        return _measured_block(file, name, gate.report.metrics)
    if Metric.MAINTAINABILITY not in gate.report.metrics:
        return f"maintainability is not measured here; measured is {', '.join(_in_order(gate.report.metrics))}"
    return f"{path} has a maintainability index of {file.measure.maintainability:.1f}, which is within the threshold"


def _measured_block(file: AuditedFile, name: str, metrics: frozenset[str]) -> str:
    block = file.measure.block(name)
    if block is None:
        whole = [each.full_name for each in file.measure.blocks if each.name.endswith(f".{name}")]
        return f"did you mean {file.path}::{whole[0]}?" if len(whole) == 1 else ""
    place = f"{file.path}:{block.line} {name}"
    if Metric.COMPLEXITY in metrics:
        return f"{place} is within the thresholds; its complexity is {block.complexity}"
    return f"{place} is within the thresholds of {', '.join(_in_order(metrics))}"


def _in_order(metrics: frozenset[str]) -> list[str]:
    return [metric.value for metric in Metric if metric in metrics and metric.value in CHOICES]


def _hint(wanted: str, names: Mapping[str, Judged]) -> str:
    near = nearest(wanted, names, typed=True)
    return f"did you mean {near}?" if near else "orchestrator audit lists the findings; a place is PATH::BLOCK"
