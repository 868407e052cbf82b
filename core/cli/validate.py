"""``orchestrator validate``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.assembly.container import Container, Session
from core.domain.tasks.task import Task
from core.errors import InvalidFile, Problem
from core.reports.text.wording import count
from core.reports.text.workflow_commands import command as workflow_command
from core.terminal.console import Ci, Console, ci_of
from core.terminal.options import Directory, Json, TasksFile


def validate(session: Session, directory: Directory = "", tasks_file: TasksFile = None, json: Json = False) -> int:
    """Check tasks.yml and config.yaml.

    Runs nothing. Every problem of both files is printed as file:line:column. Programs that do not exist, and sources of a check that
    match no file, are warnings: they leave the exit code as it is.
    """
    problems: list[Problem] = []
    tasks: tuple[Task, ...] = ()
    try:
        container = session.open(directory, tasks_file=tasks_file)
    except InvalidFile as invalid:
        problems += invalid.problems
        container = session.open(directory, tasks_file=tasks_file, defaults=True)
    file = container.task_file()
    try:
        tasks = file.read().tasks
        problems += _plugin_problems(container, tasks)
    except InvalidFile as invalid:
        problems += invalid.problems
    finally:
        file.close()
    if problems:
        raise InvalidFile(problems)
    from core.assembly.validation import warnings

    found = warnings(container, tasks)
    if json:
        told = [{"file": p.file, "line": p.line, "column": p.column, "message": p.message, "hint": p.hint} for p in found]
        return session.console.say_json({"problems": [], "warnings": told, "tasks": len(tasks)})
    _say_warnings(session.console, found)
    return session.console.say(f"{container.settings.tasks_file}: {count(len(tasks), 'task')}, {_counted(found)}\n")


def _say_warnings(console: Console, warnings: Sequence[Problem]) -> None:
    for each in warnings:
        if ci_of(console.environ) is Ci.GITHUB:
            place = {"file": each.file, "line": str(each.line), "col": str(each.column)}
            console.stdout.add_exact(workflow_command("warning", f"{each.message} ({each.hint})", **place))
        console.stdout.add(f"{replace(each, message=f'warning: {each.message}')}\n")


def _counted(warnings: Sequence[Problem]) -> str:
    return count(len(warnings), "warning") if warnings else "no problems"


def _plugin_problems(container: Container, tasks: Sequence[Task]) -> tuple[Problem, ...]:
    if not container.settings.plugins and all(task.plugin is None for task in tasks):
        return ()
    from core.assembly.plugins import plugin_problems

    return plugin_problems(container, tasks)
