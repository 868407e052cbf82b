"""Tasks as a table: ``orchestrator list``."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.tasks.task import Task
from core.reports.backlog.display_status import BacklogContext, paint_of, standing
from core.reports.text.columns import Cell, Column, one_line, table
from core.reports.text.style import Style
from core.reports.text.wording import amount

_COLUMNS = (
    Column(title="status"),
    Column(title="id", most=40),
    Column(title="priority", right=True),
    Column(title="cost", right=True),
    Column(title="description", elastic=True),
)


def task_table(tasks: Sequence[Task], context: BacklogContext, style: Style) -> str:
    """Return one line a task, in the order given; priorities and costs only where one differs from the default."""
    if not tasks:
        return "no tasks\n"
    priorities = any(task.priority for task in tasks)
    costs = any(task.cost != 1 for task in tasks)
    rows = []
    for task in tasks:
        word = standing(task, context)
        rows.append(
            [
                Cell(text=word, paint=paint_of(word, style)),
                Cell(text=one_line(task.id), paint=style.bold),
                Cell(text=str(task.priority) if priorities else ""),
                Cell(text=amount(task.cost) if costs else ""),
                Cell(text=one_line(task.description), paint=style.dim),
            ]
        )
    return table(_COLUMNS, rows, width=style.width, title=style.dim)
