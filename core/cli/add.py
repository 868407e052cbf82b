"""``orchestrator add``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from core.assembly import open_backlog_to_edit, open_project
from core.cli.backlog_view import say, say_json
from core.cli.options import Directory, Json, TasksFile
from core.domain.refactor_task import number

Description = Annotated[str, typer.Argument(metavar="DESCRIPTION", help="What and why.", show_default=False)]
Command = Annotated[str | None, typer.Option("--command", "-c", metavar="COMMAND", help="What runs it.", show_default=False)]
Verify = Annotated[list[str] | None, typer.Option("--verify", metavar="COMMAND", help="Must exit with 0 before it counts as done.")]
Needs = Annotated[list[str] | None, typer.Option("--needs", metavar="ID", help="Runs after this task; may be repeated.")]
Priority = Annotated[str | None, typer.Option("--priority", "-p", metavar="P", help="A number or low, normal, high, critical.")]


def add(
    description: Description,
    task_id: Annotated[str | None, typer.Option("--id", metavar="ID", help="Its id.", show_default="made from the description")] = None,
    command: Command = None,
    verify: Verify = None,
    needs: Needs = None,
    priority: Priority = None,
    cost: Annotated[float | None, typer.Option("--cost", metavar="UNITS", min=0, help="What it is expected to spend.")] = None,
    timeout: Annotated[str | None, typer.Option("--timeout", metavar="TIME", help="Its time limit: 90s, 10m, 2h.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="May be repeated.")] = None,
    manual: Annotated[bool, typer.Option("--manual", help="Only a person finishes it.")] = False,
    directory: Directory = "",
    tasks_file: TasksFile = None,
    json: Json = False,
) -> int:
    """Add a task."""
    from core.hand_edits import add_task

    fields: dict[str, Any] = {
        "id": task_id,
        "description": description,
        "command": command,
        "verify": verify,
        "dependencies": needs,
        "priority": _number_or_word(priority),
        "cost": None if cost is None else number(cost),
        "timeout": timeout,
        "tags": tag,
        "manual": manual or None,
    }
    with open_backlog_to_edit(open_project(directory, tasks_file=tasks_file)) as memory:
        task = add_task(memory, {key: value for key, value in fields.items() if value is not None})
    if json:
        return say_json({"id": task.id, "line": task.place.line})
    return say(f"added {task.id} (line {task.place.line})\n")


def _number_or_word(priority: str | None) -> int | str | None:
    return int(priority) if priority and priority.lstrip("+-").isdigit() else priority
