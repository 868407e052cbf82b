"""Tasks that must not run at the same time: two that each read, change and write one file lose one another's change. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.domain.quality.refactor_task import is_own, place_of
from core.domain.tasks.task import Task, Work


def file_conflicts(tasks: Sequence[Task], works: Sequence[Work]) -> Mapping[int, tuple[int, ...]]:
    """Return, by position, the positions of the others that work on the same file: tasks of the Reflector's with a handler."""
    by_path: dict[str, list[int]] = {}
    for position, (task, work) in enumerate(zip(tasks, works, strict=True)):
        if work is Work.COMMAND and is_own(task):
            by_path.setdefault(place_of(task)[0], []).append(position)
    return {one: tuple(other for other in group if other != one) for group in by_path.values() for one in group if len(group) > 1}
