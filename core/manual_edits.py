"""Edits of the backlog from the command line: add a task, set statuses."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from core.domain.runs.reasons import Reason
from core.domain.tasks.lookup import check_selection, find_task
from core.domain.tasks.task import Status, Task
from core.errors import StorageError, UsageError
from core.memory import Memory

_NO_REASONS: Mapping[str, Reason] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """One task's status before and after."""

    task_id: str
    before: Status
    after: Status


def set_statuses(
    memory: Memory, ids: Sequence[str], status: Status, reason: Reason, reasons: Mapping[str, Reason] = _NO_REASONS
) -> tuple[StatusChange, ...]:
    """Set the status of tasks in journal and file; ``reasons`` has those that are not ``reason``, by id.

    Raises UsageError for an unknown id and for a status that a check does not have, StorageError while somebody else saves the file.
    """
    tasks = [find_task(memory.tasks, task_id) for task_id in ids]
    for task in tasks:
        _refuse_for_check(task, status)
    changes = tuple(StatusChange(task_id=task.id, before=task.status, after=status) for task in tasks)
    for task in tasks:
        memory.transition(task.id, status, reasons.get(task.id, reason))
    if not memory.save_tasks():
        raise _not_saved(memory)
    return changes


def to_reset(tasks: Sequence[Task], ids: Collection[str], tags: Collection[str], *, failed: bool) -> list[str]:
    """Return the ids of tasks to be put back to pending, in file order: those that are named or have one of the tags; without any, all.

    With ``failed`` only the failed ones of them. Checks are among them only when they are named: they have results, and no end.
    Raises UsageError for an id that no task has, or a tag that none carries.
    """
    check_selection(tasks, ids, tags)
    chosen = [task for task in tasks if task.id in ids or _is_reset_unnamed(task, tags, every=not ids and not tags)]
    return [task.id for task in chosen if not failed or task.status is Status.FAILED]


def _is_reset_unnamed(task: Task, tags: Collection[str], *, every: bool) -> bool:
    ended = task.status is not Status.PENDING and not task.check
    return ended and (every or not set(tags).isdisjoint(task.tags))


def _refuse_for_check(task: Task, status: Status) -> None:
    """Raise UsageError where a check would get a status that it does not have; one that is switched off may be switched on again."""
    if task.check and status is not Status.CANCELLED and (status is Status.DONE or task.status is not Status.CANCELLED):
        raise UsageError(f"{task.id} is a check: it has results, and no end", hint=f"orchestrator run {task.id}")


def add_task(memory: Memory, fields: Mapping[str, Any]) -> Task:
    """Append an entry; without an ``id`` it gets one derived from its description.

    Raises UsageError for an id that is taken or dependencies that do not exist, EditRefused, StorageError.
    """
    known = {task.id for task in memory.tasks}
    task_id = str(fields["id"]) if fields.get("id") is not None else new_id(str(fields["description"]), known)
    if task_id in known:
        raise UsageError(f"there is already a task {task_id}", hint=f"orchestrator show {task_id}")
    dependencies = fields.get("dependencies", ())
    # Anything but a list is refused by the file, with its reason.
    for dependency in dependencies if isinstance(dependencies, (list, tuple)) else ():
        find_task(memory.tasks, str(dependency))
    entry = {"id": task_id, **{key: value for key, value in fields.items() if key != "id"}}
    added = memory.append([entry])
    if not added:
        raise _not_saved(memory)
    return added[0]


def _not_saved(memory: Memory) -> StorageError:
    problems = "\n".join(memory.new_problems()) or "the tasks file is being saved by somebody else"
    return StorageError(problems, hint="orchestrator validate, then try again")


def new_id(description: str, taken: Collection[str]) -> str:
    """Return an id made from the first four words of a description, with a number where that one is taken."""
    words = re.findall(r"[a-z0-9]+", description.lower())
    stem = "-".join(words[:4])[:40].rstrip("-") or "task"
    candidate, number = stem, 2
    while candidate in taken:
        candidate, number = f"{stem}-{number}", number + 1
    return candidate
