"""How an audit's reports word findings, verdicts and changes; the same in every format."""

from __future__ import annotations

from core.domain.quality.finding import Accepted, Finding
from core.domain.quality.metric import Metric
from core.domain.quality.trend import Direction
from core.domain.quality.verdict import Delta, GateReport, Judged
from core.reports.text.wording import count, seconds

#: What the reports call each metric, and what it is about, one sentence.
TITLES = {
    Metric.COMPLEXITY: ("High cyclomatic complexity", "More independent paths run through this block than the threshold allows."),
    Metric.MAINTAINABILITY: ("Low maintainability", "The maintainability index of this file is below the threshold."),
    Metric.UNREADABLE: ("Unreadable file", "This file cannot be measured, so nothing is known of its quality."),
    Metric.PLUGIN: ("Found by a plugin", "An auditor among the repository's plugins found this."),
}
ARROWS = {Direction.WORSENING: "↑", Direction.IMPROVING: "↓", Direction.FLAT: ""}
RANKS = "ABCDEF"


def where(finding: Finding) -> str:
    """Return ``path:line block``."""
    return f"{finding.path}:{finding.line}" + (f" {finding.block}" if finding.block else "")


def amount_over(finding: Finding) -> str:
    """Return ``23 > 10``, ``12.4 < 20``; nothing for an unreadable file."""
    match finding.metric:
        case Metric.COMPLEXITY:
            return f"{finding.score:g} > {finding.threshold:g}"
        case Metric.MAINTAINABILITY:
            return f"{finding.score:.1f} < {finding.threshold:g}"
        case Metric.PLUGIN:
            return f"{finding.score:g} > {finding.threshold:g}"
    return ""


def sentence(finding: Finding) -> str:
    """Return what is wrong, one sentence without a full stop."""
    name = finding.block or finding.path
    match finding.metric:
        case Metric.COMPLEXITY:
            return f"{name} has a cyclomatic complexity of {finding.score:g} ({finding.rank}), at most {finding.threshold:g} is wanted"
        case Metric.MAINTAINABILITY:
            wanted = f"at least {finding.threshold:g} is wanted"
            return f"{name} has a maintainability index of {finding.score:.1f} ({finding.rank}), {wanted}"
        case Metric.PLUGIN:
            return f"{finding.problem}; {finding.suggestion}" if finding.suggestion else finding.problem
    return f"{name} cannot be measured: {finding.problem}"


def judged_words(judged: Judged) -> str:
    """Return ``new``, ``worse, was 12``, ``better, was 30``, ``accepted``; with the old place where it moved."""
    before = judged.before
    if before is None:
        return "new"
    word = "accepted" if judged.delta is Delta.SAME else f"{judged.delta}, was {before.score:g}"
    return f"{word}, was {place_words(before)}" if judged.moved else word


def place_words(accepted: Accepted) -> str:
    """Return ``path block``."""
    return f"{accepted.path} {accepted.block}".rstrip()


def found_words(gate: GateReport) -> str:
    """Return ``12 findings in 84 files: 1 new, 2 worse, 9 accepted, 3 gone``."""
    counted = count(len(gate.report.findings), "finding") if gate.report.findings else "no findings"
    text = f"{counted} in {count(len(gate.report.files), 'file')}"
    parts = delta_words(gate)
    return f"{text}: {parts}" if parts and gate.against else text


def delta_words(gate: GateReport) -> str:
    """Return ``1 new, 2 worse, 9 accepted, 3 gone`` without the zeros."""
    judgement = gate.judgement
    names = {Delta.SAME: "accepted"}
    counts = [(judgement.count(delta), names.get(delta, delta.value)) for delta in Delta]
    return ", ".join(f"{found:,} {word}" for found, word in (*counts, (len(judgement.gone), "gone")) if found)


def verdict_words(gate: GateReport) -> str:
    """Return what the gate says and why: ``failed: 3 findings are new or worse than audit-baseline.json (--fail-on worse)``."""
    compared = f" against {gate.against}" if gate.against else ""
    if gate.failing:
        return f"failed: {count(len(gate.failing), 'finding')}{_qualified(gate)}{compared} (--fail-on {gate.fail_on})"
    if gate.fail_on == "never":
        return "passed (--fail-on never)"
    return f"passed: nothing{_qualified(gate)}{compared}" if gate.against else "passed: nothing over a threshold"


def _qualified(gate: GateReport) -> str:
    return {"worse": " new or worse", "new": " new"}.get(gate.fail_on, " over a threshold" if not gate.failing else "")


def took(gate: GateReport) -> str:
    """Return how long the measuring took."""
    return seconds(gate.report.seconds)
