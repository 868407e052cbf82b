"""An audit as GitLab's code quality report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.domain.gate import GateReport, Judged
from core.reports.audit_words import sentence
from core.reports.json_document import json_document

_SEVERITIES = {"A": "info", "B": "minor", "C": "minor", "D": "major", "E": "critical", "F": "blocker"}


def audit_gitlab(gate: GateReport, shown: Sequence[Judged]) -> str:
    """Return the list of issues; GitLab itself compares their fingerprints with those of the target branch."""
    del gate  # GitLab has a gate of its own
    return json_document([_issue(judged) for judged in shown])


def _issue(judged: Judged) -> dict[str, Any]:
    finding = judged.finding
    return {
        "description": f"{sentence(finding)}.",
        "check_name": finding.metric.value,
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITIES[finding.rank],
        "location": {"path": finding.path, "lines": {"begin": finding.line, "end": finding.end_line}},
    }
