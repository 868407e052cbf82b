"""Options that several commands of the kernel share; those that a wing's may take as well are in ``core.terminal.options``."""

from __future__ import annotations

from typing import Annotated

import typer

from core.domain.tasks.task import Task
from core.errors import OrchestratorError


def complete_task_ids(incomplete: str) -> list[tuple[str, str]]:
    """Return the ids that begin with what was typed, with descriptions; none where there is no sound tasks file."""
    return [(task.id, task.description) for task in _tasks_here() if task.id.startswith(incomplete)]


def complete_tags(incomplete: str) -> list[str]:
    """Return the tags that begin with what was typed; none where there is no sound tasks file."""
    return sorted({tag for task in _tasks_here() for tag in task.tags if tag.startswith(incomplete)})


def _tasks_here() -> tuple[Task, ...]:
    from core.assembly.backlog import open_backlog
    from core.assembly.container import Session
    from core.terminal.console import Console

    try:
        with open_backlog(Session(Console()).open()) as backlog:
            return backlog.memory.tasks
    except OrchestratorError:
        return ()


TaskId = Annotated[str, typer.Argument(metavar="ID", help="Id of a task.", autocompletion=complete_task_ids, show_default=False)]
TaskIds = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of tasks.", autocompletion=complete_task_ids, show_default=False)]
Named = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID]...", help="Run these, whatever their status.", autocompletion=complete_task_ids, show_default=False),
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="ID", help="Run this task and what it needs; may be repeated.", autocompletion=complete_task_ids),
]
Tag = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="TAG", help="Run tasks with this tag and what they need; may be repeated.", autocompletion=complete_tags),
]
Jobs = Annotated[int | None, typer.Option("-j", "--jobs", metavar="N", min=0, help="Run N tasks at once.", show_default="one a core")]
Budget = Annotated[float | None, typer.Option("--budget", metavar="UNITS", min=0, help="Spend at most this many units of cost.")]
TimeBudget = Annotated[str | None, typer.Option("--time-budget", metavar="TIME", help="Start nothing more after this time: 90s, 10m, 2h.")]
