"""What is over its threshold: measures + thresholds → findings. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from core.domain.quality.audit import AuditedFile
from core.domain.quality.duplication import elsewhere, find_passages
from core.domain.quality.finding import Finding, fingerprint
from core.domain.quality.metric import Block, BlockKind, Metric, maintainability_rank
from core.domain.quality.metric_spec import BLOCK_METRICS, SPECS, MetricSpec, block_score, worst_block
from core.domain.quality.trend import values


class Thresholds(Protocol):
    """The thresholds of one file."""

    def of(self, metric: Metric) -> float:
        """Return the threshold of a metric that has one."""


def find(
    files: Sequence[AuditedFile],
    measured: Collection[str],
    thresholds_of: Callable[[str], Thresholds],
    tree: Sequence[AuditedFile] | None = None,
) -> tuple[tuple[Finding, ...], dict[str, str]]:
    """Return what is over its threshold, worst first, and the shapes of its blocks, passages and files by fingerprint.

    ``measured`` names the metrics that are looked at; ``thresholds_of`` is called with a file's path. ``tree`` is every file of the
    repository, where copies of what is in ``files`` may be; without it, ``files`` are.
    """
    found = [pair for file in files for pair in _in_file(file, measured, thresholds_of)]
    if Metric.DUPLICATION in measured:
        found += _repeated(files, tree or files, thresholds_of)
    shapes = {finding.fingerprint: shape for finding, shape in found}
    return tuple(sorted((finding for finding, _ in found), key=worst_first)), shapes


def worst_first(finding: Finding) -> tuple[float, str, int, str]:
    """Sort key: the most urgent finding first; equals by place."""
    return (-finding.urgency, finding.path, finding.line, finding.block)


def in_their_files(findings: Iterable[Finding], files: Iterable[AuditedFile]) -> tuple[Finding, ...]:
    """Return findings of others, a plugin's for example, with churn and complexity of those of their files that are known."""
    by_path = {file.path: file for file in files}
    return tuple(_in_its_file(finding, by_path.get(finding.path)) for finding in findings)


def _in_its_file(finding: Finding, file: AuditedFile | None) -> Finding:
    if file is None:
        return finding
    return replace(finding, churn=file.trend.churn if file.trend else 0, file_complexity=file.measure.tally.complexity)


def _in_file(file: AuditedFile, measured: Collection[str], thresholds_of: Callable[[str], Thresholds]) -> Iterator[tuple[Finding, str]]:
    """Yield the findings about a file and its blocks, each with the shape of what it is about."""
    if file.measure.problem:
        yield _unreadable(file), file.measure.shape
        return
    limits = thresholds_of(file.path)
    for metric in BLOCK_METRICS:
        # Blocks are unpacked when they are asked for, and of most files none is.
        if metric in measured and worst_block(file.measure.tally, metric) > limits.of(metric):
            yield from _in_blocks(file, SPECS[metric], limits.of(metric))
    if Metric.MAINTAINABILITY in measured and file.measure.maintainability < (wanted := limits.of(Metric.MAINTAINABILITY)):
        yield _hard_to_maintain(file, wanted), file.measure.shape


def _in_blocks(file: AuditedFile, spec: MetricSpec, threshold: float) -> Iterator[tuple[Finding, str]]:
    """Yield the findings of one metric of blocks, each with the shape of its block."""
    for block in file.measure.blocks:
        # A class's numbers are its methods' again.
        if block.kind is not BlockKind.CLASS and block_score(block, spec.metric) > threshold:
            yield _block_finding(file, block, spec, threshold), block.shape


def _repeated(
    files: Iterable[AuditedFile], tree: Sequence[AuditedFile], thresholds_of: Callable[[str], Thresholds]
) -> Iterator[tuple[Finding, str]]:
    """Yield the repeated passages that are too long, each with its shape."""
    spec, by_path = SPECS[Metric.DUPLICATION], {file.path: file for file in files}

    def allowed(path: str) -> float:
        return thresholds_of(path).of(Metric.DUPLICATION)

    for passage in find_passages(tree, allowed, by_path):
        file, threshold = by_path[passage.path], allowed(passage.path)
        finding = Finding(
            fingerprint=fingerprint(Metric.DUPLICATION, passage.path, passage.block),
            metric=Metric.DUPLICATION,
            path=passage.path,
            block=passage.block,
            line=passage.line,
            end_line=passage.end_line,
            score=passage.lines,
            threshold=threshold,
            rank=spec.rank(passage.lines, threshold),
            churn=file.trend.churn if file.trend else 0,
            file_complexity=file.measure.tally.complexity,
            suggestion=elsewhere(passage),
        )
        yield finding, passage.shape


def _block_finding(file: AuditedFile, block: Block, spec: MetricSpec, threshold: float) -> Finding:
    score = block_score(block, spec.metric)
    trend = file.trend.of(spec.metric, block.full_name) if file.trend else ()
    return Finding(
        fingerprint=fingerprint(spec.metric, file.path, block.full_name),
        metric=spec.metric,
        path=file.path,
        block=block.full_name,
        line=block.line,
        end_line=block.end_line,
        score=score,
        threshold=threshold,
        rank=spec.rank(score, threshold),
        trend=values(trend, score) if trend else (),
        churn=file.trend.churn if file.trend else 0,
        file_complexity=file.measure.tally.complexity,
    )


def _hard_to_maintain(file: AuditedFile, threshold: float) -> Finding:
    score = file.measure.maintainability
    trend = file.trend.maintainability if file.trend else ()
    return Finding(
        fingerprint=fingerprint(Metric.MAINTAINABILITY, file.path, ""),
        metric=Metric.MAINTAINABILITY,
        path=file.path,
        block="",
        line=1,
        end_line=file.measure.lines or 1,
        score=score,
        threshold=threshold,
        rank=maintainability_rank(score),
        trend=values(trend, score) if trend else (),
        churn=file.trend.churn if file.trend else 0,
        file_complexity=file.measure.tally.complexity,
        unclamped=file.measure.unclamped if file.measure.unclamped < score else None,
    )


def _unreadable(file: AuditedFile) -> Finding:
    return Finding(
        fingerprint=fingerprint(Metric.UNREADABLE, file.path, ""),
        metric=Metric.UNREADABLE,
        path=file.path,
        block="",
        line=file.measure.problem_line or 1,
        end_line=file.measure.problem_line or 1,
        score=1,
        threshold=0,
        rank="F",
        churn=file.trend.churn if file.trend else 0,
        problem=file.measure.problem,
    )
