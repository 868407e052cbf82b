"""An audit for programs. Keys are only ever added; what is removed or changes its meaning gets a new ``version``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from core.domain.quality.audit import AuditedFile, Totals, packages, totals
from core.domain.quality.finding import Accepted
from core.domain.quality.metric import FileMeasure, Metric, maintainability_rank
from core.domain.quality.refactor_task import number
from core.domain.quality.verdict import Delta, GateReport, Judged
from core.reports.text.markup import json_document


def finding_fields(judged: Judged) -> dict[str, Any]:
    """Return a finding for a program; the order and the names of the keys stay."""
    finding, before = judged.finding, judged.before
    return {
        "fingerprint": finding.fingerprint,
        "metric": finding.metric.value,
        "path": finding.path,
        "block": finding.block,
        "line": finding.line,
        "end_line": finding.end_line,
        "score": _score(finding.metric, finding.score),
        "threshold": _score(finding.metric, finding.threshold),
        "rank": finding.rank,
        "standing": judged.delta.value,
        "reason": judged.reason,
        "before": None if before is None else {"path": before.path, "block": before.block, "score": _score(before.metric, before.score)},
        "trend": [number(value) for value in finding.trend],
        "direction": finding.direction.value,
        "churn": finding.churn,
        "problem": finding.problem,
        "suggestion": finding.suggestion,
    }


def file_fields(file: AuditedFile) -> dict[str, Any]:
    """Return the numbers of one file; None for what is not known of one that cannot be measured."""
    measure = file.measure
    return {
        "path": file.path,
        "lines": measure.raw.loc if measure.raw else None,
        **_block_sums(measure),
        **_index(measure),
        "churn": file.trend.churn if file.trend else 0,
        "problem": measure.problem,
        "raw": asdict(measure.raw) if measure.raw else None,
        "halstead": asdict(measure.halstead) if measure.halstead else None,
    }


def _block_sums(measure: FileMeasure) -> dict[str, int | None]:
    if not measure.has_blocks:
        return dict.fromkeys(("blocks", "complexity", "worst"))
    tally = measure.tally
    return {"blocks": tally.blocks, "complexity": tally.complexity, "worst": tally.worst}


def _index(measure: FileMeasure) -> dict[str, Any]:
    if not measure.has_blocks or not measure.has_raw:
        return {"maintainability": None, "rank": None}
    return {"maintainability": number(measure.maintainability), "rank": maintainability_rank(measure.maintainability)}


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
        "prefix": gate.prefix,
        "gate": {"passed": not gate.failing, "fail_on": gate.fail_on.value, "against": gate.against, "failing": len(gate.failing)},
        "counts": {"files": len(report.files), "findings": len(report.findings), **standings, "gone": len(judgement.gone)},
        "totals": _totals(totals(report)),
        "findings": [finding_fields(judged) for judged in shown],
        "gone": [_gone(accepted) for accepted in judgement.gone],
        "packages": [{"package": each.package, **_totals(each)} for each in packages(report)],
        "files": [file_fields(file) for file in report.files],
        "changed": [{"subject": each.subject, "what": each.what, "file": each.file, "line": each.line} for each in gate.changed],
        "notes": [note for note in (*gate.notes, report.gap) if note],
    }


def _totals(total: Totals) -> dict[str, Any]:
    return {
        "files": total.files,
        "lines": total.lines,
        "blocks": total.blocks,
        "findings": total.findings,
        "complexity": number(total.complexity) if total.blocks else None,
        "maintainability": None if total.maintainability is None else number(total.maintainability),
    }


def _gone(accepted: Accepted) -> dict[str, Any]:
    return {
        "path": accepted.path,
        "block": accepted.block,
        "metric": accepted.metric.value,
        "score": _score(accepted.metric, accepted.score),
    }


def _score(metric: Metric, value: float) -> int | float | None:
    """Return a number of a finding; None for a file that cannot be measured."""
    return None if metric is Metric.UNREADABLE else number(value)
