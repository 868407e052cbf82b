"""What an edit of an entry means for the attempt that is under way: one table, for every field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from core.domain.tasks.task import Task


class Meaning(Enum):
    """What an edit of a field means while an attempt at its task is under way; the words are those of the documentation."""

    RESTART = "The attempt carries out something else than the file says: it is stopped, and the task starts anew. It is no failed try."
    CHECKS = "The checks that the file has when the command has ended are run; while checks run, all of them run again."
    DEADLINE = "Moves the end of the attempt: the time counts from its start."
    AT_END = "Counts when the attempt ends."
    LATER = "The attempt goes on; the new value counts from the next decision on."


#: By field of a Task. ``status`` and ``id`` are missing: what a person sets wins, and another id is another task.
MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {
        "command": Meaning.RESTART,
        "plugin": Meaning.RESTART,
        "with_": Meaning.RESTART,
        "env": Meaning.RESTART,
        "cwd": Meaning.RESTART,
        "kind": Meaning.RESTART,
        "manual": Meaning.RESTART,
        "check": Meaning.RESTART,
        "verify": Meaning.CHECKS,
        "timeout": Meaning.DEADLINE,
        "retries": Meaning.AT_END,
        "cost": Meaning.LATER,
        "dependencies": Meaning.LATER,
        "priority": Meaning.LATER,
        "description": Meaning.LATER,
        "tags": Meaning.LATER,
        "component": Meaning.LATER,
        "epic": Meaning.LATER,
        "sources": Meaning.LATER,
        "gate": Meaning.LATER,
        "origin": Meaning.LATER,
        "extra": Meaning.LATER,
    }
)

#: Most times that a task is started anew in one run because its entry was edited or it was reset while it ran: a command that does so to
#: itself must come to an end.
MOST_RESTARTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningEdit:
    """What an edit means for an attempt under way."""

    #: Fields, as the file names them, that make the attempt one of something else; empty: it goes on.
    restart: tuple[str, ...] = ()
    checks: bool = False
    deadline: bool = False


def running_edit(before: Task, after: Task) -> RunningEdit:
    """Compare the entry that an attempt works by with what the file has now."""
    changed = [name for name in MEANINGS if getattr(before, name) != getattr(after, name)]
    if "kind" in changed and all(task.command is not None or task.plugin is not None for task in (before, after)):
        changed.remove("kind")  # its own command is run, whatever its kind
    meanings = {MEANINGS[name] for name in changed}
    return RunningEdit(
        restart=tuple(name.rstrip("_") for name in changed if MEANINGS[name] is Meaning.RESTART),
        checks=Meaning.CHECKS in meanings,
        deadline=Meaning.DEADLINE in meanings,
    )


def edited_fields(before: Task, after: Task, *, judged: bool) -> tuple[str, ...]:
    """Return the fields by which an attempt that has ended was one of something else than its entry says now.

    ``before`` is the entry that it worked by, ``judged`` whether its checks have decided how it ended.
    """
    edit = running_edit(before, after)
    return (*edit.restart, *(("verify",) if edit.checks and judged else ()))
