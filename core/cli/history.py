"""``orchestrator history``."""

from __future__ import annotations

from typing import Annotated

import typer

from core.assembly.container import Session
from core.cli.backlog_view import viewed
from core.cli.options import Directory, Json, TasksFile

Of = Annotated[str | None, typer.Argument(metavar="[ID]", help="A task; without it, the runs.", show_default=False)]
Most = Annotated[int, typer.Option("-n", "--most", metavar="N", min=1, help="Show at most N, the newest first.")]


def history(
    session: Session, task_id: Of = None, most: Most = 20, directory: Directory = "", tasks_file: TasksFile = None, json: Json = False
) -> int:
    """Show past runs, or the attempts of one task."""
    from core.reports.run import history_text as report

    with viewed(session.open(directory, tasks_file=tasks_file)) as view:
        journal, live, style = view.backlog.journal, view.context.live_run, session.console.stdout.style()
        if task_id is None:
            runs = journal.runs(limit=most)
            return (
                session.console.say_json([report.run_json(run, live) for run in runs])
                if json
                else session.console.say(report.runs_text(runs, live, style))
            )
        attempts, transitions = journal.attempts(task_id, limit=most), journal.transitions(task_id, limit=most)
        if not attempts and not transitions:
            from core.domain.tasks.lookup import find_task

            find_task(view.tasks, task_id)
        if json:
            return session.console.say_json(
                {
                    "attempts": [report.attempt_json(attempt) for attempt in attempts],
                    "transitions": [report.transition_json(transition) for transition in transitions],
                }
            )
        return session.console.say(report.attempts_text(attempts, live, style) + "\n" + report.transitions_text(transitions, style))
