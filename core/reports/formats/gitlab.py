"""An audit as GitLab's code quality report."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from core.domain.quality.verdict import GateReport, Judged, PolicyChange
from core.reports.audit.words import sentence
from core.reports.text.markup import json_document

_SEVERITIES = {"A": "info", "B": "minor", "C": "minor", "D": "major", "E": "critical", "F": "blocker"}


def audit_gitlab(gate: GateReport, shown: Sequence[Judged]) -> str:
    """Return the list of issues; GitLab itself compares their fingerprints with those of the target branch."""
    # GitLab has a gate of its own.
    return json_document([*(_notice(change) for change in gate.changed), *(_issue(judged) for judged in shown)])


def _notice(change: PolicyChange) -> dict[str, Any]:
    """Return a change of what decides the verdict; another value of it is another issue."""
    return {
        "description": f"{change.sentence}.",
        "check_name": "judged-by-the-base",
        "fingerprint": hashlib.sha256(f"{change.subject} {change.what}".encode("utf-8", "surrogateescape")).hexdigest()[:32],
        "severity": "info",
        "location": {"path": change.file, "lines": {"begin": max(1, change.line)}},
    }


def _issue(judged: Judged) -> dict[str, Any]:
    finding = judged.finding
    return {
        "description": f"{sentence(finding)}.",
        "check_name": finding.metric.value,
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITIES[finding.rank],
        "location": {"path": finding.path, "lines": {"begin": finding.line, "end": finding.end_line}},
    }
