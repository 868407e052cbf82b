"""What an attempt runs, and the variables it gets."""

from __future__ import annotations

import json
from collections.abc import Mapping

from core.domain.runs.attempt import Attempt, Phase
from core.domain.runs.attempt_text import shown
from core.domain.tasks.task import Task


def work_of(task: Task, commands: Mapping[str, str], plugin_command: tuple[str, ...] = ()) -> tuple[Phase, ...]:
    """Return the process that does the work of ``task``: its command, its plugin, or its kind's command; none for a goal."""
    if task.manual:
        return ()
    command: str | tuple[str, ...] | None = task.command if task.command is not None else commands.get(task.kind)
    if task.plugin is not None:
        configured = (f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in task.with_.items())
        command = (*plugin_command, task.plugin, *(word for pair in configured for word in ("--with", pair)))
    return () if command is None else (Phase(command=command, is_check=False),)


def checks_of(task: Task) -> tuple[Phase, ...]:
    """Return the checks of ``task``, in order."""
    return tuple(Phase(command=check, is_check=True) for check in task.verify) if task.verify else ()


def described(task: Task, commands: Mapping[str, str]) -> str:
    """Return the first thing an attempt runs, as one line for a person."""
    if task.plugin is not None:
        return f"plugin {task.plugin}"
    return shown((work_of(task, commands) or checks_of(task))[0].command)


def environment(task: Task, attempt: Attempt, tasks_file: str) -> dict[str, str]:
    """Return the variables a task's processes get: its own ``env``, and its text, which is never pasted into a shell line."""
    origin = task.origin
    return {
        "ORCHESTRATOR_TASK_ID": task.id,
        "ORCHESTRATOR_TASK_DESCRIPTION": task.description,
        "ORCHESTRATOR_TASK_KIND": task.kind,
        "ORCHESTRATOR_TASK_ATTEMPT": str(attempt.number),
        "ORCHESTRATOR_TASK_PATH": str(origin.get("path", "")),
        "ORCHESTRATOR_TASK_BLOCK": str(origin.get("block", "")),
        "ORCHESTRATOR_TASK_FILE": tasks_file,
        **task.env,
    }
