"""An audit for programs. Keys are only ever added; what is taken away or changes its meaning gets a new ``version``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from core.domain.quality.audit import Totals, packages, totals
from core.domain.quality.finding import Accepted
from core.domain.quality.refactor_task import number
from core.domain.quality.verdict import Delta, GateReport, Judged
from core.reports.audit.fields import file_fields, finding_fields
from core.reports.text.markup import json_document

VERSION = 1


def audit_json(gate: GateReport, shown: Sequence[Judged]) -> str:
    """Return the document; two audits of the same code give the same text."""
    return json_document(audit_fields(gate, shown))


def audit_fields(gate: GateReport, shown: Sequence[Judged]) -> dict[str, Any]:
    """Return the document as plain values."""
    report, judgement = gate.report, gate.judgement
    standings = {delta.value: judgement.count(delta) for delta in Delta}
    return {
        "version": VERSION,
        "gate": {"passed": not gate.failing, "fail_on": gate.fail_on.value, "against": gate.against, "failing": len(gate.failing)},
        "counts": {"files": len(report.files), "findings": len(report.findings), **standings, "gone": len(judgement.gone)},
        "totals": _totals(totals(report)),
        "findings": [finding_fields(judged) for judged in shown],
        "gone": [_gone(accepted) for accepted in judgement.gone],
        "packages": [{"package": each.package, **_totals(each)} for each in packages(report)],
        "files": [file_fields(file) for file in report.files],
        "changed": [asdict(change) for change in gate.changed],
        "notes": [note for note in (*gate.notes, report.gap) if note],
    }


def _totals(total: Totals) -> dict[str, Any]:
    return {
        "files": total.files,
        "lines": total.lines,
        "blocks": total.blocks,
        "findings": total.findings,
        "complexity": number(total.complexity),
        "maintainability": None if total.maintainability is None else number(total.maintainability),
    }


def _gone(accepted: Accepted) -> dict[str, Any]:
    return {"path": accepted.path, "block": accepted.block, "metric": accepted.metric.value, "score": accepted.score}
