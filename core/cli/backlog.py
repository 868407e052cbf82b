"""Commands that show the backlog: ``orchestrator list | status | show | why | graph | history``."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

import typer

from core.assembly.container import Session
from core.cli.backlog_view import BacklogView, viewed
from core.cli.options import TaskId, complete_tags
from core.domain.runs.check_result import CheckState
from core.domain.tasks.task import Readiness, Status, Task
from core.errors import UsageError
from core.reports.backlog.display_status import INTERRUPTED, display_status, task_json
from core.terminal.options import Directory, Json, TasksFile

StatusWords = Annotated[
    list[str] | None, typer.Option("--status", "-s", metavar="WORD", help="Only these: ready, blocked, waiting, queued, done, failed …")
]
Tag = Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="Only tasks with this tag.", autocompletion=complete_tags)]


def list_tasks(
    session: Session,
    directory: Directory = "",
    tasks_file: TasksFile = None,
    status: StatusWords = None,
    tag: Tag = None,
    json: Json = False,
) -> int:
    """List tasks."""
    from core.reports.backlog.status_text import task_table

    with viewed(session.open(directory, tasks_file=tasks_file)) as view:
        shown = _chosen(view, _known_words(status or ()), set(tag or ()))
        if json:
            return session.console.say_json([task_json(task, view.context) for task in shown])
        return session.console.say(task_table(shown, view.context, session.console.stdout.style()))


def _chosen(view: BacklogView, words: set[str], tags: set[str]) -> list[Task]:
    tasks = view.tasks
    if words:
        tasks = tuple(task for task in tasks if words & {display_status(task, view.context), _spaced(task.status)})
    return [task for task in tasks if not tags or tags & set(task.tags)]


def _known_words(asked: Iterable[str]) -> set[str]:
    known = [_spaced(word) for word in (*Readiness, *Status, *CheckState, INTERRUPTED)]
    words = {_spaced(word) for word in asked}
    for word in sorted(words.difference(known)):
        raise UsageError(f"no task can be {word}", hint=f"one of: {', '.join(dict.fromkeys(known))}")
    return words


def _spaced(word: str) -> str:
    return word.replace("_", " ")


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


def why(session: Session, task_id: TaskId, directory: Directory = "", tasks_file: TasksFile = None, json: Json = False) -> int:
    """Say why a task runs, waits or does not run."""
    from core.assembly.run import run_options
    from core.domain.tasks.lookup import find_task
    from core.forecast import over_budget
    from core.reports.backlog.why_text import Past, why_json, why_text

    container = session.open(directory, tasks_file=tasks_file)
    with viewed(container) as view:
        task = find_task(view.tasks, task_id)
        options = run_options(container)
        explanation = over_budget(view.tasks, options, view.context.durations, view.up_to_date).get(task.id) or view.explain(task.id)
        journal = view.backlog.journal
        past = Past(
            attempt=next(iter(journal.attempts(task.id, limit=1)), None), change=next(iter(journal.transitions(task.id, limit=1)), None)
        )
        if json:
            return session.console.say_json(why_json(explanation, view.by_id, past, view.context.checks.get(task.id)))
        return session.console.say(why_text(explanation, view.by_id, past, view.context, session.console.stdout.style()))


class GraphFormat(StrEnum):
    """Languages of graphs."""

    MERMAID = "mermaid"
    DOT = "dot"


Format = Annotated[GraphFormat, typer.Option("--format", help="mermaid for Markdown, dot for Graphviz.")]


def graph(
    session: Session, directory: Directory = "", tasks_file: TasksFile = None, format: Format = GraphFormat.MERMAID, json: Json = False
) -> int:
    """Draw the dependencies as Mermaid or Graphviz text."""
    from core.reports.backlog.graph_text import dot, mermaid

    with viewed(session.open(directory, tasks_file=tasks_file)) as view:
        if json:
            return session.console.say_json({task.id: list(task.dependencies) for task in view.tasks})
        draw = mermaid if format is GraphFormat.MERMAID else dot
        return session.console.say(draw(view.tasks, view.context))


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
