"""``orchestrator show``."""

from __future__ import annotations

from core.assembly.project import open_project
from core.cli.backlog_view import say, say_json, stdout, viewed
from core.cli.options import Directory, Json, TaskId, TasksFile

_ATTEMPTS = 10


def show(task_id: TaskId, directory: Directory = "", tasks_file: TasksFile = None, json: Json = False) -> int:
    """Show everything known of one task."""
    from core.domain.tasks.lookup import find_task
    from core.reports.backlog.show_text import Surroundings, show_json, show_text

    with viewed(open_project(directory, tasks_file=tasks_file)) as view:
        task = find_task(view.tasks, task_id)
        journal = view.backlog.journal
        around = Surroundings(
            dependents=[other.id for other in view.tasks if task.id in other.dependencies],
            attempts=journal.attempts(task.id, limit=_ATTEMPTS),
            last_change=next(iter(journal.transitions(task.id, limit=1)), None),
        )
        if json:
            return say_json(show_json(task, view.context, around))
        file = view.project.settings.tasks_file
        return say(show_text(task, view.context, around, file, stdout().style()))
