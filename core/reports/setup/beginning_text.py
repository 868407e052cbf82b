"""What ``init`` says when it is done."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.settings.project_facts import ProjectFacts, ProposedTask
from core.reports.text.style import PLAIN, Style
from core.reports.text.wording import count


def beginning_text(
    facts: ProjectFacts, tasks: Sequence[ProposedTask], files: Sequence[str], notes: Sequence[str], style: Style = PLAIN
) -> str:
    """Return what was found, what was written, what to know and what to type next; a label and a sentence each."""
    lines = [("found", f"{tool} ({evidence})") for tool, evidence in facts.tools.items()] or [("found", "no tool's settings")]
    lines += [("wrote", style.bold(path)) for path in files]
    lines += [("tasks", f"{count(len(tasks), 'task')}: {', '.join(task.id for task in tasks)}")]
    lines += [("note", note) for note in notes]
    lines += [("next", "orchestrator plan, then orchestrator run")]
    return "".join(f"{style.dim(f'{label:<6}')} {sentence}\n" for label, sentence in lines)
