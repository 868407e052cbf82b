"""Which texts the tasks file has had, so that an older one that comes back is not taken for an edit, in this run or a later one."""

from __future__ import annotations

from collections.abc import Iterable

from core.domain.tasks.entry import Snapshot
from core.domain.tasks.task import Status
from core.ports.journal import Journal

#: Digests of the texts that the file has had, newest last.
_KEY = "memory.texts"
_KEPT = 100
#: Characters of a digest that are kept.
_LENGTH = 16


def note_text(journal: Journal, version: str) -> None:
    """Note the version of the file that counts now."""
    known = journal.load_state(_KEY) or []
    if known[-1:] != [version[:_LENGTH]]:
        journal.save_state(_KEY, [*(each for each in known if each != version[:_LENGTH]), version[:_LENGTH]][-_KEPT:])


def restored_statuses(journal: Journal, snapshot: Snapshot) -> dict[str, Status]:
    """Return the statuses that hold in place of those of an older text that came back, by id; empty for any other text.

    A text in which a person has changed the word of a single status looks like an older one, too: that is an edit.
    """
    if snapshot.version[:_LENGTH] not in (journal.load_state(_KEY) or [])[:-1]:
        return {}
    shown = {task.id: task.status for task in snapshot.tasks}
    last = {transition.task_id: transition.after for transition in journal.last_transitions()}
    differing = {task_id: after for task_id, after in last.items() if task_id in shown and shown[task_id] is not after}
    if len(differing) == 1 and not set(snapshot.without_status()).intersection(differing):
        return {}
    return differing


def old_text(restored: Iterable[str]) -> str:
    """Return what is said of an older text that came back, in which the statuses of the tasks ``restored`` are old."""
    task_ids = list(restored)
    named = ", ".join(task_ids[:3]) + (f" and {len(task_ids) - 3} more" if len(task_ids) > 3 else "")
    return f"the tasks file shows an older text again: {named} keep the statuses of the journal; orchestrator reset ID runs one again"
