"""``orchestrator list``."""

from __future__ import annotations

from typing import Annotated

import typer

from core.assembly import open_project
from core.cli.backlog_view import say, say_json, stdout, viewed
from core.cli.options import Directory, Json, TasksFile

Standing = Annotated[
    list[str] | None, typer.Option("--status", "-s", metavar="WORD", help="Only these: ready, blocked, waiting, queued, done, failed …")
]
Tag = Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="Only tasks with this tag.")]


def list_tasks(
    directory: Directory = "", tasks_file: TasksFile = None, standing: Standing = None, tag: Tag = None, json: Json = False
) -> int:
    """List tasks."""
    from core.reports.standing import standing as standing_of
    from core.reports.standing import task_json
    from core.reports.task_table import task_table

    with viewed(open_project(directory, tasks_file=tasks_file)) as view:
        wanted = {word.replace("_", " ") for word in standing or ()}
        tags = set(tag or ())
        shown = [
            task
            for task in view.tasks
            if (not wanted or {standing_of(task, view.backdrop), task.status.value.replace("_", " ")} & wanted)
            and (not tags or tags & set(task.tags))
        ]
        if json:
            return say_json([task_json(task, view.backdrop) for task in shown])
        return say(task_table(shown, view.backdrop, stdout().style()))
