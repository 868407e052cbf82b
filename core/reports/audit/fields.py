"""A finding and a file as plain values for programs; keys are only ever added."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from core.domain.quality.audit import AuditedFile
from core.domain.quality.metric import BlockKind, maintainability_rank
from core.domain.quality.refactor_task import number
from core.domain.quality.verdict import Judged


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
        "score": number(finding.score),
        "threshold": number(finding.threshold),
        "rank": finding.rank,
        "standing": judged.delta.value,
        "before": None if before is None else {"path": before.path, "block": before.block, "score": before.score},
        "trend": [number(value) for value in finding.trend],
        "direction": finding.direction.value,
        "churn": finding.churn,
        "problem": finding.problem,
        "suggestion": finding.suggestion,
    }


def file_fields(file: AuditedFile) -> dict[str, Any]:
    """Return the numbers of one file."""
    measure = file.measure
    blocks = [block.complexity for block in measure.blocks if block.kind is not BlockKind.CLASS]
    known = measure.raw is not None
    return {
        "path": file.path,
        "lines": measure.raw.loc if measure.raw else 0,
        "blocks": len(blocks),
        "complexity": sum(blocks),
        "worst": max(blocks, default=0),
        "maintainability": number(measure.maintainability) if known else None,
        "rank": maintainability_rank(measure.maintainability) if known else None,
        "churn": file.trend.churn if file.trend else 0,
        "problem": measure.problem,
        "raw": asdict(measure.raw) if measure.raw else None,
        "halstead": asdict(measure.halstead) if measure.halstead else None,
    }
