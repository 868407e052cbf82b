"""``orchestrator show``."""

from __future__ import annotations

from core.assembly.container import Session
from core.cli.backlog_view import viewed
from core.cli.options import Directory, Json, TaskId, TasksFile

_ATTEMPTS = 10


def show(session: Session, task_id: TaskId, directory: Directory = "", tasks_file: TasksFile = None, json: Json = False) -> int:
    """Show everything known of one task."""
    from core.domain.tasks.lookup import find_task
    from core.reports.backlog.show_text import Surroundings, show_json, show_text

    with viewed(session.open(directory, tasks_file=tasks_file)) as view:
        task = find_task(view.tasks, task_id)
        journal = view.backlog.journal
        around = Surroundings(
            dependents=[other.id for other in view.tasks if task.id in other.dependencies],
            attempts=journal.attempts(task.id, limit=_ATTEMPTS),
            last_change=next(iter(journal.transitions(task.id, limit=1)), None),
        )
        if json:
            return session.console.say_json(show_json(task, view.context, around))
        file = view.settings.tasks_file
        return session.console.say(show_text(task, view.context, around, file, session.console.stdout.style()))
