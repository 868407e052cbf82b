"""A finding that was there before: an entry of the baseline, or of a base revision."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.quality.metric import Metric

#: What names one place of trouble: metric, path, block.
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A finding that was there before, and how bad it was."""

    path: str
    #: Dotted name; empty for a finding about a whole file.
    block: str
    metric: Metric
    #: As ``refactor_task.number`` rounds it.
    score: float
    #: Shape of the block; empty where there is none.
    shape: str = ""

    @property
    def key(self) -> Key:
        return (self.metric.value, self.path, self.block)
