"""``orchestrator why``."""

from __future__ import annotations

from core.assembly.container import Session
from core.assembly.run import run_options
from core.cli.backlog_view import viewed
from core.cli.options import Directory, Json, TaskId, TasksFile


def why(session: Session, task_id: TaskId, directory: Directory = "", tasks_file: TasksFile = None, json: Json = False) -> int:
    """Say why a task runs, waits or does not run."""
    from core.domain.tasks.lookup import find_task
    from core.forecast import over_budget
    from core.reports.backlog.why_text import Past, why_json, why_text

    container = session.open(directory, tasks_file=tasks_file)
    with viewed(container) as view:
        task = find_task(view.tasks, task_id)
        options = run_options(container)
        explanation = over_budget(view.tasks, options, view.context.durations).get(task.id) or view.planner.explain(task.id)
        journal = view.backlog.journal
        past = Past(
            attempt=next(iter(journal.attempts(task.id, limit=1)), None), change=next(iter(journal.transitions(task.id, limit=1)), None)
        )
        if json:
            return session.console.say_json(why_json(explanation, view.by_id, past))
        return session.console.say(why_text(explanation, view.by_id, past, view.context, session.console.stdout.style()))
