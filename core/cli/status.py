"""``orchestrator status``."""

from __future__ import annotations

from core.assembly.container import Session
from core.cli.backlog_view import viewed
from core.cli.options import Directory, Json, TasksFile

#: Ids of what comes next that are shown.
_COMING = 3


def status(session: Session, directory: Directory = "", tasks_file: TasksFile = None, json: Json = False) -> int:
    """Show where the backlog stands."""
    from core.reports.backlog.status_text import status_json, status_text

    with viewed(session.open(directory, tasks_file=tasks_file)) as view:
        coming = view.planner.upcoming(_COMING)
        last = next(iter(view.backlog.journal.runs(limit=1)), None)
        if json:
            return session.console.say_json(status_json(view.tasks, view.context, coming, last))
        return session.console.say(status_text(view.tasks, view.context, coming, last, session.console.stdout.style()))
