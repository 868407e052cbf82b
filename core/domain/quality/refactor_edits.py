"""Edits that bring an entry of the Reflector up to date with its finding, field by field. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from core.domain.quality.cycle import ClosedTask
from core.domain.quality.finding import Finding
from core.domain.quality.refactor_task import measured, number, place, place_of, priority
from core.domain.tasks.edit import SetField
from core.domain.tasks.status import Status
from core.domain.tasks.task import Task


def brought_up_to_date(task: Task, finding: Finding, *, shape: str, ours: int | None, reopened: bool = False) -> tuple[SetField, ...]:
    """Return the edits that make an entry say where its finding is, and how urgent it is.

    ``shape`` is what the finding is known by elsewhere, empty for nothing; ``ours`` the priority that we set last: one
    that a person set stays. The score is what it was at first, but for a task that is open again (``reopened``): then
    it is that of now. A finding with the shape it had has not changed, and then its priority does not either, whatever
    else happened to its file.
    """
    changes = {**_origin(task, finding, shape, reopened=reopened), **_description(task, finding, reopened=reopened)}
    same = shape and shape == task.origin.get("shape") and not reopened
    if not same and task.priority == ours and task.priority != priority(finding) and (reopened or task.status is not Status.CANCELLED):
        changes["priority",] = priority(finding)
    return tuple(SetField(task_id=task.id, path=path, value=value) for path, value in changes.items())


def noted_as_ours(closings: tuple[ClosedTask, ...]) -> Iterator[SetField]:
    """Yield the edits that tell cancellations of ours from a person's."""
    for closing in closings:
        if closing.status is Status.CANCELLED:
            yield SetField(task_id=closing.task_id, path=("origin", "closed"), value=closing.reason)


def is_in(task: Task, edit: SetField) -> bool:
    """Return whether an entry has the value that an edit sets."""
    name, *inside = edit.path
    value = getattr(task, name)
    return bool((value.get(inside[0]) if inside else value) == edit.value)


def _origin(task: Task, finding: Finding, shape: str, *, reopened: bool) -> dict[tuple[str, ...], str | int | float]:
    path, block = place_of(task)
    wanted: dict[str, tuple[object, str | int | float]] = {"path": (path, finding.path), "block": (block, finding.block)}
    if shape:
        wanted["shape"] = (task.origin.get("shape"), shape)
    if reopened:
        wanted["score"] = (task.origin.get("score"), number(finding.score))
        wanted["closed"] = (task.origin.get("closed", ""), "")
    return {("origin", key): new for key, (old, new) in wanted.items() if old != new}


def _description(task: Task, finding: Finding, *, reopened: bool) -> dict[tuple[str, ...], str]:
    """Return the description with the place and, for a task that is open again, the score of now, where it still tells the old ones."""
    text = task.description.replace(place(*place_of(task)), place(finding.path, finding.block))
    if reopened:
        before = measured(finding.metric, float(task.origin.get("score", 0)), float(task.origin.get("threshold", 0)))
        text = text.replace(before, measured(finding.metric, finding.score, finding.threshold)) if before else text
    return {("description",): text} if text != task.description else {}
