"""A metric over its threshold at one place."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

from core.domain.quality.metric import Metric
from core.domain.quality.trend import Direction, direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One piece of trouble. Two findings with one fingerprint are the same trouble."""

    #: Stable identity, see ``fingerprint``.
    fingerprint: str
    metric: Metric
    #: POSIX path relative to the repository.
    path: str
    #: Dotted name of the block; empty for a finding about a whole file. For a plugin's: plugin, its metric and its block.
    block: str
    #: 1-based, inclusive.
    line: int
    end_line: int
    score: float
    threshold: float
    #: Radon's letter.
    rank: str
    #: Scores at past revisions, oldest first, the present one last; empty without history.
    trend: tuple[float, ...] = ()
    #: Revisions in the window of history that touched the file.
    churn: int = 0
    #: Why an unreadable file cannot be measured, or what a plugin says; empty for other findings.
    problem: str = ""
    #: What a plugin suggests.
    suggestion: str = ""

    @property
    def direction(self) -> Direction:
        return direction(self.metric, self.trend)

    @property
    def excess(self) -> float:
        """How far over the threshold, as doublings: 0 at it, 1 at twice as bad, at most 4."""
        if self.metric is Metric.UNREADABLE:
            return 0.0
        if self.metric is Metric.PLUGIN:
            return plugin_excess(self.score, self.threshold)
        worse, better = (self.score, self.threshold) if self.metric is Metric.COMPLEXITY else (self.threshold, self.score)
        return min(4.0, math.log2(max(worse, 1e-9) / max(better, 1e-9)))

    @property
    def urgency(self) -> float:
        """What orders findings, worst first: excess, up to doubled where the file changes often (a hotspot), and the trend."""
        lean = {Direction.WORSENING: 1.25, Direction.IMPROVING: 0.75, Direction.FLAT: 1.0}[self.direction]
        return self.excess * (1.0 + min(self.churn, 20) / 20.0) * lean


def fingerprint(metric: Metric, path: str, block: str) -> str:
    """Return the identity of a finding: ten hex digits of a hash over metric, path and qualified name."""
    return hashlib.sha256(f"{metric}\0{path}\0{block}".encode("utf-8", "surrogateescape")).hexdigest()[:10]


def plugin_excess(score: float, threshold: float) -> float:
    """Return how far a plugin's score is over its threshold, as doublings, 0 … 4; of a count that should be 0, its own."""
    ratio = score / threshold if threshold > 0 else 1.0 + score
    return min(4.0, math.log2(ratio)) if ratio > 1.0 else 0.0
