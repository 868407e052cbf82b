"""Tasks that a person marked as done after their verify commands had passed, kept beside the journal: no attempt of a run says so."""

from __future__ import annotations

from collections.abc import Iterable

from core.domain.runs.reasons import Code
from core.ports.journal import Journal, StateStore

_KEY = "memory.hand_verified"
_OVERRIDDEN = "memory.overridden"


def note_hand_verified(state: StateStore, verified: Iterable[str], others: Iterable[str]) -> None:
    """Note which of the tasks that were marked as done have passed their verify commands, and which ``others`` have not."""
    known, wanted = hand_verified(state), set(verified)
    if (now := (known | wanted) - set(others)) != known:
        state.save_state(_KEY, sorted(now))
    before = frozenset(state.load_state(_OVERRIDDEN) or ())
    if (overridden := (before | set(others)) - wanted) != before:
        state.save_state(_OVERRIDDEN, sorted(overridden))


def hand_verified(state: StateStore) -> frozenset[str]:
    """Return the ids of tasks whose verify commands had passed when they were last marked as done."""
    return frozenset(state.load_state(_KEY) or ())


def overridden(journal: Journal, state: StateStore) -> frozenset[str]:
    """Return the ids of tasks that were last marked as done by a person against their verify commands, or without running them."""
    noted = state.load_state(_OVERRIDDEN) or ()
    last = {task_id: next(iter(journal.transitions(task_id, limit=1)), None) for task_id in noted}
    return frozenset(task_id for task_id, change in last.items() if change is not None and change.reason.code is Code.OVERRIDDEN)
