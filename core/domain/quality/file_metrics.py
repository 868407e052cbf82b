"""The measure of one file as plain values, judged by two thresholds."""

from __future__ import annotations

from typing import Any

from core.domain.quality.metric import FileMeasure, complexity_rank, maintainability_rank


def file_metrics(measure: FileMeasure, *, complexity: float, maintainability: float) -> dict[str, Any]:
    """Return what was measured: blocks with their complexity and rank, the maintainability index, and whether either breaks its threshold.

    ``max_complexity`` leaves classes out: theirs is their methods' again. A file that cannot be measured has ``error`` beside the rest.
    """
    blocks: list[dict[str, Any]] = [
        {
            "name": block.name,
            "type": block.kind.value,
            "complexity": block.complexity,
            "rank": complexity_rank(block.complexity),
            "lineno": block.line,
        }
        for block in measure.blocks
    ]
    index, worst = measure.maintainability, measure.tally.worst
    return {
        "complexity": blocks,
        "maintainability": {"mi": index, "rank": maintainability_rank(index)},
        "max_complexity": worst,
        "needs_refactor": worst > complexity or index < maintainability,
        "complexity_violations": [block for block in blocks if block["complexity"] > complexity and block["type"] != "class"],
        **({"error": measure.problem} if measure.problem else {}),
    }
