"""``orchestrator done``."""

from __future__ import annotations

from core.assembly.container import Session
from core.cli.options import TaskIds
from core.cli.set_status import set_status
from core.domain.runs.reasons import Code
from core.domain.tasks.task import Status
from core.terminal.options import Directory, DryRun, Json, TasksFile


def done(
    session: Session,
    task_ids: TaskIds,
    directory: Directory = "",
    tasks_file: TasksFile = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Mark tasks as done."""
    container = session.open(directory, tasks_file=tasks_file)
    return set_status(container, lambda _: task_ids, Status.DONE, Code.MARKED_DONE.of(), dry_run=dry_run, json=json)
