"""An audit for code hosts: annotations on the changed lines of a GitHub pull request, and GitLab's code quality report."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from core.domain.quality.metric_spec import SPECS
from core.domain.quality.verdict import Delta, GateReport, Judged, PolicyChange
from core.reports.audit.terminal import summary_lines
from core.reports.audit.words import judged_words, sentence
from core.reports.text.markup import json_document
from core.reports.text.style import PLAIN
from core.reports.text.workflow_commands import command, plain


def audit_github(gate: GateReport, shown: Sequence[Judged]) -> str:
    """Return an error for each finding that does not pass, a warning for what else is new or worse, and the verdict.

    Accepted findings have none: GitHub shows ten of a kind a step, and these are not the change's.
    """
    failing = {judged.finding.fingerprint for judged in gate.failing}
    errors = [judged for judged in shown if judged.finding.fingerprint in failing]
    warnings = [judged for judged in shown if judged.finding.fingerprint not in failing and judged.delta in (Delta.NEW, Delta.WORSE)]
    lines = [_annotation("error", judged, gate) for judged in errors] + [_annotation("warning", judged, gate) for judged in warnings]
    changed = [
        command("warning", change.sentence, file=gate.in_repository(change.file), line=str(max(1, change.line)), title="Judged by the base")
        for change in gate.changed
    ]
    return "".join((*lines, *changed)) + plain(summary_lines(gate, PLAIN))


def _annotation(name: str, judged: Judged, gate: GateReport) -> str:
    finding = judged.finding
    delta = f" ({judged_words(judged)})" if gate.against else ""
    return command(
        name,
        f"{sentence(finding)}{delta}",
        file=gate.in_repository(finding.path),
        line=str(finding.line),
        endLine=str(finding.end_line),
        title=SPECS[finding.metric].title,
    )


_SEVERITIES = {"A": "info", "B": "minor", "C": "minor", "D": "major", "E": "critical", "F": "blocker"}


def audit_gitlab(gate: GateReport, shown: Sequence[Judged]) -> str:
    """Return the list of issues; GitLab itself compares their fingerprints with those of the target branch."""
    # GitLab has a gate of its own.
    return json_document([*(_notice(change, gate) for change in gate.changed), *(_issue(judged, gate) for judged in shown)])


def _notice(change: PolicyChange, gate: GateReport) -> dict[str, Any]:
    """Return a change of what decides the verdict; another value of it is another issue."""
    return {
        "description": f"{change.sentence}.",
        "check_name": "judged-by-the-base",
        "fingerprint": _digest(f"{gate.prefix}{change.subject} {change.what}"),
        "severity": "info",
        "location": {"path": gate.in_repository(change.file), "lines": {"begin": max(1, change.line)}},
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _issue(judged: Judged, gate: GateReport) -> dict[str, Any]:
    finding = judged.finding
    return {
        "description": f"{sentence(finding)}.",
        "check_name": finding.metric.value,
        # Two projects of one repository may have equal paths inside; GitLab drops issues with a fingerprint that it has already.
        "fingerprint": _digest(f"{gate.prefix} {finding.fingerprint}") if gate.prefix else finding.fingerprint,
        "severity": "info" if judged.reason else _SEVERITIES[finding.rank],
        "location": {"path": gate.in_repository(finding.path), "lines": {"begin": finding.line, "end": finding.end_line}},
    }
