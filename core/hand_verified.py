"""Tasks that a person marked as done after their verify commands had passed, kept beside the journal: no attempt of a run says so."""

from __future__ import annotations

from collections.abc import Iterable

from core.ports.journal import StateStore

_KEY = "memory.hand_verified"


def note_hand_verified(state: StateStore, verified: Iterable[str], others: Iterable[str]) -> None:
    """Note which of the tasks that were marked as done have passed their verify commands, and which ``others`` have not."""
    known, wanted = hand_verified(state), set(verified)
    if (now := (known | wanted) - set(others)) != known:
        state.save_state(_KEY, sorted(now))


def hand_verified(state: StateStore) -> frozenset[str]:
    """Return the ids of tasks whose verify commands had passed when they were last marked as done."""
    return frozenset(state.load_state(_KEY) or ())
