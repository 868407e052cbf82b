"""``orchestrator add``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from core.assembly.backlog import open_backlog_to_edit
from core.assembly.container import Session
from core.domain.quality.refactor_task import number
from core.errors import EditRefused, OrchestratorError, UsageError
from core.terminal.options import Directory, DryRun, Json, TasksFile

Description = Annotated[str, typer.Argument(metavar="DESCRIPTION", help="What and why.", show_default=False)]
Command = Annotated[str | None, typer.Option("--command", "-c", metavar="COMMAND", help="What runs it.", show_default=False)]
Verify = Annotated[list[str] | None, typer.Option("--verify", metavar="COMMAND", help="Must exit with 0 before it counts as done.")]
Needs = Annotated[list[str] | None, typer.Option("--needs", metavar="ID", help="Runs after this task; may be repeated.")]
Priority = Annotated[str | None, typer.Option("--priority", "-p", metavar="P", help="A number or low, normal, high, critical.")]

_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,9})?")


def add(
    session: Session,
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
    check: Annotated[bool, typer.Option("--check", help="It says whether the repository is in order: run in every run.")] = False,
    sources: Annotated[
        list[str] | None,
        typer.Option("--source", metavar="GLOB", help="What the check is about: not run while it is unchanged. May be repeated."),
    ] = None,
    directory: Directory = "",
    tasks_file: TasksFile = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Add a task."""
    from core.manual_edits import add_task

    fields: dict[str, Any] = {
        "id": task_id,
        "description": description,
        "command": command,
        "verify": verify,
        "dependencies": needs,
        "priority": _number_or_word(priority),
        "cost": None if cost is None else number(cost),
        "timeout": _seconds_or_span(timeout),
        "tags": tag,
        "manual": manual or None,
        "check": check or None,
        "sources": sources,
    }
    given = {key: value for key, value in fields.items() if value is not None}
    container = session.open(directory, tasks_file=tasks_file)
    try:
        if dry_run:
            from core.assembly.in_memory import open_trial

            with open_trial(container) as (memory, diff):
                add_task(memory, given)
                return session.console.say_json({"diff": diff()}) if json else session.console.say(diff())
        with open_backlog_to_edit(container) as memory:
            task = add_task(memory, given)
    except EditRefused as refused:
        raise _about_the_command_line(refused, given) from refused
    if json:
        return session.console.say_json({"id": task.id, "line": task.place.line})
    return session.console.say(f"added {task.id} (line {task.place.line})\n")


def _about_the_command_line(refused: EditRefused, given: Mapping[str, Any]) -> OrchestratorError:
    """Return the error for a value that was typed, and not read from the file; other refusals are the file's."""
    problem = refused.problem
    typed = not problem.line and problem.message.split(" ", 1)[0] in given
    return UsageError(problem.message, hint=problem.hint) if typed else refused


def _seconds_or_span(timeout: str | None) -> float | str | None:
    return number(float(timeout)) if timeout and _NUMBER.fullmatch(timeout) else timeout


def _number_or_word(priority: str | None) -> int | str | None:
    return int(priority) if priority and priority.lstrip("+-").isdigit() else priority
