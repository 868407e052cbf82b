"""Which findings comments in the code accept, and which comments accept nothing. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from core.domain.quality.accept_comments import read_comment
from core.domain.quality.audit import AuditedFile, AuditReport
from core.domain.quality.finding import Finding
from core.domain.quality.metric import AcceptComment, Block, BlockKind, Metric
from core.domain.quality.metric_spec import CHOICES, SPECS, Scope, block_score

#: Metrics that a comment can accept.
_METRICS = tuple(metric.value for metric in CHOICES)
#: Path and line of a comment.
Place = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineAcceptance:
    """What the comments of the audited files accept."""

    #: Fingerprint → reason.
    reasons: Mapping[str, str] = field(default_factory=dict)
    #: Comments with mistakes and comments that accept nothing, a sentence each, with their places.
    notes: tuple[str, ...] = ()


def accepted_in_code(report: AuditReport, ignored: Collection[Place] = frozenset()) -> InlineAcceptance:
    """Match the comments of a report's files to its findings; those at an ``ignored`` place accept nothing, and nothing is said of them."""
    reasons: dict[str, str] = {}
    notes: list[str] = []
    for file in (file for file in report.files if file.measure.accepts):
        here = [finding for finding in report.findings if finding.path == file.path]
        for comment in file.measure.accepts:
            if (file.path, comment.line) not in ignored:
                accepted, problems = _read(comment, file, here, report.metrics)
                reasons.update(accepted)
                notes += (f"{file.path}:{comment.line}:{comment.column}: {problem}" for problem in problems)
    return InlineAcceptance(reasons=reasons, notes=tuple(notes))


def _read(
    comment: AcceptComment, file: AuditedFile, findings: Sequence[Finding], measured: Collection[str]
) -> tuple[Mapping[str, str], Sequence[str]]:
    """Return the reasons by fingerprint that one comment gives, and what is wrong with it."""
    said = read_comment(comment, _METRICS)
    reasons, problems = dict[str, str](), [said.mistake] if said.mistake else []
    for name in said.metrics:
        accepted = [finding for finding in findings if finding.metric == name and _is_about(comment, finding, file)]
        reasons.update((finding.fingerprint, said.reason) for finding in accepted)
        if not accepted and name in measured:
            problems += _why_unused(comment, Metric(name), file)
    return reasons, problems


def _is_about(comment: AcceptComment, finding: Finding, file: AuditedFile) -> bool:
    scope = SPECS[finding.metric].scope
    if scope is Scope.FILE:
        return comment.at_top
    if scope is Scope.PASSAGE and (block := _block_at(comment, file)) is not None:
        return block.line <= finding.line and finding.end_line <= block.end_line
    return comment.target == finding.line


def _why_unused(comment: AcceptComment, metric: Metric, file: AuditedFile) -> Iterator[str]:
    """Yield why a comment accepts nothing of a metric, one sentence; nothing where that is not known."""
    spec = SPECS[metric]
    if spec.scope is Scope.FILE:
        within = f"unused: {metric} of the file is within its threshold; remove it"
        yield within if comment.at_top else f"unused: {metric} is of the whole file; move it above the first statement"
    elif spec.scope is Scope.PASSAGE:
        yield "unused: nothing is repeated here; put it above the first line of the copy or on the function around it, or remove it"
    elif spec.scope is Scope.BLOCK:
        block = _block_at(comment, file)
        if block is None:
            yield "unused: no function begins here; put it on the line of `def` or directly above"
        else:
            score = spec.shown(block_score(block, metric))
            yield f"unused: {metric} of `{block.name}` is {score}, within its threshold; remove it"


def _block_at(comment: AcceptComment, file: AuditedFile) -> Block | None:
    blocks = (block for block in file.measure.blocks if block.kind is not BlockKind.CLASS)
    return next((block for block in blocks if block.line == comment.target), None)
