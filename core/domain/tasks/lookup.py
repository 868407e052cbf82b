"""Find and select tasks by the ids and tags that a person typed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from core.domain.tasks.task import Status, Task
from core.errors import UsageError
from core.schema.wording import nearest


def find_task(tasks: Iterable[Task], task_id: str) -> Task:
    """Return the task with an id. Raises UsageError that names the nearest one."""
    by_id = {task.id: task for task in tasks}
    if task_id in by_id:
        return by_id[task_id]
    raise UsageError(f"no task {task_id}", hint=_hint(task_id, by_id))


def check_selection(tasks: Sequence[Task], ids: Iterable[str], tags: Iterable[str]) -> None:
    """Raise UsageError for an id that no task has, or a tag that none carries: a typo would silently run nothing."""
    for task_id in sorted(ids):
        find_task(tasks, task_id)
    known = {tag for task in tasks for tag in task.tags}
    for tag in sorted(tags):
        if tag not in known:
            raise UsageError(f"no task has the tag {tag}", hint=_hint(tag, known))


def select(tasks: Iterable[Task], ids: Collection[str], tags: Collection[str]) -> frozenset[str] | None:
    """Return the ids that ``--only`` and ``--tag`` choose, with everything they need that is not done; None for all."""
    if not ids and not tags:
        return None
    by_id = {task.id: task for task in tasks}
    wanted = [task for task in by_id.values() if task.id in ids or not set(tags).isdisjoint(task.tags)]
    return _with_dependencies(wanted, by_id)


def _with_dependencies(wanted: list[Task], by_id: Mapping[str, Task]) -> frozenset[str]:
    chosen = {task.id for task in wanted}
    while wanted:
        missing = [name for name in wanted.pop().dependencies if name not in chosen and by_id[name].status is not Status.DONE]
        chosen.update(missing)
        wanted.extend(by_id[name] for name in missing)
    return frozenset(chosen)


def _hint(word: str, known: Collection[str]) -> str:
    if word.endswith((".yml", ".yaml")):
        return f"-f {word} names a tasks file"
    near = nearest(word, known, typed=True)
    return f"did you mean {near}?" if near else "orchestrator list shows them all"
