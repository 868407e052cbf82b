"""Metrics + thresholds + trend → findings. Measures through its ports, never changes source, decides by pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

from core.domain.quality import over_threshold
from core.domain.quality.asserts import ignores_asserts, judged_measure
from core.domain.quality.audit import AuditedFile, AuditReport
from core.domain.quality.finding import Finding, PluginFindings
from core.domain.quality.finding_matches import match_findings_to_tasks
from core.domain.quality.history import ChangeSet
from core.domain.quality.inline_acceptance import accepted_in_code
from core.domain.quality.metric import FileMeasure, Metric, file_metrics
from core.domain.quality.over_threshold import in_their_files, worst_first
from core.domain.quality.refactor_task import refactor_entry
from core.domain.quality.trend import FileTrend, file_trends
from core.domain.quality.verdict import accepted_findings
from core.domain.settings.settings import AuditSettings, ThresholdSettings
from core.domain.tasks.task import Task
from core.domain.untrusted.globs import matches
from core.ports.clock import Clock
from core.ports.code import BaselineFile, CodeMeter, MetricHistory, PluginAuditors
from core.ports.standard import MISSING, StrPath, paths_of, standard, tasks_of
from core.schema.arguments import check_flags


class SelfAuditor:
    """Audits one repository as often as asked; unchanged files cost a look at the meter's cache."""

    def __init__(
        self,
        complexity_threshold: int | None = None,
        maintainability_threshold: float | str | None = None,
        use_wily: bool | None = None,
        *,
        meter: CodeMeter = MISSING,
        clock: Clock = MISSING,
        settings: AuditSettings = MISSING,
        history: MetricHistory | None = None,
        plugins: PluginAuditors | None = None,
        baseline: BaselineFile | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        """Without ports it measures the repository around the current directory, by the thresholds given here or its settings.

        ``maintainability_threshold`` may be a rank: A, B or C. Every report repeats ``notes``: what to know of how this one measures.
        """
        check_flags(use_wily=use_wily, optional=True)
        self._without_ports = meter is MISSING
        self._overrides: Mapping[str, Any] = {
            "audit.thresholds.complexity": complexity_threshold,
            "audit.thresholds.maintainability": maintainability_threshold,
            "audit.use_wily": use_wily,
        }
        self._meter = meter
        self._clock = clock
        self._settings = settings
        self._history = history
        self._plugins = plugins
        self._baseline = baseline
        self._notes = notes

    def measure(self, paths: Sequence[str] | None = None) -> AuditReport:
        """Measure ``paths`` (default: all that the settings select) and return the findings, worst first.

        Plugins are asked when everything is measured: what they look at is the repository.
        """
        began = self._clock.monotonic()
        measured = self._meter.measure(paths)
        trends: Mapping[str, FileTrend] = {}
        gap = ""
        if self._history is not None and self._settings.revisions:
            history = self._history.revisions(self._settings.revisions)
            trends, gap = file_trends(history, partial(ignores_asserts, self._settings.asserts)), history.gap
        files = self._audited(((file.path, file.measure) for file in measured), trends)
        findings, shapes = find(files, self._settings, None if paths is None else self._tree(files))
        found = self._run_plugins(files) if paths is None else PluginFindings()
        return AuditReport(
            files=files,
            findings=tuple(sorted((*findings, *in_their_files(found.findings, files)), key=worst_first)) if found.findings else findings,
            seconds=self._clock.monotonic() - began,
            gap=gap,
            answered=found.answered,
            metrics=self._measured,
            notes=(*self._notes, *found.notes),
            shapes=shapes,
        )

    def run_plugin_auditor(self, plugin: str) -> AuditReport:
        """Return what one plugin finds in the repository, and nothing else."""
        began = self._clock.monotonic()
        files = self._audited((file.path, file.measure) for file in self._meter.measure())
        found = self._run_plugins(files, plugin)
        seconds = self._clock.monotonic() - began
        return AuditReport(
            files=files, findings=found.findings, seconds=seconds, answered=found.answered, notes=(*self._notes, *found.notes)
        )

    def _run_plugins(self, files: Sequence[AuditedFile], only: str = "") -> PluginFindings:
        return PluginFindings() if self._plugins is None else self._plugins.audit([file.path for file in files], only)

    def measure_change(self, change_set: ChangeSet) -> tuple[AuditReport, AuditReport]:
        """Measure the files of a change as they are and as they were, both under their present paths; deleted ones under their last.

        There are no trends: git's base is the past.
        """
        began = self._clock.monotonic()
        changes = change_set.changes
        measured = self._meter.measure([change.path for change in changes]) if changes else ()
        now = self._audited((file.path, file.measure) for file in measured)
        # A deleted path may be a new file's by now; what was there is known by its code.
        bases = {**change_set.deleted_bases, **{change.path: change.base for change in changes if change.base is not None}}
        measures = self._meter.measure_sources(tuple(bases.values()))
        before = self._audited(zip(bases, measures, strict=True))
        tree = self._tree(now)
        findings, shapes = find(now, self._settings, tree)
        old_findings, old_shapes = find(before, self._settings, _as_it_was(tree, now, before))
        seconds = self._clock.monotonic() - began
        return (
            AuditReport(files=now, findings=findings, seconds=seconds, metrics=self._measured, notes=self._notes, shapes=shapes),
            AuditReport(files=before, findings=old_findings, seconds=seconds, metrics=self._measured, shapes=old_shapes),
        )

    def _tree(self, files: Sequence[AuditedFile]) -> Sequence[AuditedFile]:
        """Return ``files`` and, where copies of them are looked for, every other file that the settings select."""
        if Metric.DUPLICATION not in self._settings.measured:
            return files
        paths = {file.path for file in files}
        others = (AuditedFile(path=file.path, measure=file.measure) for file in self._meter.measure() if file.path not in paths)
        return (*files, *others)

    def analyze(self, paths: StrPath | Iterable[StrPath]) -> dict[str, dict[str, Any]]:
        """Return radon's metrics of each Python file among ``paths`` or below them, by path, and whether they break a threshold.

        Paths are relative to the repository, or without ports to the current directory. Keys of the values: see ``file_metrics``.
        Without ports a path that does not exist raises UsageError.
        """
        names = paths_of(paths)
        measured = standard().measure(names) if self._without_ports else self._meter.measure(names)
        settings = standard().audit_settings(self._overrides) if self._without_ports else self._settings
        limits = {file.path: thresholds_for(file.path, settings) for file in measured}
        return {
            file.path: file_metrics(
                judged_measure(file.path, file.measure, settings.asserts),
                complexity=limits[file.path].complexity,
                maintainability=limits[file.path].maintainability,
            )
            for file in measured
        }

    def audit(self, tasks: Iterable[Task | Mapping[str, Any]]) -> list[dict[str, object]]:
        """Return an entry for tasks.yml for each finding that is not accepted and has no task among ``tasks`` yet, worst first.

        Raises InvalidFile for a map in ``tasks`` that is no entry of tasks.yml, and for a baseline with mistakes.
        """
        known = tasks_of(tasks)
        if self._without_ports:
            return standard().audit(known, self._overrides)
        taken = {task.id for task in known}
        report = self.measure()
        places, accepted = match_findings_to_tasks(known, report), self.accepted(report)
        return [
            refactor_entry(finding, self.advice(finding), places.shapes.get(finding.fingerprint, ""), taken)
            for finding in places.unmatched
            if finding.fingerprint not in accepted
        ]

    def _audited(
        self, files: Iterable[tuple[str, FileMeasure]], trends: Mapping[str, FileTrend] = MappingProxyType({})
    ) -> tuple[AuditedFile, ...]:
        """Return files with the numbers by which they are judged."""
        rule = self._settings.asserts
        return tuple(AuditedFile(path=path, measure=judged_measure(path, measure, rule), trend=trends.get(path)) for path, measure in files)

    @property
    def _measured(self) -> frozenset[str]:
        """What this one measures: what the settings name, and whether a file can be measured at all."""
        return self._settings.measured | {Metric.UNREADABLE}

    @property
    def has_own_selection(self) -> bool:
        """Whether somebody set what is measured: ``audit.include`` and ``audit.exclude`` are not the defaults."""
        default = AuditSettings()
        return (self._settings.include, self._settings.exclude) != (default.include, default.exclude)

    @property
    def baseline_name(self) -> str:
        """Return the name of the file of accepted findings."""
        return self._settings.baseline

    def accepted(self, report: AuditReport) -> Mapping[str, str]:
        """Return what accepts findings of the report, by fingerprint: the baseline's name, or a comment's file and its reason.

        Raises InvalidFile, StorageError.
        """
        known = None if self._baseline is None else self._baseline.read()
        in_baseline = accepted_findings(report, known) if known else frozenset[str]()
        reasons = accepted_in_code(report).reasons
        in_code = {each.fingerprint: f"{each.path}: {reasons[each.fingerprint]}" for each in report.findings if each.fingerprint in reasons}
        return {**in_code, **dict.fromkeys(in_baseline, self.baseline_name)}

    def advice(self, finding: Finding) -> str:
        """Say what to do about a finding, drawn from the code itself."""
        if finding.metric is Metric.UNREADABLE:
            return finding.problem
        if finding.metric in (Metric.PLUGIN, Metric.COVERAGE, Metric.SILENCED, Metric.DUPLICATION):
            return finding.suggestion
        if not finding.block:
            return self._meter.advise(finding.path, metric=finding.metric, threshold=finding.threshold)
        files = self._audited((file.path, file.measure) for file in self._meter.measure([finding.path]))
        blocks = (block for file in files for block in file.measure.blocks)
        found = next((block for block in blocks if block.full_name == finding.block), None)
        return self._meter.advise(finding.path, found, metric=finding.metric, threshold=finding.threshold) if found else ""


def find(
    files: Sequence[AuditedFile], settings: AuditSettings, tree: Sequence[AuditedFile] | None = None
) -> tuple[tuple[Finding, ...], dict[str, str]]:
    """Return what is over the thresholds of the settings, worst first, and the shapes of the code among it by fingerprint.

    Copies are looked for in ``tree``, or without it in ``files``.
    """
    return over_threshold.find(files, settings.measured, partial(thresholds_for, settings=settings), tree)


def _as_it_was(tree: Sequence[AuditedFile], now: Sequence[AuditedFile], before: Sequence[AuditedFile]) -> Sequence[AuditedFile]:
    """Return a tree with the files of a change as they were."""
    changed = {file.path for file in now}
    return (*before, *(file for file in tree if file.path not in changed))


def thresholds_for(path: str, settings: AuditSettings) -> ThresholdSettings:
    """Return the thresholds of one file: the last override whose glob matches wins, value by value."""
    if not settings.overrides:
        return settings.thresholds
    merged: dict[str, Any] = {}
    for glob, override in settings.overrides.items():
        if matches(path, glob):
            merged.update(override)
    return replace(settings.thresholds, **merged)
