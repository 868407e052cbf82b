"""What is known of a judged attempt under way, for the run after one that was killed: nobody can tell then whose an edit is."""

from __future__ import annotations

from contextlib import suppress

from core.errors import OrchestratorError
from core.ports.journal import Journal

#: Key in the journal's state.
_KEY = "judged.under_way"


def note_attempt(journal: Journal, run_id: str, task_id: str, shows: str) -> None:
    """Note that a handler begins, and the command that ``shows`` what has changed since; without a command: that it has ended."""
    if shows:
        journal.save_state(_KEY, {"task": task_id, "run": run_id, "shows": shows})
        return
    with suppress(OrchestratorError):  # the next run then says something that is over
        journal.save_state(_KEY, {})


def left_by_dead_run(journal: Journal) -> str:
    """Return what is to be said of a handler that was at work when its run was killed: nobody undid what it did. Empty for nothing."""
    known = journal.load_state(_KEY) or {}
    if not known or known["run"] not in {run.id for run in journal.dead_runs()}:
        return ""
    told = f"the run was killed while the handler of {known['task']} was at work, and what it changed is still there"
    return f"{told}: {known['shows']} shows everything that has changed since it began"
