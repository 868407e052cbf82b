"""A metric over its threshold at one place."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.metric import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One piece of trouble. Two findings with one fingerprint are the same trouble."""

    #: Stable identity: a short hash of metric, path and qualified name.
    fingerprint: str
    metric: Metric
    #: POSIX path relative to the repository.
    path: str
    #: Dotted name of the block; empty for a finding about a whole file.
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
    #: What to do about it, drawn from the block itself.
    suggestion: str = ""
