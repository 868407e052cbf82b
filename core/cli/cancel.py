"""``orchestrator cancel``."""

from __future__ import annotations

from core.cli.options import Directory, Json, TaskIds, TasksFile
from core.cli.status_change import change_status
from core.domain.tasks.status import Status


def cancel(task_ids: TaskIds, directory: Directory = "", tasks_file: TasksFile = None, json: Json = False) -> int:
    """Take tasks off the list."""
    return change_status(task_ids, Status.CANCELLED, "cancelled by hand", directory, tasks_file, json=json)
