"""The statuses that a command set in the tasks file during a run, for that run to find."""

from __future__ import annotations

from collections.abc import Mapping

from core.domain.tasks.task import Status
from core.ports.journal import StateStore

_KEY = "memory.meant"
_WORDS = frozenset(status.value for status in Status)


def note_command(state: StateStore, task_id: str, status: Status) -> None:
    """Note in the live run's state that a command gives a task a status."""
    state.save_state(_KEY, {**(state.load_state(_KEY) or {}), task_id: status.value})


def commanded(state: StateStore) -> dict[str, Status]:
    """Return what commands have set since the last ``take_commanded``; a word that is no status here, another version's, is left out."""
    noted = state.load_state(_KEY) or {}
    return {task_id: Status(word) for task_id, word in noted.items() if word in _WORDS}


def take_commanded(state: StateStore, saved: Mapping[str, Status]) -> dict[str, Status]:
    """Return the statuses in a save that a command set during this run, and forget them: these are new, even if they look old."""
    noted = commanded(state)
    if noted:
        state.save_state(_KEY, {})
    return {task_id: status for task_id, status in noted.items() if saved.get(task_id) is status}
