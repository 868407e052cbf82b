"""Where the code of a refactor task is now, as its handler finds it. Pure."""

from __future__ import annotations

from core.domain.quality.finding import Finding
from core.domain.quality.refactor_task import described_now, number
from core.domain.runs.variables import MeasuredPlace
from core.domain.tasks.task import Task


def measured_place(task: Task, found: Finding, advice: str) -> MeasuredPlace:
    """Return the place of what an own task is about, ``found`` and with the ``advice`` of now."""
    return MeasuredPlace(
        line=found.line,
        end_line=found.end_line,
        score=number(found.score),
        threshold=number(found.threshold),
        suggestion=advice,
        description=described_now(task, found, advice),
    )
