"""One reflection cycle in words."""

from __future__ import annotations

from core.domain.quality.cycle import CycleReport
from core.domain.tasks.status import Status
from core.reports.text.columns import one_line
from core.reports.text.style import PLAIN, Style


def cycle_text(cycle: CycleReport, file: str, style: Style = PLAIN) -> str:
    """Return a line for every task that was appended or closed, and one on what was left."""
    lines = [f"{style.warn('appended')}  {task.id}  {one_line(task.description)}" for task in cycle.appended]
    for closed in cycle.closed:
        word = style.good("done") if closed.status is Status.DONE else style.dim(closed.status.value)
        lines.append(f"{word}  {closed.task_id}  {one_line(closed.reason)}")
    if cycle.updated:
        lines.append(f"brought up to date: {', '.join(cycle.updated)}")
    if cycle.withheld:
        lines.append(f"{cycle.withheld:,} more without a task: reflect.max_open_tasks are open")
    lines += cycle.without_task
    if not lines:
        lines.append(f"nothing to append to {file}")
    return "".join(f"{line}\n" for line in lines)
