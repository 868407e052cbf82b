"""A metric over its threshold at one place: measured by us, reported by a plugin, or accepted before."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.domain.quality.metric import Metric
from core.domain.quality.metric_spec import BLOCK_METRICS, SPECS
from core.domain.quality.trend import Direction, direction

#: Urgency of what a change silences: the findings below it may be fewer than there are.
MOST_URGENT = 32.0
#: What a trend adds to the urgency, in doublings.
TREND_STEP = {Direction.WORSENING: 1.0, Direction.FLAT: 0.0, Direction.IMPROVING: -1.0}
#: What names one place of trouble: metric, path, block.
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One piece of trouble. Two findings with one fingerprint are the same trouble."""

    #: Stable identity, see ``fingerprint``.
    fingerprint: str
    metric: Metric
    #: POSIX path relative to the repository.
    path: str
    #: Full name of the block, see ``Block.full_name``; empty for a finding about a whole file. For a plugin's: plugin, its metric and
    #: its block.
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
    #: Commits that touched the file, of those looked at.
    churn: int = 0
    #: Sum of the complexities of all blocks of the file.
    file_complexity: int = 0
    #: Why an unreadable file cannot be measured, what a plugin says or what a change silences; empty for other findings.
    problem: str = ""
    #: What to do, where that is known with the finding: what a plugin suggests.
    suggestion: str = ""
    #: The score before it was limited to 0 … 100; None where it is within.
    unclamped: float | None = None

    @property
    def key(self) -> Key:
        return (self.metric.value, self.path, self.block)

    @property
    def direction(self) -> Direction:
        return direction(self.metric, self.trend)

    @property
    def excess(self) -> float:
        """How far over the threshold, as doublings: 0 at it, 1 at twice as bad, at most 4."""
        if self.metric is Metric.UNREADABLE:
            return 0.0
        if self.metric in (Metric.PLUGIN, Metric.SILENCED):
            return plugin_excess(self.score, self.threshold)
        worse, better = (self.score, self.threshold) if SPECS[self.metric].higher_is_worse else (self.threshold, self.score)
        return min(4.0, math.log2(max(worse, 1e-9) / max(better, 1e-9)))

    @property
    def urgency(self) -> float:
        """What orders findings, worst first, in doublings: the heat of the file, the excess, and one more or less by the trend."""
        if self.metric is Metric.UNREADABLE:
            return 0.0
        if self.metric is Metric.SILENCED:
            return MOST_URGENT
        return max(0.0, heat(self.file_complexity, self.churn) + self.excess + TREND_STEP[self.direction])


def heat(complexity: int, churn: int) -> float:
    """Return how likely a file needs a fix soon: doublings of what is in it (complexity of all blocks) times commits that touched it."""
    return math.log2((1 + complexity) * (1 + churn))


def nearness(one: Accepted, other: Accepted) -> tuple[bool, bool, bool, str, str]:
    """Sort key for what ``one`` may be: in the same file first, then in a file of the same name, then under the same name."""
    names = [name_of(each.metric, each.block).rpartition(".")[2] for each in (one, other)]
    files = [each.path.rpartition("/")[2] for each in (one, other)]
    return (other.path != one.path, files[0] != files[1], names[0] != names[1], other.path, other.block)


def name_of(metric: Metric, block: str) -> str:
    """Return a block's dotted name without what tells it apart from its namesakes."""
    return block.partition(" ")[0] if metric in BLOCK_METRICS else block


def variant_of(metric: Metric, block: str) -> tuple[str, int]:
    """Return what tells a block apart from its namesakes: a decorator or nothing, and which of several it is, from 1."""
    variant = block.partition(" ")[2] if metric in BLOCK_METRICS else ""
    decorator, mark, number = variant.rpartition("#")
    return (decorator.rstrip(), int(number)) if mark and number.isdecimal() else (variant, 1)


def fingerprint(metric: Metric, path: str, block: str) -> str:
    """Return the identity of a finding: ten hex digits of a hash over metric, path and the block's full name."""
    return hashlib.sha256(f"{metric}\0{path}\0{block}".encode("utf-8", "surrogateescape")).hexdigest()[:10]


def plugin_excess(score: float, threshold: float) -> float:
    """Return how far a plugin's score is over its threshold, as doublings, 0 … 4; of a count that should be 0, its own."""
    ratio = score / threshold if threshold > 0 else 1.0 + score
    return min(4.0, math.log2(ratio)) if ratio > 1.0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A finding that was there before, and how bad it was."""

    path: str
    #: Full name; empty for a finding about a whole file.
    block: str
    metric: Metric
    #: As ``refactor_task.number`` rounds it.
    score: float
    #: Shape of the block or file, see ``shape``; empty where there is none.
    shape: str = ""
    #: The score before it was limited to 0 … 100; None where it is within, and in baselines of older versions.
    unclamped: float | None = None

    @property
    def key(self) -> Key:
        return (self.metric.value, self.path, self.block)

    @property
    def compared(self) -> float:
        """The number that decides whether it is worse: the score, before it was limited."""
        return self.score if self.unclamped is None else self.unclamped


def compared(before: Accepted, now: Accepted) -> tuple[float, float]:
    """Return the numbers that decide which of the two is worse; where the older one was written without its unlimited one, the scores."""
    if now.unclamped is not None and before.unclamped is None and before.score == now.score:
        return before.score, now.score
    return before.compared, now.compared


_RANKS = "CDEF"
_LARGEST = 1e15


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginFindings:
    """What plugins found in one audit."""

    findings: tuple[Finding, ...] = ()
    #: Plugins that answered.
    answered: frozenset[str] = frozenset()
    #: Why others did not, a sentence each.
    notes: tuple[str, ...] = ()


def plugin_of(block: str) -> str:
    """Return the plugin that a finding's block begins with."""
    return block.partition("/")[0]


def plugin_findings(plugin: str, reported: Iterable[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """Turn findings as the contract of auditors has them into ours; those of one name are numbered in their order."""
    findings: list[Finding] = []
    seen: dict[tuple[str, str], int] = {}
    for item in reported:
        path, block = _line(item["path"]), f"{plugin}/{item['metric']} {_line(item.get('block', ''))}".rstrip()
        seen[path, block] = number = seen.get((path, block), 0) + 1
        findings.append(_finding(item, path, block if number == 1 else f"{block} #{number}"))
    return tuple(findings)


def _finding(item: Mapping[str, Any], path: str, block: str) -> Finding:
    score, threshold, line = _bounded(item.get("score", 1)), _bounded(item.get("threshold", 0)), item.get("line", 1)
    return Finding(
        fingerprint=fingerprint(Metric.PLUGIN, path, block),
        metric=Metric.PLUGIN,
        path=path,
        block=block,
        line=line,
        end_line=max(line, item.get("end_line", line)),
        score=score,
        threshold=threshold,
        rank=_RANKS[min(3, int(plugin_excess(score, threshold)))],
        problem=_line(item["message"]),
        suggestion=_line(item.get("suggestion", "")),
    )


def _bounded(value: float) -> float:
    """Return a number that a tasks file can hold."""
    return float(max(-_LARGEST, min(_LARGEST, value)))


def _line(text: str) -> str:
    """Return text as one line that cannot move a terminal's cursor."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
