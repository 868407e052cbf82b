"""``orchestrator list``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from core.assembly.container import Session
from core.cli.backlog_view import BacklogView, viewed
from core.cli.options import Directory, Json, TasksFile, complete_tags
from core.domain.tasks.task import Readiness, Status, Task
from core.errors import UsageError
from core.reports.backlog.display_status import INTERRUPTED
from core.reports.backlog.display_status import display_status as standing_of

Standing = Annotated[
    list[str] | None, typer.Option("--status", "-s", metavar="WORD", help="Only these: ready, blocked, waiting, queued, done, failed …")
]
Tag = Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="Only tasks with this tag.", autocompletion=complete_tags)]


def list_tasks(
    session: Session,
    directory: Directory = "",
    tasks_file: TasksFile = None,
    standing: Standing = None,
    tag: Tag = None,
    json: Json = False,
) -> int:
    """List tasks."""
    from core.reports.backlog.display_status import task_json
    from core.reports.backlog.status_text import task_table

    with viewed(session.open(directory, tasks_file=tasks_file)) as view:
        shown = _chosen(view, _known_words(standing or ()), set(tag or ()))
        if json:
            return session.console.say_json([task_json(task, view.context) for task in shown])
        return session.console.say(task_table(shown, view.context, session.console.stdout.style()))


def _chosen(view: BacklogView, words: set[str], tags: set[str]) -> list[Task]:
    tasks = view.tasks
    if words:
        tasks = tuple(task for task in tasks if words & {standing_of(task, view.context), _spaced(task.status)})
    return [task for task in tasks if not tags or tags & set(task.tags)]


def _known_words(asked: Iterable[str]) -> set[str]:
    known = [_spaced(word) for word in (*Readiness, *Status, INTERRUPTED)]
    words = {_spaced(word) for word in asked}
    for word in sorted(words.difference(known)):
        raise UsageError(f"no task can be {word}", hint=f"one of: {', '.join(dict.fromkeys(known))}")
    return words


def _spaced(word: str) -> str:
    return word.replace("_", " ")
