"""The entries of tasks as they failed, kept beside the journal: a failed task whose entry was edited since then is tried again."""

from __future__ import annotations

from core.domain.tasks.task import Task
from core.domain.tasks.work_digest import work_digest
from core.ports.journal import Journal

#: With a task's id: number of the transition by which it failed last, and the digest of its entry as that attempt was begun with it.
_KEY = "memory.failed."


def note_failure(journal: Journal, seq: int, entry: Task) -> None:
    """Note with which entry a task failed; ``seq`` is the number of the transition that says so."""
    journal.save_state(_KEY + entry.id, [seq, work_digest(entry)])


def was_edited(journal: Journal, entry: Task) -> bool:
    """Return whether the entry of a failed task decides otherwise now than when its last attempt failed.

    A task whose last transition is another one was set to failed by somebody, and stays so.
    """
    seq, digest = journal.load_state(_KEY + entry.id) or (0, "")
    if not digest or digest == work_digest(entry):
        return False
    return any(transition.seq == seq for transition in journal.transitions(entry.id, limit=1))
