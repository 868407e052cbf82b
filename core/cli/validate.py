"""``orchestrator validate``."""

from __future__ import annotations

from collections.abc import Sequence

from core.assembly.container import Container, Session
from core.cli.options import Directory, Json, TasksFile
from core.domain.tasks.task import Task
from core.errors import InvalidFile, Problem
from core.reports.text.wording import count


def validate(session: Session, directory: Directory = "", tasks_file: TasksFile = None, json: Json = False) -> int:
    """Check tasks.yml and config.yaml.

    Runs nothing. Every problem of both files is printed as file:line:column.
    """
    problems: list[Problem] = []
    number = 0
    try:
        container = session.open(directory, tasks_file=tasks_file)
    except InvalidFile as invalid:
        problems += invalid.problems
        container = session.open(directory, tasks_file=tasks_file, defaults=True)
    name = container.settings.tasks_file
    file = container.task_file()
    try:
        tasks = file.read().tasks
        number = len(tasks)
        problems += _of_plugins(container, tasks)
    except InvalidFile as invalid:
        problems += invalid.problems
    finally:
        file.close()
    if problems:
        raise InvalidFile(problems)
    return (
        session.console.say_json({"problems": [], "tasks": number})
        if json
        else session.console.say(f"{name}: {count(number, 'task')}, no problems\n")
    )


def _of_plugins(container: Container, tasks: Sequence[Task]) -> tuple[Problem, ...]:
    if not container.settings.plugins and all(task.plugin is None for task in tasks):
        return ()
    from core.assembly.plugins import plugin_problems

    return plugin_problems(container, tasks)
