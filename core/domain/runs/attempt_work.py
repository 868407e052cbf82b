"""What an attempt runs, and what it is told."""

from __future__ import annotations

import json
from collections.abc import Mapping

from core.domain.runs.attempt import Attempt, Phase
from core.domain.runs.attempt_text import shown
from core.domain.tasks.task import Task


def phases(task: Task, handlers: Mapping[str, str], plugin_command: tuple[str, ...] = ()) -> tuple[Phase, ...]:
    """Return what an attempt at ``task`` runs, in order: its command, plugin or kind's handler, then its checks."""
    command: str | tuple[str, ...] | None = task.command if task.command is not None else handlers.get(task.kind)
    if task.plugin is not None:
        configured = (f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in task.with_.items())
        command = (*plugin_command, task.plugin, *(word for pair in configured for word in ("--with", pair)))
    work = () if command is None or task.manual else (Phase(command=command, is_check=False),)
    return work + tuple(Phase(command=check, is_check=True) for check in task.verify)


def described(task: Task, handlers: Mapping[str, str]) -> str:
    """Return the first thing an attempt runs, as one line for a person."""
    return f"plugin {task.plugin}" if task.plugin is not None else shown(phases(task, handlers)[0].command)


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
