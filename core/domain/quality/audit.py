"""One audit: every file's numbers, what is over a threshold, and how that compares with what was accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.domain.quality.finding import Finding
from core.domain.quality.metric import FileMeasure, Metric
from core.domain.quality.plugin_findings import plugin_of
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
    #: What a person should know, a sentence each: plugins that were refused or failed.
    notes: tuple[str, ...] = ()
    #: Fingerprint → shape of the block it is about, for findings about blocks.
    shapes: Mapping[str, str] = field(default_factory=dict)

    def knows(self, metric: str, block: str) -> bool:
        """Return True if the auditor for this metric ran: ours always did, a plugin if it answered."""
        return metric != Metric.PLUGIN or plugin_of(block) in self.answered
