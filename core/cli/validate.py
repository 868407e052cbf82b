"""``orchestrator validate``."""

from __future__ import annotations

from core.assembly import open_project, task_file
from core.cli.backlog_view import say, say_json
from core.cli.options import Directory, Json, TasksFile
from core.errors import InvalidFile, Problem


def validate(directory: Directory = "", tasks_file: TasksFile = None, json: Json = False) -> int:
    """Check tasks.yml and config.yaml.

    Runs nothing. Every problem of both files is printed as file:line:column.
    """
    problems: list[Problem] = []
    count = 0
    try:
        project = open_project(directory, tasks_file=tasks_file)
    except InvalidFile as invalid:
        problems += invalid.problems
        project = open_project(directory, tasks_file=tasks_file, defaults=True)
    name = project.settings.tasks_file
    file = task_file(project)
    try:
        count = len(file.read().tasks)
    except InvalidFile as invalid:
        problems += invalid.problems
    finally:
        file.close()
    if problems:
        raise InvalidFile(problems)
    return say_json({"problems": [], "tasks": count}) if json else say(f"{name}: {count} tasks, no problems\n")
