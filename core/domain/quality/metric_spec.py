"""Every metric in one table: what it is about, when it is a finding, and the words for it. Settings, reports and docs are made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from core.domain.quality.metric import Block, Metric, Tally, complexity_rank, maintainability_rank

#: Ranks of metrics for which radon has none: within the threshold's double, its fourfold, …
_RANKS = "CDEF"


class Scope(StrEnum):
    """What one number is about."""

    #: A function, method or closure.
    BLOCK = "block"
    FILE = "file"
    #: A passage of lines in one file.
    PASSAGE = "passage"
    #: What a change does; known only in a comparison with a revision.
    CHANGE = "change"
    #: What a plugin says.
    PLUGIN = "plugin"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSpec:
    """One metric. ``{score}`` in its texts stands for the number with its unit, ``{rank}`` for radon's letter in brackets."""

    metric: Metric
    scope: Scope
    #: Heading of reports, and what the finding means, one sentence.
    title: str
    about: str
    #: How it is mended, a sentence or two: the help of report formats.
    help: str
    #: What is counted, and by whom; for the docs.
    counts: str = ""
    #: The default of ``audit.thresholds``; None where there is no threshold.
    threshold: float | None = None
    #: What the threshold is, for the docs of the setting.
    limit: str = ""
    higher_is_worse: bool = True
    #: How far it moves without meaning anything.
    tolerance: float = 0.0
    #: Digits behind the point that are shown.
    digits: int = 0
    unit: str = ""
    #: First words of a task's description; ``{where}`` is the place.
    task: str = ""
    #: The number behind "its …".
    noun: str = ""
    #: The number behind a name: "has a …".
    fact: str = ""
    #: The number in a few words.
    short: str = ""
    #: Extra of the distribution that brings what counts it; empty: nothing beside our own dependencies.
    extra: str = ""

    def shown(self, score: float) -> str:
        """Return a score with its unit."""
        return (f"{score:.{self.digits}f}" if self.digits else f"{score:g}") + self.unit

    def wanted(self, threshold: float) -> str:
        """Return ``at most 10 is wanted``."""
        return f"at {'most' if self.higher_is_worse else 'least'} {threshold:g} is wanted"

    def over(self, score: float, threshold: float) -> str:
        """Return ``23 > 10``, ``12.4 < 20``; empty where there is no number."""
        if self.threshold is None and self.scope is not Scope.PLUGIN:
            return ""
        shown = f"{score:.{self.digits}f}" if self.digits else f"{score:g}"
        return f"{shown} {'>' if self.higher_is_worse else '<'} {threshold:g}"

    def within(self, score: float, threshold: float) -> bool:
        """Return whether a score is no finding."""
        return score <= threshold if self.higher_is_worse else score >= threshold

    def worse_by(self, before: float, after: float) -> float:
        """Return how much worse ``after`` is than ``before``; negative: better."""
        return after - before if self.higher_is_worse else before - after

    def rank(self, score: float, threshold: float) -> str:
        """Return radon's letter for it, or one by how often the threshold is exceeded."""
        match self.metric:
            case Metric.COMPLEXITY:
                return complexity_rank(int(score))
            case Metric.MAINTAINABILITY:
                return maintainability_rank(score)
        worse, better = (score, threshold) if self.higher_is_worse else (threshold, score)
        return _RANKS[min(3, max(0, int(worse / better).bit_length() - 1))] if better > 0 else _RANKS[-1]

    def fill(self, text: str, score: float) -> str:
        """Return one of the texts with its number."""
        return text.format(score=self.shown(score), rank=f" ({self._letter(score)})" if "{rank}" in text else "")

    def _letter(self, score: float) -> str:
        return self.rank(score, 0.0)


_ALL = (
    MetricSpec(
        metric=Metric.COMPLEXITY,
        scope=Scope.BLOCK,
        title="High cyclomatic complexity",
        about="More independent paths run through this block than the threshold allows.",
        help="Extract a part with decisions of its own into a function, or turn a chain of branches on one value into a table.",
        counts="Cyclomatic complexity of a function, method or closure, by radon's rules.",
        threshold=10,
        limit="Cyclomatic complexity of a block above which it is a finding.",
        task="Simplify {where}",
        noun="cyclomatic complexity is {score}{rank}",
        fact="has a cyclomatic complexity of {score}{rank}",
        short="complexity is {score}",
    ),
    MetricSpec(
        metric=Metric.MAINTAINABILITY,
        scope=Scope.FILE,
        title="Low maintainability",
        about="The maintainability index of this file is below the threshold.",
        help="Divide the file into modules with one job each, and begin with its most complex functions.",
        counts="Maintainability index of a file, by radon's rules; higher is better.",
        threshold=20,
        limit="Maintainability index of a file below which it is a finding; the ranks A, B and C stand for 19, 9 and 0.",
        higher_is_worse=False,
        tolerance=1.0,
        digits=1,
        task="Make {where} easier to maintain",
        noun="index is {score}{rank}",
        fact="has a maintainability index of {score}{rank}",
        short="maintainability is {score}",
    ),
    MetricSpec(
        metric=Metric.COGNITIVE,
        scope=Scope.BLOCK,
        title="High cognitive complexity",
        about="This function is harder to read than the threshold allows: decisions count more the deeper they are nested.",
        help="Leave early, extract what is nested into a function with a name, and split long conditions.",
        counts="Cognitive complexity of a function, by complexipy (`pip install 'orchestrator[maintain]'`): "
        "what is nested counts more. Its own comments that leave a function out do not count.",
        threshold=15,
        limit="Cognitive complexity of a function, as complexipy counts it, above which it is a finding.",
        task="Make {where} easier to read",
        noun="cognitive complexity is {score}",
        fact="has a cognitive complexity of {score}",
        short="cognitive complexity is {score}",
        extra="maintain",
    ),
    MetricSpec(
        metric=Metric.LENGTH,
        scope=Scope.BLOCK,
        title="Long function",
        about="This function has more lines of code than the threshold allows; blank lines, comments and its docstring do not count.",
        help="Extract steps into functions with names.",
        counts="Lines of code of a function, without blank lines, comment lines and its docstring.",
        threshold=50,
        limit="Lines of code of a function above which it is a finding.",
        unit=" lines",
        task="Shorten {where}",
        noun="length is {score}",
        fact="has a length of {score}",
        short="length is {score}",
    ),
    MetricSpec(
        metric=Metric.NESTING,
        scope=Scope.BLOCK,
        title="Deep nesting",
        about="Statements in this function are nested deeper than the threshold allows.",
        help="Leave early instead of nesting, or extract the inner part into a function.",
        counts="Levels of statements inside one another; an `elif` is on the level of its `if`.",
        threshold=4,
        limit="Levels of nested statements in a function above which it is a finding.",
        unit=" levels",
        task="Flatten {where}",
        noun="nesting is {score}",
        fact="has a nesting of {score}",
        short="nesting is {score}",
    ),
    MetricSpec(
        metric=Metric.PARAMETERS,
        scope=Scope.BLOCK,
        title="Many parameters",
        about="This function takes more parameters than the threshold allows; `self` and `cls` do not count.",
        help="Make parameters that travel together one object, and split a function that does several things.",
        counts="Parameters of a function, without `self` and `cls`.",
        threshold=7,
        limit="Parameters of a function above which it is a finding.",
        task="Give {where} fewer parameters",
        noun="number of parameters is {score}",
        fact="has {score} parameters",
        short="number of parameters is {score}",
    ),
    MetricSpec(
        metric=Metric.DUPLICATION,
        scope=Scope.PASSAGE,
        title="Duplicated code",
        about="These lines are repeated elsewhere, perhaps with other names and values.",
        help="Make one function of the copies, with what differs as its parameters.",
        counts="Lines of a passage that is repeated elsewhere, perhaps with other names and values.",
        threshold=5,
        limit="Lines of a passage that is repeated elsewhere above which it is a finding.",
        unit=" lines",
        task="Remove the copy in {where}",
        noun="length is {score}",
        fact="has a copy of {score}",
        short="the copy is {score}",
    ),
    MetricSpec(
        metric=Metric.COVERAGE,
        scope=Scope.CHANGE,
        title="New code without tests",
        about="Fewer of the changed lines of this file were run by tests than the threshold wants.",
        help="Test the lines that are named.",
        counts="Share of the changed lines that tests ran, with `--since` and a coverage report; higher is better.",
        threshold=80,
        limit="Percent of a file's changed lines that tests must have run.",
        higher_is_worse=False,
        unit=" %",
        task="Test the new code of {where}",
        noun="coverage of new code is {score}",
        fact="has a coverage of new code of {score}",
        short="coverage of new code is {score}",
    ),
    MetricSpec(
        metric=Metric.SILENCED,
        scope=Scope.CHANGE,
        title="Silenced check",
        about="This change keeps a check from telling something.",
        help="Mend what the check says, or have the silence reviewed by itself and merged before.",
    ),
    MetricSpec(
        metric=Metric.UNREADABLE,
        scope=Scope.FILE,
        title="Unreadable file",
        about="This file cannot be measured, so nothing is known of its quality.",
        help="Mend what keeps Python or radon from reading it, or leave it out with audit.exclude.",
    ),
    MetricSpec(
        metric=Metric.PLUGIN,
        scope=Scope.PLUGIN,
        title="Found by a plugin",
        about="An auditor among the repository's plugins found this.",
        help="See what the plugin says.",
    ),
)
SPECS: Mapping[Metric, MetricSpec] = MappingProxyType({spec.metric: spec for spec in _ALL})
#: Metrics of blocks, in the order in which they are looked at.
BLOCK_METRICS = tuple(spec.metric for spec in _ALL if spec.scope is Scope.BLOCK)
#: Metrics that have a threshold.
LIMITED = tuple(spec.metric for spec in _ALL if spec.threshold is not None)
#: Metrics that ``audit.metrics`` names, and those of its default.
CHOICES = tuple(spec.metric for spec in _ALL if spec.threshold is not None and spec.scope is not Scope.CHANGE)
DEFAULT = (Metric.COMPLEXITY, Metric.MAINTAINABILITY)


def worst_block(tally: Tally, metric: Metric) -> int:
    """Return the highest number of a file's blocks."""
    return tally.worst if metric is Metric.COMPLEXITY else int(getattr(tally, metric._value_))


def block_score(block: Block, metric: Metric) -> int:
    """Return a block's number of one of BLOCK_METRICS."""
    # Asked of every block of an audit, and ``value`` is a property in Python, five times as slow.
    return int(getattr(block, metric._value_))
