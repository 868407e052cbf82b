"""Statuses that are set while an attempt is judged: who carries a task out is not taken at its word that it is done."""

from __future__ import annotations

from collections.abc import Collection

from core.domain.runs.reasons import Code
from core.domain.tasks.reload import Reloaded
from core.domain.tasks.task import Status
from core.memory import Memory
from core.planner import Planner


def keep_in_progress(change: Reloaded, running: Collection[str], planner: Planner, memory: Memory) -> set[str]:
    """Take back ``done`` that a save set for judged tasks which are ``running``, and return their ids.

    The task's handler and a person write the same file, so nobody can tell who said so: the judgement decides.
    """
    done = {task_id for task_id, status in change.statuses.items() if status is Status.DONE}
    judged = {task_id for task_id in done.intersection(running) if planner.is_judged(task_id)}
    for task_id in judged:
        memory.transition(task_id, Status.IN_PROGRESS, Code.STILL_JUDGED.of())
    return judged
