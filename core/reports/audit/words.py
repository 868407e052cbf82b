"""How an audit's reports word findings, verdicts and changes; the same in every format."""

from __future__ import annotations

from core.domain.quality.finding import Accepted, Finding
from core.domain.quality.metric import Metric
from core.domain.quality.metric_spec import SPECS
from core.domain.quality.trend import Direction
from core.domain.quality.verdict import Delta, GateReport, Judged
from core.reports.text.wording import count, seconds

ARROWS = {Direction.WORSENING: "↑", Direction.IMPROVING: "↓", Direction.FLAT: ""}
RANKS = "ABCDEF"


def where(finding: Finding) -> str:
    """Return ``path:line block``."""
    return f"{finding.path}:{finding.line}" + (f" {finding.block}" if finding.block else "")


def amount_over(finding: Finding) -> str:
    """Return ``23 > 10``, ``12.4 < 20``; nothing where a finding has no number."""
    return SPECS[finding.metric].over(finding.score, finding.threshold)


def sentence(finding: Finding) -> str:
    """Return what is wrong, one sentence without a full stop."""
    name = finding.block or finding.path
    spec = SPECS[finding.metric]
    if spec.fact:
        more = f"; {finding.problem}" if finding.problem else ""
        return f"{name} {spec.fill(spec.fact, finding.score)}, {spec.wanted(finding.threshold)}{more}"
    if finding.metric is Metric.UNREADABLE:
        return f"{name} cannot be measured: {finding.problem}"
    if finding.metric is Metric.SILENCED:
        return f"{name}: {finding.problem}; {finding.suggestion}"
    return f"{finding.problem}; {finding.suggestion}" if finding.suggestion else finding.problem


def judged_words(judged: Judged) -> str:
    """Return ``new``, ``worse, was 12``, ``better, was 30``, ``accepted``; with the old place where it moved, or a comment's reason."""
    if judged.delta is Delta.ACCEPTED:
        return f"accepted: {judged.reason}"
    before = judged.before
    if before is None:
        return "new"
    word = "accepted" if judged.delta is Delta.SAME else f"{judged.delta}, was {before.score:g}"
    return f"{word}, was {place_words(before)}" if judged.moved else word


def place_words(accepted: Accepted) -> str:
    """Return ``path block``."""
    return f"{accepted.path} {accepted.block}".rstrip()


def accepted_amount(accepted: Accepted) -> str:
    """Return ``complexity 23``; only the metric where a finding has no number."""
    return accepted.metric.value if accepted.metric is Metric.UNREADABLE else f"{accepted.metric} {accepted.score:g}"


def found_words(gate: GateReport) -> str:
    """Return ``12 findings in 84 files: 1 new, 2 worse, 9 accepted, 3 gone``."""
    counted = count(len(gate.report.findings), "finding") if gate.report.findings else "no findings"
    text = f"{counted} in {count(len(gate.report.files), 'file')}"
    parts = delta_words(gate)
    if not gate.against:
        in_code = gate.judgement.count(Delta.ACCEPTED)
        return f"{text}: {_accepted_in_code(in_code)}" if in_code else text
    return f"{text}: {parts}" if parts else text


def _accepted_in_code(number: int) -> str:
    return f"{number:,} accepted by {'a comment' if number == 1 else 'comments'}"


def delta_words(gate: GateReport) -> str:
    """Return ``1 new, 2 worse, 9 accepted, 3 gone`` without the zeros."""
    judgement = gate.judgement
    names = {Delta.SAME: "accepted"}
    counts = [(judgement.count(delta), names.get(delta, delta.value)) for delta in Delta if delta is not Delta.ACCEPTED]
    words = [f"{found:,} {word}" for found, word in counts if found]
    in_code = judgement.count(Delta.ACCEPTED)
    words += [_accepted_in_code(in_code)] if in_code else []
    return ", ".join([*words, f"{len(judgement.gone):,} gone"] if judgement.gone else words)


def verdict_words(gate: GateReport) -> str:
    """Return what the gate says and why: ``failed: 3 findings are new or worse than audit-baseline.json (--fail-on worse)``."""
    compared = f" against {gate.against}" if gate.against else ""
    if gate.failing:
        return f"failed: {count(len(gate.failing), 'finding')}{_qualified(gate)}{compared} (--fail-on {gate.fail_on})"
    if gate.fail_on == "never":
        return "passed (--fail-on never)"
    if not gate.against and gate.judgement.count(Delta.ACCEPTED):
        return "passed: nothing over a threshold that is not accepted"
    return f"passed: nothing{_qualified(gate)}{compared}" if gate.against else "passed: nothing over a threshold"


def _qualified(gate: GateReport) -> str:
    return {"worse": " new or worse", "new": " new"}.get(gate.fail_on, " over a threshold" if not gate.failing else "")


def took(gate: GateReport) -> str:
    """Return how long the measuring took."""
    return seconds(gate.report.seconds)
