"""The gate: measure, compare with what was accepted, say what does not pass. The baseline only ever shrinks by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from core.domain.quality.audit import AuditReport
from core.domain.quality.baseline import accept_all, ratchet
from core.domain.quality.coverage import NewCodeCoverage
from core.domain.quality.finding import Accepted, Finding, plugin_of
from core.domain.quality.finding_matches import match_findings_to_tasks
from core.domain.quality.history import ChangeSet
from core.domain.quality.inline_acceptance import accepted_in_code
from core.domain.quality.metric import Metric
from core.domain.quality.metric_spec import BLOCK_METRICS, SPECS
from core.domain.quality.over_threshold import in_their_files, worst_first
from core.domain.quality.refactor_task import is_anothers, is_own, metric_of, number, place, place_of, reaches_threshold, score_now
from core.domain.quality.silences import Silences, judged_with_silences
from core.domain.quality.task_place import measured_place
from core.domain.quality.verdict import Delta, FailOn, GateReport, Judged, Judgement, TaskCheck, accept, former_paths, judge
from core.domain.runs.variables import MeasuredPlace
from core.domain.tasks.task import Task
from core.errors import InvalidFile, StorageError, UsageError
from core.ports.code import BaselineFile, Repository
from core.self_auditor import SelfAuditor

#: Whether a path is among those asked for.
_Scope = Callable[[str], bool]
_ADVISED = (Metric.MAINTAINABILITY, *BLOCK_METRICS)


class Gate:
    """Judges one repository. ``paths`` are relative to it: files and directories, none meaning all."""

    def __init__(
        self,
        *,
        auditor: SelfAuditor,
        baseline: BaselineFile,
        baseline_name: str,
        repository: Repository,
        coverage: Callable[[ChangeSet], NewCodeCoverage] | None = None,
        silences: Callable[[], Silences] = Silences,
    ) -> None:
        """``coverage`` says what tests run of a change; None: that is not judged.

        ``silences`` returns what a branch silences, by the base that judges it; nothing where the work tree judges itself.
        """
        self._auditor = auditor
        self._baseline = baseline
        self._name = baseline_name
        self._repository = repository
        self._coverage = coverage
        self._silences = silences

    def audit(self, paths: Sequence[str] = (), *, fail_on: FailOn | None = None, shrink: bool = False) -> GateReport:
        """Measure and compare with the baseline; ``shrink`` lets it lose what got better.

        Without ``fail_on``: new and worse findings do not pass; any finding, where there is no baseline.
        Raises InvalidFile for a baseline that is none, UsageError where there is nothing to measure, StorageError.
        """
        known = self._baseline.read()
        report = self._measured(paths, fail_on, known)
        accepted = known or ()
        judgement = self._judged(report, accepted, _scope(paths))
        notes = () if known is None else self._ratchet(judgement, accepted, report, shrink=shrink and bool(report.files))
        found = GateReport(
            report=report,
            judgement=judgement,
            fail_on=fail_on or (FailOn.ANY if known is None else FailOn.WORSE),
            against="" if known is None else self._name,
            notes=(*notes, *report.notes),
        )
        return judged_with_silences(found, self._silences(), _scope(paths))

    def accept_all(self, paths: Sequence[str] = (), *, fail_on: FailOn | None = None) -> GateReport:
        """Measure and write a baseline that accepts what was found; nothing is new or worse then.

        What it accepts outside of ``paths`` stays. A file that is no baseline is written over. Raises UsageError, StorageError.
        """
        known = self._known(paths)
        report = self._measured(paths, None, known)
        in_scope = _scope(paths)
        in_code = accepted_in_code(report)
        accepted = accept_all(report, known, in_scope, in_code.reasons)
        before = self._judged(report, known, in_scope)
        self._baseline.write(accepted)
        note = f"{self._name}: {len(accepted)} accepted{_difference(before)}"
        notes = (note, *report.notes, *in_code.notes)
        judgement = self._judged(report, accepted, in_scope).accepting(in_code.reasons)
        return GateReport(report=report, judgement=judgement, fail_on=fail_on or FailOn.WORSE, against=self._name, notes=notes)

    def audit_since(self, revision: str, paths: Sequence[str] = (), *, fail_on: FailOn | None = None) -> GateReport:
        """Measure what changed since a revision of git, at both ends; where coverage is judged, also whether tests run what is new.

        Raises UsageError with what to fetch where the revision is not here, StorageError.
        """
        changes = self._repository.changed_since(revision)
        report, judgement = self._judged_change(changes, _scope(paths))
        found = GateReport(
            report=report,
            judgement=judgement,
            fail_on=fail_on or FailOn.WORSE,
            against=revision if not changes.base or changes.base.startswith(revision) else f"{revision} ({changes.base[:7]})",
            notes=(changes.note,) if changes.note else (),
        )
        judged = judged_with_silences(found, self._silences(), _scope(paths))
        return judged if self._coverage is None else _with_coverage(judged, self._coverage(_part(changes, _scope(paths))))

    def _judged(self, report: AuditReport, accepted: Iterable[Accepted], in_scope: _Scope) -> Judgement:
        """Compare what was found in a scope with what was accepted there, and with what may have moved there from elsewhere."""
        known = [each for each in accepted if report.knows(each.metric, each.block)]
        here = [each for each in known if in_scope(each.path)]
        judgement = judge(report.findings, report.shapes, here)
        origins = former_paths(judgement, report.shapes, (each for each in known if not in_scope(each.path)))
        if not origins:
            return judgement
        # It is a move only if the finding is gone from its old place.
        there = self._auditor.measure(sorted(origins))
        here += [each for each in known if each.path in origins]
        findings, shapes = (*report.findings, *there.findings), {**report.shapes, **there.shapes}
        return judge(findings, shapes, here).within(in_scope)

    def _judged_change(self, change_set: ChangeSet, in_scope: _Scope) -> tuple[AuditReport, Judgement]:
        """Measure the changes in a scope at both ends and compare; what is new there may have moved from a change elsewhere."""
        part = _part(change_set, in_scope)
        report, base = self._auditor.measure_change(part)
        judgement = _compared(report, base)
        if part == change_set or not judgement.count(Delta.NEW):
            return report, judgement
        return report, _compared(*self._auditor.measure_change(change_set)).within(in_scope)

    def _measured(self, paths: Sequence[str], fail_on: FailOn | None, known: Sequence[Accepted] | None) -> AuditReport:
        """Measure; without a single file there is nothing that could pass, and no entry of the baseline that could be gone.

        A repository of which nobody said what to measure, and of which nothing is accepted, may have nothing but tests.
        """
        report = self._auditor.measure(paths or None)
        if report.files:
            return report
        none = "audit.include and audit.exclude select no file" + (f" in {', '.join(paths)}" if paths else "")
        if fail_on is FailOn.NEVER or not (paths or known or self._auditor.has_own_selection):
            return replace(report, notes=(*report.notes, f"nothing was measured: {none}"))
        raise UsageError(
            f"nothing was measured, so nothing can be judged: {none}",
            hint="orchestrator config show tells both and where they were set; a file that is named outright is measured all the same",
        )

    def _known(self, paths: Sequence[str]) -> tuple[Accepted, ...]:
        try:
            return self._baseline.read() or ()
        except InvalidFile:
            if paths:
                raise
            return ()

    def _ratchet(self, judgement: Judgement, known: Sequence[Accepted], report: AuditReport, *, shrink: bool) -> tuple[str, ...]:
        ratcheted = ratchet(judgement, known, report.shapes)
        parts = ((ratcheted.gone, "gone"), (ratcheted.lowered, "better"), (ratcheted.moved, "moved"), (ratcheted.edited, "edited"))
        what = ", ".join(f"{number} {word}" for number, word in parts if number)
        if not shrink:
            return (f"{self._name} can shrink ({what}): run orchestrator audit on your machine and commit it",) if ratcheted.changed else ()
        if not what:
            return ()
        try:
            self._baseline.write(ratcheted.accepted)
        except StorageError as error:
            return (f"{error}; it could be brought up to date ({what})",)
        return (f"{self._name} {'shrank' if ratcheted.changed else 'was brought up to date'} ({what}): commit it",)


def advised(auditor: SelfAuditor, gate: GateReport, shown: Iterable[Judged]) -> list[Judged]:
    """Return findings with what to do about those that are new or worse than what was compared with.

    Advice reads and weighs the code again; for all that was ever accepted, that would take longer than the audit.
    """
    fresh = (Delta.NEW, Delta.WORSE) if gate.against else ()
    return [
        replace(judged, finding=replace(judged.finding, suggestion=auditor.advice(judged.finding)))
        if judged.delta in fresh and judged.finding.metric in _ADVISED
        else judged
        for judged in shown
    ]


def check_task(auditor: SelfAuditor, task: Task, others: Iterable[Task] = ()) -> TaskCheck:
    """Measure the one file that a task of the Reflector's is about, or ask its plugin, and say whether its finding is gone.

    A block that has another name now, and does the same, is not gone. What one of the ``others``, tasks of the same backlog, is
    about is none of this one's. Raises UsageError for a task of another kind.
    """
    if not is_own(task):
        raise UsageError(f"{task.id} was not written by a reflection cycle", hint=f"orchestrator show {task.id}")
    path, block = place_of(task)
    if task.origin.get("metric") == Metric.PLUGIN:
        return _check_plugin(auditor.run_plugin_auditor(plugin_of(block)), task)
    report = auditor.measure([path])
    if not report.files:
        return TaskCheck(task_id=task.id, gone=False, reason=f"{path} is not there; the next reflection cycle settles the task")
    metric = metric_of(task)
    problem = report.files[0].measure.problem
    if problem and metric is not Metric.UNREADABLE:
        return TaskCheck(task_id=task.id, gone=False, reason=f"{path} cannot be measured: {problem}")
    found = _finding_of(task, report, others)
    where, before = place(path, block), number(float(task.origin.get("score", 0)))
    if found is None:
        return _check_score(task, report, metric, f"{metric} of {where}: {before} → ")
    name = f" (now `{found.block}`)" if found.block != block else ""
    reason = f"{metric} of {where}{name}: {before} → {number(found.score)}, {SPECS[metric].wanted(found.threshold)}"
    return TaskCheck(task_id=task.id, gone=False, reason=found.problem or reason)


def place_now(auditor: SelfAuditor, task: Task) -> MeasuredPlace | None:
    """Measure the one file that a task of the Reflector's is about and say where its code is now; None where it is not there.

    What a plugin found has no place that could be measured without it.
    """
    path, block = place_of(task)
    if task.origin.get("metric") == Metric.PLUGIN or not (report := auditor.measure([path])).files:
        return None
    found = _finding_of(task, report)
    if found is not None:
        return measured_place(task, found, auditor.advice(found))
    measure = report.files[0].measure
    score_of_place, wanted = score_now(task, measure), task.origin.get("threshold")
    one = measure.block(block) if block else None
    if score_of_place is None or not isinstance(wanted, int | float):
        return None
    lines = (one.line, one.end_line) if one else (1, measure.lines)
    return MeasuredPlace(line=lines[0], end_line=lines[1], score=score_of_place, threshold=wanted)


def _check_score(task: Task, report: AuditReport, metric: Metric, change: str) -> TaskCheck:
    """Judge a place that is no finding now, by the threshold for which the task was written: a looser one has mended nothing."""
    measure = report.files[0].measure
    score = None if is_anothers(task, measure, report.findings) else score_now(task, measure)
    if score is not None and not reaches_threshold(task, score):
        reason = f"{change}{score}, {number(float(task.origin['threshold']))} was wanted; its threshold was loosened"
        return TaskCheck(task_id=task.id, gone=False, reason=f"{reason}: the next reflection cycle cancels the task")
    now = "gone" if score is None else "readable" if metric is Metric.UNREADABLE else str(score)
    return TaskCheck(task_id=task.id, gone=True, reason=f"{change}{now}")


def _check_plugin(report: AuditReport, task: Task) -> TaskCheck:
    path, block = place_of(task)
    if not report.knows(Metric.PLUGIN, block):
        reason = "; ".join(report.notes) or f"plugin {plugin_of(block)} is not granted here as an auditor"
        return TaskCheck(task_id=task.id, gone=False, reason=reason)
    key = (Metric.PLUGIN.value, path, block)
    found = next((finding for finding in report.findings if finding.key == key), None)
    if found is None:
        return TaskCheck(task_id=task.id, gone=True, reason=f"{place(path, block)}: its plugin finds it no more")
    return TaskCheck(task_id=task.id, gone=False, reason=f"{place(path, block)}: {found.problem}")


def _finding_of(task: Task, report: AuditReport, others: Iterable[Task] = ()) -> Finding | None:
    path = place_of(task)[0]
    neighbours = [other for other in others if other.id != task.id and is_own(other) and place_of(other)[0] == path]
    return match_findings_to_tasks([task, *neighbours], report).found.get(task.id)


def _difference(judgement: Judgement) -> str:
    counted = [(judgement.count(delta), delta.value) for delta in (Delta.NEW, Delta.WORSE, Delta.BETTER)]
    parts = [f"{number} {word}" for number, word in (*counted, (len(judgement.gone), "gone")) if number]
    return f" ({', '.join(parts)})" if parts else ""


def _scope(paths: Sequence[str]) -> _Scope:
    """Return whether a path is one of ``paths`` or below one; every path where there are none."""
    below = tuple(f"{path}/" for path in paths)
    return lambda path: not paths or path in paths or path.startswith(below)


def _compared(now: AuditReport, base: AuditReport) -> Judgement:
    accepted = (accept(finding, base.shapes.get(finding.fingerprint, "")) for finding in base.findings)
    return judge(now.findings, now.shapes, accepted)


def _part(change_set: ChangeSet, in_scope: _Scope) -> ChangeSet:
    """Return the changes in a scope."""
    return replace(
        change_set,
        changes=tuple(change for change in change_set.changes if in_scope(change.path)),
        deleted_bases={path: base for path, base in change_set.deleted_bases.items() if in_scope(path)},
    )


def _with_coverage(gate: GateReport, coverage: NewCodeCoverage) -> GateReport:
    """Return a report with what tests do not run of a change among its findings; all of it is new."""
    found = tuple(Judged(finding=finding, delta=Delta.NEW) for finding in in_their_files(coverage.findings, gate.report.files))
    judged = tuple(sorted((*gate.judgement.judged, *found), key=lambda each: worst_first(each.finding)))
    return replace(
        gate,
        report=replace(gate.report, findings=tuple(each.finding for each in judged)),
        judgement=replace(gate.judgement, judged=judged),
        notes=(*gate.notes, *coverage.notes),
    )
