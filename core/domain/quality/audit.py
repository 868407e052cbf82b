"""One audit: every file's numbers, what is over a threshold, and the totals of a directory and of all files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.domain.quality.finding import Finding, plugin_of
from core.domain.quality.metric import FileMeasure, Metric
from core.domain.quality.trend import FileTrend


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedFile:
    """One file of an audit."""

    #: POSIX path relative to the repository.
    path: str
    measure: FileMeasure
    #: None without history, or when no revision of the window touched it.
    trend: FileTrend | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What one measurement of a repository found."""

    #: Sorted by path.
    files: tuple[AuditedFile, ...]
    #: Worst first.
    findings: tuple[Finding, ...]
    #: Seconds it took.
    seconds: float
    #: Why there is no trend, or a short one; empty when history is whole.
    gap: str = ""
    #: Plugins whose findings are known; what any other finds is unknown in this audit.
    answered: frozenset[str] = frozenset()
    #: What was measured; nothing is known of other metrics.
    metrics: frozenset[str] = frozenset(Metric)
    #: What a person should know, a sentence each: plugins that were refused or failed.
    notes: tuple[str, ...] = ()
    #: Fingerprint → shape of the block or file that a finding is about.
    shapes: Mapping[str, str] = field(default_factory=dict)

    def knows(self, metric: str, block: str) -> bool:
        """Return True if this metric was measured; a plugin's, if it answered."""
        return plugin_of(block) in self.answered if metric == Metric.PLUGIN else metric in self.metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The numbers of some files together."""

    #: Their directory; empty for the top of the repository, and for all files together.
    package: str
    files: int
    #: Lines, as ``radon raw`` counts ``loc``.
    lines: int
    #: Functions, methods and closures; not classes, whose complexity is their methods' again.
    blocks: int
    findings: int
    #: Mean over blocks; 0 without any.
    complexity: float
    #: Mean over the files that have one; None without any.
    maintainability: float | None


def totals(report: AuditReport) -> Totals:
    """Return the totals over all files."""
    return _totals("", report.files, report.findings)


def packages(report: AuditReport) -> tuple[Totals, ...]:
    """Return the totals of each directory: most findings first, then the highest mean complexity."""
    files: dict[str, list[AuditedFile]] = {}
    findings: dict[str, list[Finding]] = {}
    for file in report.files:
        files.setdefault(package_of(file.path), []).append(file)
    for finding in report.findings:
        findings.setdefault(package_of(finding.path), []).append(finding)
    found = [_totals(package, members, findings.get(package, ())) for package, members in files.items()]
    return tuple(sorted(found, key=lambda each: (-each.findings, -each.complexity, each.package)))


def package_of(path: str) -> str:
    """Return the directory of a file; empty at the top."""
    return path.rpartition("/")[0]


def _totals(package: str, files: Iterable[AuditedFile], findings: Iterable[Finding]) -> Totals:
    measures = [file.measure for file in files]
    tallies = [measure.tally for measure in measures]
    blocks, complexity = sum(tally.blocks for tally in tallies), sum(tally.complexity for tally in tallies)
    indices = [measure.maintainability for measure in measures if measure.has_raw and not measure.problem]
    return Totals(
        package=package,
        files=len(measures),
        lines=sum(measure.lines for measure in measures),
        blocks=blocks,
        findings=len(tuple(findings)),
        complexity=_mean(complexity, blocks) or 0.0,
        maintainability=_mean(sum(indices), len(indices)),
    )


def _mean(total: float, count: int) -> float | None:
    return total / count if count else None
