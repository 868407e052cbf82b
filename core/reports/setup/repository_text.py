"""What ``orchestrator doctor`` and ``orchestrator init`` found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.domain.settings.diagnosis import Diagnosis, Health
from core.domain.settings.project_facts import ProjectFacts, ProposedTask
from core.reports.text.columns import Cell, Column, table
from core.reports.text.style import PLAIN, Style
from core.reports.text.wording import count

_SIGNS = {Health.GOOD: "✓", Health.WARNING: "!", Health.BAD: "✗", Health.FACT: "·"}
_COLUMNS = (Column(title=""), Column(title=""), Column(title="", elastic=True))


def diagnosis_text(diagnoses: Sequence[Diagnosis], style: Style) -> str:
    """Return one line a subject, advice below it, and a last line that sums up."""
    paints = {Health.GOOD: style.good, Health.WARNING: style.warn, Health.BAD: style.bad, Health.FACT: style.dim}
    rows = []
    for diagnosis in diagnoses:
        paint = paints[diagnosis.health]
        rows.append([Cell(text=_SIGNS[diagnosis.health], paint=paint), Cell(text=diagnosis.subject), Cell(text=diagnosis.found)])
        if diagnosis.advice:
            rows.append([Cell(text=""), Cell(text=""), Cell(text=diagnosis.advice, paint=paint)])
    return table(_COLUMNS, rows, width=style.width, title=None) + "\n" + _sum(diagnoses, style)


def diagnosis_json(diagnoses: Sequence[Diagnosis]) -> list[dict[str, Any]]:
    """Return the same for a program."""
    return [{"subject": d.subject, "found": d.found, "health": d.health.value, "advice": d.advice} for d in diagnoses]


def _sum(diagnoses: Sequence[Diagnosis], style: Style) -> str:
    bad = sum(diagnosis.health is Health.BAD for diagnosis in diagnoses)
    warnings = sum(diagnosis.health is Health.WARNING for diagnosis in diagnoses)
    if bad:
        return style.bad(f"{bad} in the way of a run") + "\n"
    return (style.warn(f"ready, {warnings} to know of") if warnings else style.good("ready")) + "\n"


def proposal_text(
    facts: ProjectFacts, tasks: Sequence[ProposedTask], files: Sequence[str], notes: Sequence[str], style: Style = PLAIN
) -> str:
    """Return what ``init`` found, what was written, what to know and what to type next; a label and a sentence each."""
    lines = [("found", f"{tool} ({evidence})") for tool, evidence in facts.tools.items()] or [("found", "no tool's settings")]
    lines += [("wrote", style.bold(path)) for path in files]
    lines += [("tasks", f"{count(len(tasks), 'task')}: {', '.join(task.id for task in tasks)}")]
    lines += [("note", note) for note in notes]
    lines += [("next", "orchestrator plan, then orchestrator run")]
    return "".join(f"{style.dim(f'{label:<6}')} {sentence}\n" for label, sentence in lines)
