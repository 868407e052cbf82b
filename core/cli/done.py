"""``orchestrator done``."""

from __future__ import annotations

from core.cli.options import Directory, Json, TaskIds, TasksFile
from core.cli.status_change import change_status
from core.domain.tasks.status import Status


def done(task_ids: TaskIds, directory: Directory = "", tasks_file: TasksFile = None, json: Json = False) -> int:
    """Mark tasks as done."""
    return change_status(task_ids, Status.DONE, "marked as done by hand", directory, tasks_file, json=json)
